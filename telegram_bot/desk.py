"""What every visit works with."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from telegram import Bot

from telegram_bot.api_client import Api
from telegram_bot.store import Store

# Selfies and originals that are in memory at once; each is at most 50 MB.
_MOST_SELFIES, _MOST_FILES = 8, 4


@dataclass
class Desk:
    """The bot, the API and the store, and what keeps visits from treading on each other's toes."""

    bot: Bot
    api: Api
    store: Store
    selfies: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_SELFIES))
    files: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_FILES))
    _chats: WeakValueDictionary[int, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def chat(self, number: int) -> asyncio.Lock:
        """Who holds it alone writes to this chat; the others wait in order."""
        lock = self._chats.get(number)
        if lock is None:
            lock = self._chats[number] = asyncio.Lock()
        return lock
