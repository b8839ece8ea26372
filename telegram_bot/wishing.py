"""What people want after they were found: to hear of new photos, to be found in videos."""

import asyncio
from collections.abc import Sequence
from typing import Any

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiProblem, Selfie
from telegram_bot.sending import ALBUM_MOST, Picture
from telegram_bot.showing import PHOTO_MOST_BYTES
from telegram_bot.state import Place
from telegram_bot.visit import Visit

Moment = dict[str, Any]


async def wish(visit: Visit, purpose: str) -> None:
    """Do what the next selfie was asked for, now that it was searched with."""
    if purpose == "tell":
        await subscribe(visit)
    elif purpose == "videos":
        await search_videos(visit)


async def ask_selfie(visit: Visit, purpose: str, result: str) -> None:
    """The likeness that led to `result` is gone: ask for the selfie once more, and remember what for and where."""
    visit.state.purpose = purpose
    visit.state.event = await _place_of(visit, result) or visit.state.event
    await visit.say("selfie", texts.LONG_AGO)


async def subscribe(visit: Visit) -> None:
    """Tell them of new photos at the event that was searched last."""
    state, place = visit.state, _found_in(visit)
    try:
        answer = await visit.once(
            "subscribe",
            lambda: visit.api.subscribe(visit.chat, event=place.slug, code=place.code, likeness=state.likeness),
        )
    except ApiProblem as problem:
        if problem.code == "opted_out":
            await visit.say("subscribed", texts.OPTED_OUT)
            return
        if problem.code == "subscribed_as_another":
            await visit.say("subscribed", texts.SUBSCRIBED_AS_ANOTHER)
            return
        if problem.code == "consent_needed":
            await _ask_consent(visit)
            return
        if problem.code != "likeness_expired":
            raise
        state.likeness = ""
        await ask_selfie(visit, "tell", state.result)
        return
    await visit.say("subscribed", texts.subscribed(answer["name"]), keyboards.subscription(place.slug))


async def search_videos(visit: Visit) -> None:
    """Say when they are in the videos of the event that was searched last."""
    state, place = visit.state, _found_in(visit)
    selfie = Selfie(likeness=state.likeness)
    try:
        async with visit.busy("typing"):
            found = await visit.once("videos", lambda: _moments(visit, selfie, place))
    except ApiProblem as problem:
        if problem.code == "likeness_expired":
            state.likeness = ""
            await ask_selfie(visit, "videos", state.result)
            return
        if problem.code == "consent_needed":
            await _ask_consent(visit)
            return
        if problem.code not in ("no_videos", "not_found"):
            raise
        await visit.say("videos", texts.NO_VIDEOS)
        return
    if found:
        await _show_moments(visit, found)
    else:
        await visit.say("videos", texts.NOT_IN_VIDEOS)


async def _ask_consent(visit: Visit) -> None:
    """It was taken back elsewhere, by being forgotten on a page."""
    visit.state.has_consent = False
    await visit.say("consent", texts.CONSENT, keyboards.consent())


async def _moments(visit: Visit, selfie: Selfie, place: Place) -> list[Moment]:
    return await visit.api.videos(visit.chat, selfie, event=place.slug, code=place.code)


async def _show_moments(visit: Visit, found: Sequence[Moment]) -> None:
    """Send the frames of the best moments, each with its time, and where they are played."""
    best = [moment | {"url": visit.api.for_people(moment["url"]) if moment["url"] else ""} for moment in found]
    best = best[:ALBUM_MOST]
    async with visit.busy("upload_photo"):
        frames = await visit.patiently(lambda: asyncio.gather(*(_frame(visit, moment) for moment in best)))
    pairs = zip(frames, best, strict=True)
    pictures = [Picture(jpeg, texts.moment(moment)) for jpeg, moment in pairs if jpeg is not None]
    if pictures:
        await visit.sender.album("frames", pictures, again=f"videos:{visit.state.result}")
    await visit.say("videos", texts.moments(best, len(found)))


async def _frame(visit: Visit, moment: Moment) -> bytes | None:
    """None for a frame that may not be seen any more."""
    try:
        return await visit.api.file(moment["frame_url"], at_most=PHOTO_MOST_BYTES)
    except ApiProblem:
        return None


async def _place_of(visit: Visit, result: str) -> Place | None:
    """The event whose photos a result holds, with the code that we know for it; None when the result is over."""
    state = visit.state
    if result == state.result:
        return state.found_in
    try:
        event = (await visit.patiently(lambda: visit.api.result(result)))["event"]
    except ApiProblem:
        return None
    known = [place for place in (state.event, state.found_in) if place and place.slug == event]
    return known[0] if known else Place(event, event) if event else None


def _found_in(visit: Visit) -> Place:
    """Where they were looked for last; there is a result whenever this is asked."""
    assert visit.state.found_in
    return visit.state.found_in
