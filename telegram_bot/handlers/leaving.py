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
    """They mean it, or not. Only whoever subscribed is known by face; of others a selfie is asked for, since the last
    one that they sent may have been a friend's.
    """
    await visit.take_buttons_off()
    if visit.words[0] != "yes":
        await visit.say("kept", texts.FORGET_KEPT)
        return
    answer = await visit.once("forget", lambda: visit.api.attendee_forget(visit.chat))
    visit.forgotten(State() if answer["is_complete"] else State(language=visit.state.language, purpose="forget"))
    await visit.say("receipt", texts.receipt(answer))
    if not answer["is_complete"]:
        await visit.say("selfie", texts.FORGET_SELFIE)


async def forget_by_selfie(visit: Visit, face: int | None) -> None:
    """Delete the faces of whoever the selfie shows."""
    try:
        async with visit.busy("typing"):
            answer = await visit.once("forget", lambda: _attempt(visit, face))
    except ApiProblem as problem:
        await explain(visit, problem)
        return
    visit.forgotten(State())
    await visit.say("receipt", texts.receipt(answer))


async def _attempt(visit: Visit, face: int | None) -> dict[str, Any]:
    async with visit.desk.selfies:
        image = await fetch(visit.desk.bot, visit.state.selfie)
        return await visit.api.forget(visit.chat, Selfie(image, face))
