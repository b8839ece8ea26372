"""Coming to an event: a link with its code, the code typed, or the choice among those that are open."""

import re

from telegram_bot import keyboards, texts
from telegram_bot.showing import say_last_controls
from telegram_bot.visit import Visit
from telegram_bot.way import choose_event, go_on, offer_events

_CODE = re.compile(r"[A-Za-z0-9_-]{4,64}")
_LINK = re.compile(r"[?&]start=([A-Za-z0-9_-]+)")
_USUAL_LENGTH = 10


async def start(visit: Visit) -> None:
    """`/start`, with the event's code behind it when it came by a link or a QR code."""
    _, _, code = (visit.message.text or "").partition(" ")
    visit.state.purpose = visit.state.selfie = ""
    visit.state.event = None
    if code.strip():
        await _by_code(visit, code.strip())
    else:
        await go_on(visit)


async def home(visit: Visit) -> None:
    """Say where the conversation stands."""
    state = visit.state
    if state.shown and state.event == state.found_in and not state.purpose and not state.selfie:
        await say_last_controls(visit)
    else:
        await go_on(visit)


async def events(visit: Visit) -> None:
    """`/events`: choose another event."""
    await offer_events(visit, is_asked_for=True)


async def event_chosen(visit: Visit) -> None:
    """One of the list."""
    found = await visit.patiently(visit.api.events)
    event = next((event for event in found if keyboards.digest(event["slug"]) == visit.words[0]), None)
    if event:
        await choose_event(visit, event)
    else:
        await visit.say("closed", texts.EVENT_CLOSED)


async def agreed(visit: Visit) -> None:
    """Yes to the question before the first selfie."""
    await visit.take_buttons_off()
    await visit.patiently(lambda: visit.api.attendee_change(visit.chat, consent=True))
    visit.state.has_consent = True
    await go_on(visit)


async def text(visit: Visit) -> None:
    """Words: a code, a link with one, or nothing that we understand."""
    words = (visit.message.text or "").strip()
    if link := _LINK.search(words):
        await _by_code(visit, link[1])
    elif _CODE.fullmatch(words):
        await _by_code(visit, words, is_surely_one=len(words) == _USUAL_LENGTH or any(map(str.isdigit, words)))
    else:
        await visit.say("nothing", texts.SOMETHING_ELSE)


async def _by_code(visit: Visit, code: str, *, is_surely_one: bool = True) -> None:
    found = await visit.patiently(lambda: visit.api.events(code=code.lower()))
    if found:
        await choose_event(visit, found[0], code=code.lower())
    else:
        await visit.say("code", texts.WRONG_CODE if is_surely_one else texts.SOMETHING_ELSE)
