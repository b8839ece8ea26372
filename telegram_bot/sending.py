"""Messages to one chat: each of them once, whatever dies in between."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, InputMediaPhoto, LinkPreviewOptions
from telegram.error import BadRequest, NetworkError, RetryAfter

from telegram_bot.requests import DONE, TRYING, Mark, current_mark, never_arrived
from telegram_bot.store import Store

ALBUM_MOST = 10
_LONGEST_PAUSE_SECONDS = 30
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)  # it would make Telegram fetch whole archives


@dataclass(frozen=True)
class Picture:
    """A JPEG to show, with its caption."""

    jpeg: bytes
    caption: str


class Sender:
    """Sends what belongs to one update or notification, its `scope`. Each message is a step with a name of its own.

    A step that was done before is skipped. One that was perhaps done is not done again: it is added to `gaps`, with
    what a button has to say to show it. Raises Forbidden when the chat does not want us, BadRequest for what Telegram
    does not take.
    """

    def __init__(self, bot: Bot, store: Store, *, scope: str, chat: int) -> None:
        self.bot, self.chat = bot, chat
        self.gaps: list[str] = []
        self._store, self._scope = store, scope

    async def text(
        self, step: str, text: str, keyboard: InlineKeyboardMarkup | None = None, *, again: str = ""
    ) -> None:
        """A message of text."""
        await self._once(
            step,
            lambda: self.bot.send_message(self.chat, text, reply_markup=keyboard, link_preview_options=_NO_PREVIEW),
            again,
        )

    async def photo(
        self, step: str, picture: Picture, keyboard: InlineKeyboardMarkup | None = None, *, again: str = ""
    ) -> None:
        """One photo."""
        await self._once(
            step,
            lambda: self.bot.send_photo(self.chat, picture.jpeg, caption=picture.caption, reply_markup=keyboard),
            again,
        )

    async def document(self, step: str, data: bytes, name: str, *, again: str = "") -> None:
        """A file, as it is."""
        await self._once(
            step,
            lambda: self.bot.send_document(self.chat, data, filename=name, disable_content_type_detection=True),
            again,
        )

    async def album(self, step: str, pictures: Sequence[Picture], *, again: str) -> None:
        """Up to ten photos together. One that Telegram does not take as a photo comes as a file, the others singly."""
        if len(pictures) == 1:
            await self._photo_or_file(f"{step} 1", pictures[0], again)
            return
        media = [InputMediaPhoto(picture.jpeg, caption=picture.caption) for picture in pictures]
        try:
            await self._once(step, lambda: self.bot.send_media_group(self.chat, media), again)
        except BadRequest:
            for number, picture in enumerate(pictures, 1):
                await self._photo_or_file(f"{step} {number}", picture, again)

    async def _photo_or_file(self, step: str, picture: Picture, again: str) -> None:
        try:
            await self.photo(step, picture, again=again)
        except BadRequest:
            await self.document(f"{step} file", picture.jpeg, f"{picture.caption}.jpg", again=again)

    async def _once(self, step: str, send: Callable[[], Awaitable[Any]], again: str = "") -> None:
        mark = Mark(self._store, self._scope, step)
        state = await mark.read()
        if state == DONE:
            return
        if state == TRYING:
            self.gaps.append(again)
            return
        token = current_mark.set(mark)
        try:
            await self._until_it_arrives(send, again)
        finally:
            current_mark.reset(token)

    async def _until_it_arrives(self, send: Callable[[], Awaitable[Any]], again: str) -> None:
        pause = 1.0
        while True:
            try:
                await send()
                return
            except BadRequest:
                raise
            except RetryAfter as error:
                await asyncio.sleep(seconds_of(error))
            except NetworkError as error:
                if not never_arrived(error):
                    self.gaps.append(again)
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks us to wait."""
    wait = error.retry_after
    return float(wait if isinstance(wait, int) else wait.total_seconds())
