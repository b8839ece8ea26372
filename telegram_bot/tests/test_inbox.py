"""Updates are kept before Telegram learns that they arrived, and none is taken in twice."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import Update

from telegram_bot.config import BotConfig
from telegram_bot.inbox import Inbox
from telegram_bot.store import Store


def update(number: int) -> Update:
    """A text of somebody."""
    chat = {"id": 7, "type": "private"}
    return Update.de_json(
        {"update_id": number, "message": {"message_id": number, "date": 0, "chat": chat, "text": "hello"}}, None
    )


def with_store(config: BotConfig, work: Callable[[Store], Awaitable[Any]]) -> Any:
    """Do something with the bot's store."""

    async def run() -> Any:
        store = Store(config.redis_url, config.bot_id)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def taken(inbox: Inbox) -> list[int]:
    """The numbers of the updates in the queue."""
    return [(await inbox.get()).update_id for _ in range(inbox.qsize())]  # type: ignore[attr-defined]


def test_an_update_that_telegram_sends_twice_is_taken_in_once(bot_config: BotConfig) -> None:
    async def work(store: Store) -> list[int]:
        inbox = Inbox(store)
        for number in (1, 2, 1, 2, 3):
            await inbox.put(update(number))
        return await taken(inbox)

    assert with_store(bot_config, work) == [1, 2, 3]


def test_what_is_not_done_with_comes_back_in_order_after_a_restart(bot_config: BotConfig) -> None:
    async def work(store: Store) -> list[int]:
        for number in (9, 10, 11):
            await Inbox(store).put(update(number))
        await store.finish(10)
        restarted = Inbox(store)
        assert await restarted.restore(bot=None) == 2  # type: ignore[arg-type]
        await restarted.put(update(11))  # Telegram had not heard that it arrived
        return await taken(restarted)

    assert with_store(bot_config, work) == [9, 11]


def test_what_an_update_changed_is_kept_in_one_step_with_its_end(bot_config: BotConfig, redis: Any) -> None:
    async def work(store: Store) -> None:
        await Inbox(store).put(update(5))
        await store.progress_set("5", "mark text", "done")
        await store.finish(5, {"state:7": (json.dumps({"language": "ru"}), 60), "likeness:7": None})

    with_store(bot_config, work)
    assert sorted(redis.keys()) == ["telegram:4242:seen:5", "telegram:4242:state:7"]
    assert 0 < redis.ttl("telegram:4242:state:7") <= 60


def test_what_is_no_update_passes_through(bot_config: BotConfig) -> None:
    async def work(store: Store) -> object:
        inbox = Inbox(store)
        await inbox.put("stop")
        return await inbox.get()

    assert with_store(bot_config, work) == "stop"


@pytest.mark.parametrize("times", [1, 3])
def test_attempts_are_counted_and_can_be_taken_back(bot_config: BotConfig, times: int) -> None:
    async def work(store: Store) -> int:
        for _ in range(times):
            await store.attempt("8")
        return await store.attempt("8", -1)

    assert with_store(bot_config, work) == times - 1
