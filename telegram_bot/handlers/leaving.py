"""Being forgotten: everything about somebody is deleted, and a receipt says what it was."""

from typing import Any

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiProblem, Selfie
from telegram_bot.searching import explain
from telegram_bot.state import State
from telegram_bot.telegram_files import fetch
from telegram_bot.visit import Visit


async def forget(visit: Visit) -> None:
    """`/forget`: ask whether they mean it."""
    await visit.say("forget", texts.FORGET_ASK, keyboards.forget())


async def forget_answered(visit: Visit) -> None:
    """They mean it, or not. Where their face is not known, a selfie is asked for to find it."""
    await visit.take_buttons_off()
    if visit.words[0] != "yes":
        await visit.say("kept", texts.FORGET_KEPT)
        return
    answer = await _forget(visit)
    await visit.say("receipt", texts.receipt(answer))
    language = visit.state.language
    visit.state = State()
    if not answer["is_complete"]:
        visit.state = State(language=language, is_known=True, purpose="forget")
        await visit.say("selfie", texts.FORGET_SELFIE)


async def forget_by_selfie(visit: Visit, face: int | None) -> None:
    """Delete the faces of whoever the selfie shows."""
    try:
        async with visit.busy("typing"):
            answer = await visit.once("forget", lambda: _attempt(visit, face))
    except ApiProblem as problem:
        await explain(visit, problem)
        return
    await visit.say("receipt", texts.receipt(answer))
    visit.state = State()


async def _forget(visit: Visit) -> dict[str, Any]:
    """With what we know of their face, unless that is too old."""
    likeness = visit.state.likeness
    try:
        return await visit.once("forget", lambda: visit.api.attendee_forget(visit.chat, likeness=likeness))
    except ApiProblem as problem:
        if problem.code != "likeness_expired":
            raise
        return await visit.once("forget alone", lambda: visit.api.attendee_forget(visit.chat, likeness=""))


async def _attempt(visit: Visit, face: int | None) -> dict[str, Any]:
    async with visit.desk.selfies:
        image = await fetch(visit.desk.bot, visit.state.selfie)
        return await visit.api.forget(visit.chat, Selfie(image, face))
