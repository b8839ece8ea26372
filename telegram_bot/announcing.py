"""New photos, told to those who asked for it: claimed at the API, sent, and reported as done."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from django.utils.translation import override
from telegram.error import BadRequest, Forbidden, TelegramError

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiDown, ApiProblem
from telegram_bot.desk import Desk
from telegram_bot.ending import end
from telegram_bot.sending import ALBUM_MOST
from telegram_bot.showing import send_photos
from telegram_bot.state import State
from telegram_bot.store import claim_scope
from telegram_bot.visit import Visit

_AT_ONCE = 4
_LONGEST_PAUSE_SECONDS = 60.0
_GONE = ("chat not found", "user is deactivated", "bot was blocked")
logger = logging.getLogger(__name__)


class Announcer:
    """Carries notifications, a few at a time, for as long as `run` runs."""

    def __init__(self, desk: Desk, *, idle_seconds: float) -> None:
        self._desk, self._idle_seconds = desk, idle_seconds
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._carried: set[int] = set()

    async def run(self) -> None:
        """Go on with what a bot before us was sending, then look for more, until cancelled."""
        try:
            for notification in await self._desk.store.claims():
                await self._begin(notification)
            while True:
                if claimed := await self._claim():
                    await self._begin(claimed)
                else:
                    await asyncio.sleep(self._idle_seconds)
        finally:
            await end(self._tasks)

    async def _claim(self) -> dict[str, Any] | None:
        notification: dict[str, Any] | None = await self._patiently(self._desk.api.claim)
        if notification and int(notification["id"]) in self._carried:
            return None  # one that we are still at: the API was away for so long that it took us to be dead
        if notification:
            await self._desk.store.claim_keep(notification)
        return notification

    async def _begin(self, notification: dict[str, Any]) -> None:
        await self._slots.acquire()
        task = asyncio.create_task(self._carry(notification))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled() and task.exception():
            logger.error("A notification failed", exc_info=task.exception())

    async def _carry(self, notification: dict[str, Any]) -> None:
        number = int(notification["id"])
        self._carried.add(number)
        try:
            await self._deliver(number, notification)
        finally:
            self._carried.discard(number)

    async def _deliver(self, number: int, notification: dict[str, Any]) -> None:
        try:
            outcome = await self._send(notification)
        except Exception:
            await self._desk.store.claim_forget(number)  # the API gives it out once more
            raise
        with suppress(ApiProblem):  # it is not there any more: they unsubscribed meanwhile
            await self._patiently(lambda: self._desk.api.claim_done(number, outcome))
        await self._desk.store.claim_forget(number)

    async def _send(self, notification: dict[str, Any]) -> str:
        if not notification["photos_count"]:
            return "sent"  # they are not shown any more
        chat = int(notification["address"])
        state = State(language=notification["language"] or "en", result=notification["result"])
        visit = Visit(self._desk, scope=claim_scope(notification["id"]), chat=chat, state=state)
        async with self._desk.chat(chat):
            with override(state.language):
                try:
                    await announce(visit, notification)
                except Forbidden:
                    return "gone"
                except BadRequest as error:
                    if not any(words in str(error).lower() for words in _GONE):
                        raise
                    return "gone"
        return "sent"

    async def _patiently(self, ask: Any) -> Any:
        pause = max(self._idle_seconds, 0.1)
        while True:
            try:
                return await ask()
            except ApiDown as down:
                await asyncio.sleep(down.seconds or pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def announce(visit: Visit, notification: dict[str, Any]) -> None:
    """Send a notification; of one that was perhaps sent before, only a line with a button."""
    event, result, count = notification["event"], notification["result"], notification["photos_count"]
    text = texts.news(count, event["name"])
    if notification["is_repeated"]:
        await visit.say("repeated", text, keyboards.show_news(result, event["slug"]))
        return
    found = await visit.patiently(lambda: visit.api.photos(result, page=1, page_size=ALBUM_MOST))
    photos = found["results"]
    if not photos:  # hidden since
        return
    await visit.say("news", text)
    await send_photos(visit, photos, 0)
    page = len(photos)
    keyboard = keyboards.news(result, event["slug"], shown=page, left=found["count"] - page, page=page)
    again = keyboards.controls_again(result, page)
    await visit.say("controls", texts.shown(1, page, found["count"]), keyboard, again=again)
    with suppress(TelegramError):
        await visit.offer_gaps()
