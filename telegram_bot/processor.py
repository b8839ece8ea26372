"""One update after another in each chat, many chats at once, and none forgotten before it is done with."""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from django.utils.translation import override
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import BaseUpdateProcessor

from telegram_bot import texts
from telegram_bot.desk import Desk
from telegram_bot.ending import end
from telegram_bot.flood import FloodGate, Verdict
from telegram_bot.state import state_names, state_read
from telegram_bot.visit import Visit, current_visit

_MOST_AT_ONCE = 512  # most of them wait: for their turn, for Telegram, for the API
_MOST_ATTEMPTS = 5  # an update that killed the bot so often is not tried again
_GRACE_SECONDS = 3.0
logger = logging.getLogger(__name__)


class Processor(BaseUpdateProcessor):
    """Runs the handlers of an update in their visit; what it did not finish stays in the inbox."""

    def __init__(self, desk: Desk, gate: FloodGate) -> None:
        super().__init__(_MOST_AT_ONCE)
        self._desk, self._gate = desk, gate
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closing = False

    async def initialize(self) -> None:
        """Nothing to do."""

    async def shutdown(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Begin nothing any more, and stop what does not end in a few seconds: it goes on after the next start."""
        self._is_closing = True
        await end(self._running, grace_seconds=_GRACE_SECONDS)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Called by python-telegram-bot; `coroutine` runs the handlers."""
        task = asyncio.current_task()
        assert task
        self._running.add(task)
        try:
            if isinstance(update, Update) and not self._is_closing:
                await self._process(update, coroutine)
        finally:
            self._running.discard(task)
            coroutine.close()  # type: ignore[attr-defined] # Python minds one that was never awaited

    async def _process(self, update: Update, coroutine: Awaitable[Any]) -> None:
        chat, user = update.effective_chat, update.effective_user
        if not chat or not user or chat.type != chat.PRIVATE:
            await self._desk.store.finish(update.update_id)
            return
        verdict = self._gate.verdict(user.id)
        if verdict is not Verdict.READ:
            await self._turn_away(update, chat.id, verdict)
            return
        async with self._desk.chat(chat.id):
            if not self._is_closing:
                await self._visit(update, chat.id, coroutine)

    async def _visit(self, update: Update, chat: int, coroutine: Awaitable[Any]) -> None:
        scope, store = str(update.update_id), self._desk.store
        visit = await self._begin(update, chat)
        attempts = await store.attempt(scope)
        try:
            with override(visit.state.language):
                if attempts > _MOST_ATTEMPTS:
                    await _give_up(visit)
                else:
                    await _run(visit, coroutine)
        except asyncio.CancelledError:
            await store.attempt(scope, -1)
            raise
        await store.finish(update.update_id, visit.changes())

    async def _begin(self, update: Update, chat: int) -> Visit:
        state = state_read(*await self._desk.store.values(state_names(chat)))
        return Visit(self._desk, scope=str(update.update_id), chat=chat, state=state, update=update)

    async def _turn_away(self, update: Update, chat: int, verdict: Verdict) -> None:
        if verdict is Verdict.WARN:
            visit = await self._begin(update, chat)
            with override(visit.state.language), suppress(TelegramError):
                await visit.say("flood", texts.TOO_MUCH)
        await self._desk.store.finish(update.update_id)


async def _run(visit: Visit, coroutine: Awaitable[Any]) -> None:
    token = current_visit.set(visit)
    try:
        await coroutine
        with suppress(TelegramError):
            await visit.offer_gaps()
    finally:
        current_visit.reset(token)


async def _give_up(visit: Visit) -> None:
    logger.error("Update of chat %s was tried too often and is given up", visit.chat)
    visit.has_failed = True
    with suppress(TelegramError):
        await visit.say("sorry", texts.SORRY)
