"""One update of one person, or one notification for them: what a handler gets to work with."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from copy import deepcopy
from typing import Any, TypeVar

from django.utils.translation import activate
from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from telegram_bot import keyboards, texts
from telegram_bot.api_client import ApiDown, ApiProblem
from telegram_bot.desk import Desk
from telegram_bot.sending import Sender
from telegram_bot.state import State, language_of, state_changes

_Answer = TypeVar("_Answer")
_LONGEST_PAUSE_SECONDS = 30.0
_QUIET_FAILURES = 1  # an API that starts anew is away for a second, of which nobody needs to hear
_ACTION_SECONDS = 4  # Telegram shows "is typing" for five


class Visit:
    """What the handlers of one update share. `state` may be changed; it is kept when the update is done with.

    `words` are the parts of a button's text for us, behind its verb.
    """

    def __init__(self, desk: Desk, *, scope: str, chat: int, state: State, update: Update | None = None) -> None:
        self.desk, self.api, self.chat, self.state, self.update = desk, desk.api, chat, state, update
        self.sender = Sender(desk.bot, desk.store, scope=scope, chat=chat)
        self.has_failed = False
        self._is_forgotten = False
        self._scope, self._before = scope, deepcopy(state)
        if not state.language:
            state.language = language_of(self._telegram_language())

    @property
    def message(self) -> Message:
        """The message that this is about."""
        assert self.update and self.update.message
        return self.update.message

    @property
    def words(self) -> list[str]:
        """What the button that was pressed says, without its verb."""
        query = self._query()
        return (query.data or "").split(":")[1:] if query else []

    async def say(
        self, step: str, text: object, keyboard: InlineKeyboardMarkup | None = None, *, again: str = ""
    ) -> None:
        """Send a text, lazily translated or not; `again` is what a button says that brings it again."""
        await self.sender.text(step, str(text), keyboard, again=again)

    async def once(self, name: str, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """The JSON answer of the API to something that must not be asked twice, kept until this is done with.

        Waits while the API is down. Raises ApiProblem, each time the same.
        """
        field = f"memo {name}"
        kept = await self.desk.store.progress(self._scope, field)
        if kept is None:
            kept = json.dumps(await self.patiently(lambda: _answer_or_problem(ask)))
            await self.desk.store.progress_set(self._scope, field, kept)
        found = json.loads(kept)
        if "problem" in found:
            raise ApiProblem(found["problem"], found["extra"])
        answer: _Answer = found["answer"]
        return answer

    async def patiently(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """The answer of the API, however long it is down; says so once."""
        pause, failures = 1.0, 0
        while True:
            try:
                return await ask()
            except ApiDown as down:
                failures += 1
                if self.update and (failures > _QUIET_FAILURES or (down.seconds or 0) > 1):
                    await self.say("waiting", texts.BUSY if down.seconds else texts.API_DOWN)
                await asyncio.sleep(down.seconds or pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def know(self) -> None:
        """Ask the API whom we talk to, unless we know."""
        if self.state.is_known:
            return
        attendee = await self.patiently(lambda: self.api.attendee(self.chat))
        if attendee["language"]:
            self.speak(attendee["language"])
        else:
            await self.patiently(lambda: self.api.attendee_change(self.chat, language=self.state.language))
        self.state.has_consent = attendee["has_consent"]
        self.state.is_known = True

    def forgotten(self, state: State) -> None:
        """They were forgotten: of what we knew nothing but `state` is kept, whatever fails from now on."""
        self.state, self._is_forgotten = state, True

    def speak(self, language: str) -> None:
        """Use this language from now on."""
        self.state.language = language
        activate(language)

    async def acknowledge(self) -> None:
        """Take the waiting sign off the button that was pressed."""
        if query := self._query():
            with suppress(TelegramError):  # too late, after a restart
                await query.answer()

    async def take_buttons_off(self) -> None:
        """Nobody shall press the buttons of this message again."""
        if query := self._query():
            with suppress(TelegramError):  # they are off already, or the message is gone
                await query.edit_message_reply_markup(None)

    @asynccontextmanager
    async def busy(self, action: str) -> AsyncIterator[None]:
        """Show that something is being done, such as `typing`."""
        task = asyncio.create_task(self._show(action))
        try:
            yield
        finally:
            task.cancel()

    async def offer_gaps(self) -> None:
        """When a message was perhaps lost, say so and offer to show it again."""
        if self.sender.gaps:
            again = max(self.sender.gaps, key=keyboards.shows_photos)
            text = texts.PHOTOS_INTERRUPTED if keyboards.shows_photos(again) else texts.INTERRUPTED
            await self.say("gap", text, keyboards.again(again))

    def changes(self) -> dict[str, tuple[str, int] | None]:
        """What to write of the state; nothing after a failure, unless they were forgotten before it."""
        is_void = self.has_failed and not self._is_forgotten
        return {} if is_void else state_changes(self.chat, self.state, self._before)

    async def _show(self, action: str) -> None:
        while True:
            with suppress(TelegramError):
                await self.desk.bot.send_chat_action(self.chat, action)
            await asyncio.sleep(_ACTION_SECONDS)

    def _query(self) -> CallbackQuery | None:
        return self.update.callback_query if self.update else None

    def _telegram_language(self) -> str | None:
        user = self.update.effective_user if self.update else None
        return user.language_code if user else None


async def _answer_or_problem(ask: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    try:
        return {"answer": await ask()}
    except ApiProblem as problem:
        return {"problem": problem.code, "extra": problem.extra}


current_visit: ContextVar[Visit] = ContextVar("current_visit")


def handler(function: Callable[[Visit], Awaitable[None]]) -> Callable[..., Any]:
    """What python-telegram-bot calls for a function that wants the visit."""

    async def handle(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        visit = current_visit.get()
        await visit.acknowledge()
        await visit.know()
        await function(visit)

    return handle
