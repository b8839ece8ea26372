"""A bot against a Telegram of our own and the real site: its services, its database, its API over HTTP."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from django.conf import settings as site_settings
from knox.models import get_token_model
from redis import Redis

from faces.tests.conftest import fake_engine
from photofinder.roles import Role, role_give
from telegram_bot.application import run
from telegram_bot.config import BotConfig
from telegram_bot.tests.people import Person
from telegram_bot.tests.small_api import small_api
from telegram_bot.tests.telegram_server import TOKEN, TelegramServer, running_telegram

__all__ = ["fake_engine"]
_people = count(1001)


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """Telegram."""
    with running_telegram() as server:
        yield server


@pytest.fixture
def person(telegram: TelegramServer) -> Callable[..., Person]:
    """Makes people who use Telegram."""
    return lambda language="en": Person(telegram, next(_people), language)


@pytest.fixture
def redis() -> Iterator[Any]:
    """The bot's Redis, empty before and after."""
    client = Redis.from_url(site_settings.BOT_REDIS_URL, decode_responses=True)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def bot_config(telegram: TelegramServer, redis: Any) -> BotConfig:
    """A bot's settings, with an API where nobody is."""
    return BotConfig(
        token=TOKEN,
        base_url=telegram.url,
        webhook=None,
        api_url="http://127.0.0.1:9",
        api_token="none",
        site_url="",
        redis_url=site_settings.BOT_REDIS_URL,
        rate=1000,
        rate_seconds=60,
        idle_seconds=0.2,
    )


@pytest.fixture
def small_config(bot_config: BotConfig) -> Iterator[BotConfig]:
    """A bot's settings, with an API that knows everybody and nothing else."""
    with small_api() as url:
        yield replace(bot_config, api_url=url)


@pytest.fixture
def site_config(bot_config: BotConfig, fake_engine: Any, live_server: Any) -> BotConfig:
    """A bot's settings, with the real site."""
    _, token = get_token_model().objects.create(user=role_give(username="bot", role=Role.BOT))
    return replace(bot_config, api_url=live_server.url, api_token=token)


class BotThread:
    """A bot in a thread of this process; `stop` raises what it ended with."""

    def __init__(self, config: BotConfig) -> None:
        self._config = config
        self._error: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End it, and wait for its end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self.wait()

    def wait(self) -> None:
        """Wait for its end. Raises what it ended with, once."""
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()
        error, self._error = self._error, None
        if error:
            raise error

    def _work(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001 - raised again by `stop`
            self._error = error

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await run(self._config, self._stop)


@pytest.fixture
def start_bot(telegram: TelegramServer, redis: Any) -> Iterator[Callable[[BotConfig], BotThread]]:
    """Starts bots, which end with the test, before Telegram does."""
    bots: list[BotThread] = []

    def start(config: BotConfig) -> BotThread:
        bots.append(BotThread(config))
        return bots[-1]

    yield start
    for bot in bots:
        bot.stop()


@pytest.fixture
def bot(start_bot: Callable[[BotConfig], BotThread], site_config: BotConfig) -> BotThread:
    """A bot at work, with the real site."""
    return start_bot(site_config)
