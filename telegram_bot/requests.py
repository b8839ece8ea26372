"""What goes to Telegram, with a mark in the store around every request whose repetition somebody would see.

The mark is `trying` from just before the request is written until its answer is read, and `done` after a good answer.
It is taken away when it is certain that nothing arrived: no connection, or a refusal. So whoever finds `trying` knows
that the message has perhaps been delivered, and whoever finds nothing that it has not.
"""

from contextvars import ContextVar
from typing import Any

import httpx
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from telegram_bot.store import Store

TRYING, DONE = "trying", "done"
_NEVER_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Mark:
    """How far one message of an update or a notification is."""

    def __init__(self, store: Store, scope: str, step: str) -> None:
        self._store, self._scope, self._field = store, scope, f"mark {step}"

    async def read(self) -> str | None:
        """`trying`, `done` or nothing."""
        return await self._store.progress(self._scope, self._field)

    async def write(self, value: str | None) -> None:
        """Set it; None takes it away."""
        await self._store.progress_set(self._scope, self._field, value)


current_mark: ContextVar[Mark | None] = ContextVar("current_mark", default=None)


class MarkedRequest(HTTPXRequest):
    """python-telegram-bot's requests; those that are made under a `current_mark` move it."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As in the base class."""
        mark = current_mark.get()
        if mark is None:
            return await super().do_request(*args, **kwargs)
        await mark.write(TRYING)
        try:
            status, body = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            if never_arrived(error):
                await mark.write(None)
            raise
        if status < 500:  # a server that fails may have done it all the same
            await mark.write(DONE if status < 300 else None)
        return status, body


def never_arrived(error: NetworkError) -> bool:
    """Whether it is certain that the request was not even written."""
    return isinstance(error.__cause__, _NEVER_WRITTEN)
