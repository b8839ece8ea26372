"""Only one process reads a bot's updates."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from telegram_bot.config import BotConfig, TroubleError
from telegram_bot.lease import Lease
from telegram_bot.store import Store
from telegram_bot.tests.telegram_server import TelegramServer

KEY = "telegram:4242:poller"


def enter(config: BotConfig) -> None:
    """Take the lease for a moment."""

    async def run() -> None:
        store = Store(config.redis_url, config.bot_id)
        async with Lease(store):
            pass
        await store.close()

    asyncio.run(run())


def test_a_second_bot_says_that_one_runs(
    small_config: BotConfig, start_bot: Callable[[BotConfig], Any], telegram: TelegramServer
) -> None:
    start_bot(small_config)
    telegram.wait(lambda: telegram.calls)
    with pytest.raises(TroubleError, match="The bot already runs"):
        start_bot(small_config).stop()


def test_one_that_runs_elsewhere_is_left_alone(bot_config: BotConfig, redis: Any) -> None:
    redis.set(KEY, "another-machine/1/7/abc", ex=15)
    with pytest.raises(TroubleError, match="another-machine 1"):
        enter(bot_config)
    assert redis.get(KEY) == "another-machine/1/7/abc"


def test_that_of_a_dead_process_of_this_machine_is_taken_over_at_once(bot_config: BotConfig, redis: Any) -> None:
    redis.set(KEY, f"{socket.gethostname()}/4194305/7/abc", ex=15)
    enter(bot_config)
    assert redis.get(KEY) is None


def test_so_is_one_whose_number_another_process_has_now(bot_config: BotConfig, redis: Any) -> None:
    redis.set(KEY, f"{socket.gethostname()}/{os.getpid()}/7/abc", ex=15)
    enter(bot_config)
    assert redis.get(KEY) is None


def test_a_bot_that_lost_it_ends(
    small_config: BotConfig,
    start_bot: Callable[[BotConfig], Any],
    telegram: TelegramServer,
    redis: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("telegram_bot.lease._RENEW_SECONDS", 0.05)
    bot = start_bot(small_config)
    telegram.wait(lambda: telegram.calls)
    redis.set(KEY, "another-machine/1/7/abc", ex=15)
    with pytest.raises(TroubleError, match="Another process reads"):
        bot.wait()
