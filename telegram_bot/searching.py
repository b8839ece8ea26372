"""The search by a selfie: what is asked of the API, and what the answer means for the conversation."""

import asyncio
from typing import Any

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiProblem, Selfie
from telegram_bot.choosing import numbered_faces
from telegram_bot.sending import Picture
from telegram_bot.showing import show_next
from telegram_bot.state import Place
from telegram_bot.telegram_files import fetch
from telegram_bot.visit import Visit
from telegram_bot.wishing import wish

_PROBLEMS = {
    "no_face": texts.NO_FACE,
    "another_person": texts.ANOTHER_PERSON,
    "too_large": texts.TOO_LARGE,
    "too_many_pixels": texts.TOO_MANY_PIXELS,
    "not_an_image": texts.NOT_AN_IMAGE,
    "damaged": texts.NOT_AN_IMAGE,
    "empty": texts.NOT_AN_IMAGE,
    "selfie_gone": texts.SELFIE_GONE,
    "likeness_expired": texts.LONG_AGO,
    "opted_out": texts.OPTED_OUT,
}


async def search(visit: Visit, place: Place, face: int | None = None) -> None:
    """Look in `place` for whoever the state's selfie shows, or without one for the likeness that is known, and show it.

    Raises ApiProblem `consent_needed`, and `not_found` when the event is not open any more.
    """
    state = visit.state
    is_more = state.purpose == "more" and bool(state.result)
    try:
        answer = await _ask(visit, place, face, is_more=is_more)
    except ApiProblem as problem:
        if problem.code in ("consent_needed", "not_found"):
            raise
        await explain(visit, problem)
        return
    purpose, before = state.purpose, state.count
    state.purpose = state.selfie = ""
    state.result, state.likeness, state.count = answer["result"], answer["likeness"], answer["count"]
    state.found_in = place
    if not is_more:
        state.shown, state.objected = [], []
    await visit.say(
        "found", texts.found_more(state.count - before) if is_more else texts.found(state.count, place.name)
    )
    await _show(visit)
    await wish(visit, purpose)


async def explain(visit: Visit, problem: ApiProblem) -> None:
    """Say what is wrong with a selfie; of several faces ask which one it is about."""
    if problem.code == "several_faces":
        await _ask_which(visit, problem.extra["faces"])
        return
    visit.state.selfie = ""
    if problem.code == "low_quality":
        await visit.say("problem", texts.low_quality(str(problem.extra.get("reason"))))
    elif problem.code in _PROBLEMS:
        await visit.say("problem", _PROBLEMS[problem.code])
    else:
        raise problem


async def _show(visit: Visit) -> None:
    state = visit.state
    if state.count > len(state.shown) - len(state.objected):
        await show_next(visit)
    elif not state.shown:
        await visit.say("controls", texts.WHAT_NOW, keyboards.nothing_found(state.result))


async def _ask(visit: Visit, place: Place, face: int | None, *, is_more: bool) -> dict[str, Any]:
    """The answer of the API; where the likeness is too old but there is a selfie, that of the selfie alone."""
    state = visit.state
    likeness = state.likeness if is_more or not state.selfie else ""
    earlier = state.result if is_more else ""
    async with visit.busy("upload_photo"):
        try:
            return await visit.once("search", lambda: _attempt(visit, place, face, likeness, earlier))
        except ApiProblem as problem:
            if problem.code != "likeness_expired" or not state.selfie:
                raise
            return await visit.once("search alone", lambda: _attempt(visit, place, face, "", earlier))


async def _attempt(visit: Visit, place: Place, face: int | None, likeness: str, earlier: str) -> dict[str, Any]:
    """What is needed of the answer, so that it can be kept."""
    async with visit.desk.selfies:
        image = await fetch(visit.desk.bot, visit.state.selfie) if visit.state.selfie else None
        selfie = Selfie(image, face, likeness)
        found = await visit.api.search(visit.chat, selfie, event=place.slug, code=place.code, result=earlier)
    about = await visit.api.result(found["result"])
    return {"result": found["result"], "likeness": found["likeness"], "count": about["photos_count"]}


async def _ask_which(visit: Visit, boxes: list[list[float]]) -> None:
    async with visit.desk.selfies:
        image = await visit.patiently(lambda: fetch(visit.desk.bot, visit.state.selfie))
        try:
            jpeg = await asyncio.to_thread(numbered_faces, image, boxes)
        except OSError:  # the API reads formats that we do not
            jpeg = b""
    keyboard = keyboards.faces(len(boxes))
    if jpeg:
        await visit.sender.photo("faces", Picture(jpeg, str(texts.WHICH_FACE)), keyboard)
    else:
        await visit.say("faces", texts.WHICH_FACE, keyboard)
