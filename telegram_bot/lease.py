"""Only one process reads a bot's updates: the right to do so, renewed every few seconds."""

import asyncio
import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

from telegram_bot.config import TroubleError
from telegram_bot.ending import end
from telegram_bot.store import Store

SECONDS = 15
_RENEW_SECONDS = 4


class Lease:
    """An async context manager that raises TroubleError when another process has the right; `lost` is set when it goes.

    The right of a process that is dead, on this machine, is taken over at once; of one elsewhere when it expires.
    """

    def __init__(self, store: Store) -> None:
        self.lost = asyncio.Event()
        self._store = store
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}/{secrets.token_hex(8)}"

    async def __aenter__(self) -> "Lease":
        holder = await self._store.poller() or ""
        instead_of = holder if _is_dead(holder) else ""
        if not await self._store.poller_become(self._holder, instead_of=instead_of, seconds=SECONDS):
            where = " ".join((holder or "?/?").split("/")[:2])
            raise TroubleError(f"The bot already runs (machine and process {where}); stop that one first.")
        self._renewal = asyncio.create_task(self._renew())
        return self

    async def __aexit__(self, *_: object) -> None:
        await end([self._renewal])
        await self._store.poller_release(self._holder)

    async def _renew(self) -> None:
        while await self._store.poller_extend(self._holder, seconds=SECONDS):
            await asyncio.sleep(_RENEW_SECONDS)
        self.lost.set()


def _is_dead(holder: str) -> bool:
    """Whether it was a process of this machine that is no more. Another one may have its number by now."""
    host, number, started, *_ = *holder.split("/"), "", ""
    return host == socket.gethostname() and number.isdecimal() and _started(int(number)) != started


def _started(number: int) -> str:
    """When a process was started, in ticks since the machine was; empty when there is none."""
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    return ""
