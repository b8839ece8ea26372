"""Photos of a result: which come next, and how they are sent."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiProblem
from telegram_bot.sending import ALBUM_MOST, Picture
from telegram_bot.state import Place
from telegram_bot.visit import Visit

PHOTO_MOST_BYTES = 10 * 1024 * 1024
_PAGE = 100

Photo = dict[str, Any]


async def show_next(visit: Visit) -> None:
    """Send the next photos of the result that were not shown yet, with their buttons."""
    state = visit.state
    shown = set(state.shown)
    photos = [
        photo async for photo in _following(visit, len(state.shown) - len(state.objected)) if photo["id"] not in shown
    ]
    first, photos = len(state.shown), photos[:ALBUM_MOST]
    state.shown += [photo["id"] for photo in photos]
    await send_photos(visit, photos, first)
    await say_controls(visit, first=first, left=photos_left(visit) if photos else 0)


async def send_photos(visit: Visit, photos: Sequence[Photo], first: int) -> None:
    """Send up to ten photos, numbered from `first` + 1."""
    result = visit.state.result
    async with visit.busy("upload_photo"):
        found = await visit.patiently(lambda: asyncio.gather(*(_preview(visit, photo) for photo in photos)))
    pictures = [Picture(jpeg, str(number)) for number, jpeg in enumerate(found, first + 1) if jpeg is not None]
    if pictures:
        await visit.sender.album(f"photos {first}", pictures, again=keyboards.photos_again(result, first))
    else:
        await visit.say("none", texts.PHOTO_GONE)


async def say_controls(visit: Visit, *, first: int, left: int) -> None:
    """Say which photos have just been shown, with everything that can be done now."""
    last = len(visit.state.shown)
    keyboard = keyboards.photos(visit.state.result, shown=last, left=left, page=last - first)
    again = keyboards.controls_again(visit.state.result, last)
    await visit.say("controls", texts.shown(first + 1, last, last + left), keyboard, again=again)


async def say_last_controls(visit: Visit) -> None:
    """The same for the photos that were shown last, at some time before."""
    state = visit.state
    first = max(len(state.shown) - 1, 0) // ALBUM_MOST * ALBUM_MOST
    await say_controls(visit, first=first, left=photos_left(visit))


def photos_left(visit: Visit) -> int:
    """How many photos of the result were not shown yet."""
    state = visit.state
    return max(state.count - len(state.shown) + len(state.objected), 0)


async def take_up(visit: Visit, result: str, shown: int) -> None:
    """Make this the result that the conversation is about; the first `shown` of its photos count as shown.

    Raises ApiProblem `not_found`.
    """
    state = visit.state
    if state.result == result:
        return
    about = await visit.patiently(lambda: visit.api.result(result))
    event = about["event"]
    place = Place(event["slug"], event["name"]) if isinstance(event, dict) else Place(event, "")
    ids = [photo["id"] async for photo in every_photo(visit, result, most=shown)]
    state.result, state.found_in, state.count = result, place, about["photos_count"]
    state.shown, state.objected, state.likeness = ids, [], ""


async def every_photo(visit: Visit, result: str, *, page: int = 1, most: int | None = None) -> AsyncIterator[Photo]:
    """The photos of a result from this page of a hundred on, at `most` so many. Raises ApiProblem `not_found`."""
    found = 0
    while most is None or found < most:
        photos = await _page(visit, result, page)
        for photo in photos[: None if most is None else most - found]:
            yield photo
        found, page = found + len(photos), page + 1
        if len(photos) < _PAGE:
            return


async def photo_by_id(visit: Visit, result: str, number: int) -> Photo | None:
    """One photo of a result, if it may still be seen."""
    async for photo in every_photo(visit, result):
        if photo["id"] == number:
            return photo
    return None


async def _following(visit: Visit, position: int) -> AsyncIterator[Photo]:
    """Photos from a page before this position on, for photos in front of it may have been hidden since."""
    found = 0
    async for photo in every_photo(visit, visit.state.result, page=max(1, position // _PAGE)):
        yield photo
        found += 1
        if found >= 3 * _PAGE:
            return


async def _page(visit: Visit, result: str, page: int) -> list[Photo]:
    found = await visit.patiently(lambda: visit.api.photos(result, page=page, page_size=_PAGE))
    photos: list[Photo] = found["results"]
    return photos


async def _preview(visit: Visit, photo: Photo) -> bytes | None:
    """None for a photo that may not be seen any more. It is theirs to keep, so the site counts it as fetched."""
    try:
        return await visit.api.file(f"{photo['preview_url']}?download=1", at_most=PHOTO_MOST_BYTES)
    except ApiProblem:
        return None
