"""The buttons below what was found: more, originals, the archive, and "this is not me"."""

from collections.abc import Awaitable, Callable
from functools import wraps

from telegram.constants import FileSizeLimit

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiProblem
from telegram_bot.sending import ALBUM_MOST
from telegram_bot.showing import (
    Photo,
    every_photo,
    photo_by_id,
    photos_left,
    say_controls,
    say_last_controls,
    send_photos,
    show_next,
    take_up,
)
from telegram_bot.visit import Visit

_MEGABYTE = 1024 * 1024
_JPEG_BEGINS = b"\xff\xd8"
_Handler = Callable[[Visit], Awaitable[None]]


def of_result(function: _Handler) -> _Handler:
    """A handler of a button that names a result, which may have expired."""

    @wraps(function)
    async def handle(visit: Visit) -> None:
        try:
            await function(visit)
        except ApiProblem as problem:
            if problem.code != "not_found":
                raise
            await visit.take_buttons_off()
            await visit.say("gone", texts.RESULT_GONE)

    return handle


@of_result
async def more(visit: Visit) -> None:
    """The next photos; a second tap on the same button does nothing."""
    result, shown = visit.words[0], int(visit.words[1])
    await take_up(visit, result, shown)
    await visit.take_buttons_off()
    if shown == len(visit.state.shown):
        await show_next(visit)


@of_result
async def again(visit: Visit) -> None:
    """Ten photos once more, because they were perhaps not delivered."""
    result, first = visit.words[0], int(visit.words[1])
    await take_up(visit, result, 0)
    state = visit.state
    if first >= len(state.shown):
        await show_next(visit)
        return
    wanted = state.shown[first : first + ALBUM_MOST]
    photos = {photo["id"]: photo async for photo in every_photo(visit, result)}
    await send_photos(visit, [photos[number] for number in wanted if number in photos], first)
    if first + len(wanted) == len(state.shown):
        await say_controls(visit, first=first, left=photos_left(visit))


@of_result
async def controls(visit: Visit) -> None:
    """The buttons below photos once more, because they were perhaps not delivered."""
    await take_up(visit, visit.words[0], int(visit.words[1]))
    await say_last_controls(visit)


@of_result
async def originals(visit: Visit) -> None:
    """Ask which photo's original is wanted."""
    await _ask_which(visit, "original", texts.ORIGINAL_OF_WHICH, original_of)


@of_result
async def nots(visit: Visit) -> None:
    """Ask which photo shows somebody else."""
    await _ask_which(visit, "not", texts.NOT_ME_WHICH, not_me_of)


@of_result
async def original(visit: Visit) -> None:
    """The original of a photo."""
    await original_of(visit, visit.words[0], int(visit.words[1]))


@of_result
async def not_me(visit: Visit) -> None:
    """A photo shows somebody else."""
    await not_me_of(visit, visit.words[0], int(visit.words[1]))


@of_result
async def archive(visit: Visit) -> None:
    """Where all photos are in one file."""
    result = visit.words[0]
    about = await visit.patiently(lambda: visit.api.result(result))
    await visit.say("zip", texts.archive(visit.api.for_people(about["zip_url"])))


async def original_of(visit: Visit, result: str, number: int) -> None:
    """Send an original as a file, or its address when Telegram does not take it."""
    photo = await photo_by_id(visit, result, number)
    if photo is None:
        await visit.say("original", texts.PHOTO_GONE)
    elif not photo["url"]:
        await visit.say("original", texts.PREVIEWS_ONLY)
    else:
        await _send_original(visit, photo, again=f"original:{result}:{number}")


async def not_me_of(visit: Visit, result: str, number: int) -> None:
    """Hide a photo that shows somebody else."""
    await take_up(visit, result, 0)
    answer = await visit.once("not me", lambda: visit.api.not_me(result, number))
    state = visit.state
    state.count = answer["photos_count"]
    if number in state.shown and number not in state.objected:
        state.objected.append(number)
    await visit.say("not me", texts.not_me(answer["photos_count"]))


async def _send_original(visit: Visit, photo: Photo, *, again: str) -> None:
    most, size = int(FileSizeLimit.FILESIZE_UPLOAD), int(photo.get("bytes") or 0)
    data = None
    if size <= most:
        async with visit.busy("upload_document"), visit.desk.files:
            data = await visit.patiently(lambda: visit.api.file(photo["url"], at_most=most))
            if data is not None:
                await visit.sender.document("original", data, _name(photo["name"], data), again=again)
                return
    await visit.say("original", texts.original_link(max(size, most) // _MEGABYTE, visit.api.for_people(photo["url"])))


def _name(name: str, data: bytes) -> str:
    """The file's name, which says what it is: originals that told where they were taken may have become JPEGs."""
    stem, dot, extension = name.rpartition(".")
    is_other = data.startswith(_JPEG_BEGINS) and extension.lower() not in ("jpg", "jpeg")
    return f"{stem if dot else name}.jpg" if is_other else name


async def _ask_which(
    visit: Visit, verb: str, question: object, act: Callable[[Visit, str, int], Awaitable[None]]
) -> None:
    """Let them choose among the photos of a page by number; of one photo there is no choice."""
    result, first = visit.words[0], int(visit.words[1])
    await take_up(visit, result, first + ALBUM_MOST)
    state = visit.state
    page = enumerate(state.shown[first : first + ALBUM_MOST], first + 1)
    numbers = {number: photo for number, photo in page if photo not in state.objected}
    if not numbers:
        await visit.say("which", texts.PHOTO_GONE)
    elif len(numbers) == 1:
        await act(visit, result, next(iter(numbers.values())))
    else:
        await visit.say("which", question, keyboards.numbered(verb, result, numbers))
