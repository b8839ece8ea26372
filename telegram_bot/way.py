"""The way to one's photos: an event, a consent, a selfie. Each step leads to the next one that is missing."""

from collections.abc import Mapping
from typing import Any

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiProblem
from telegram_bot.searching import search
from telegram_bot.state import Place
from telegram_bot.visit import Visit


async def go_on(visit: Visit, face: int | None = None) -> None:
    """Ask for what is missing, or search when nothing is."""
    state = visit.state
    if not state.event:
        await offer_events(visit)
    elif not state.has_consent:
        await visit.say("consent", texts.CONSENT, keyboards.consent())
    elif state.selfie or _may_look_again(visit):
        await _search(visit, state.event, face)
    else:
        await visit.say("selfie", texts.SEND_SELFIE)


async def offer_events(visit: Visit, *, is_asked_for: bool = False) -> None:
    """Let them choose an event; the only one there is chosen by itself, unless somebody wants to see the list."""
    found = await visit.patiently(visit.api.events)
    if len(found) == 1 and not is_asked_for:
        await choose_event(visit, found[0])
    elif found:
        await visit.say("events", texts.WHICH_EVENT, keyboards.events(found))
    else:
        await visit.say("events", texts.NO_EVENTS)


async def choose_event(visit: Visit, event: Mapping[str, Any], *, code: str = "") -> None:
    """Be at this event from now on."""
    visit.state.event = Place(event["slug"], event["name"], code)
    if visit.state.purpose:  # what the next selfie was for is over; one that waits for its event is searched with
        visit.state.purpose = visit.state.selfie = ""
    await visit.say("event", texts.event_card(event))
    await go_on(visit)


def _may_look_again(visit: Visit) -> bool:
    """Whether we still know what they look like, and have not looked for them at this event."""
    state = visit.state
    return bool(state.likeness and state.event and state.found_in and state.event.slug != state.found_in.slug)


async def _search(visit: Visit, place: Place, face: int | None) -> None:
    state = visit.state
    try:
        await search(visit, place, face)
    except ApiProblem as problem:
        if problem.code == "consent_needed":
            state.has_consent = False
            await visit.say("consent", texts.CONSENT, keyboards.consent())
        elif problem.code == "not_found":
            state.event = None
            await visit.say("closed", texts.EVENT_CLOSED)
        else:
            raise
