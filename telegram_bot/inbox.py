"""Updates on their way in: kept before they are acknowledged, forgotten when done with, none taken in twice."""

import asyncio
import json
import logging

from redis.exceptions import RedisError
from telegram import Bot, Update

from telegram_bot.store import Store

_PAUSE_SECONDS = 2
logger = logging.getLogger(__name__)


class Inbox(asyncio.Queue[object]):
    """python-telegram-bot's queue of updates. What is put into it is in the store before `put` returns, and only then
    does Telegram learn that it arrived.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    async def put(self, item: object) -> None:
        """Take in an update, unless it was taken in before."""
        if not isinstance(item, Update) or await self._take_in(item):
            await super().put(item)

    async def restore(self, bot: Bot) -> int:
        """Queue again what a bot before us was not done with; how many updates."""
        leftovers = [Update.de_json(json.loads(text), bot) for text in await self._store.leftovers()]
        for update in leftovers:
            await super().put(update)
        return len(leftovers)

    async def _take_in(self, update: Update) -> bool:
        while True:
            try:
                return await self._store.take_in(update.update_id, update.to_json())
            except RedisError:
                # To give up would end python-telegram-bot's polling for good.
                logger.exception("An update cannot be stored; trying again")
                await asyncio.sleep(_PAUSE_SECONDS)
