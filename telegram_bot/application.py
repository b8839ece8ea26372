"""The bot put together: the one place where its parts meet."""

import asyncio
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import override
from telegram import BotCommand
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import AIORateLimiter, ApplicationBuilder, ExtBot, Updater

from telegram_bot import texts
from telegram_bot.announcing import Announcer
from telegram_bot.api_client import Api
from telegram_bot.config import BotConfig, TroubleError
from telegram_bot.desk import Desk
from telegram_bot.ending import end
from telegram_bot.flood import FloodGate
from telegram_bot.handlers import register
from telegram_bot.inbox import Inbox
from telegram_bot.lease import Lease
from telegram_bot.processor import Processor
from telegram_bot.requests import MarkedRequest
from telegram_bot.state import LANGUAGES
from telegram_bot.store import Store

ALLOWED_UPDATES = ["message", "callback_query"]
_LONGEST_PAUSE_SECONDS = 30.0
_RETRIES = 5  # of a message that Telegram asks us to send later; after that we go on by ourselves
logger = logging.getLogger(__name__)


async def run(config: BotConfig, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set. Raises TroubleError when it cannot run, or not beside another one."""
    store, api = Store(config.redis_url, config.bot_id), Api(config.api_url, config.api_token, config.site_url)
    try:
        async with Lease(store) as lease:
            ending = asyncio.create_task(_first_of(stop, lease.lost))
            await _Running(config, Desk(_bot(config), api, store)).until(ending)
        if lease.lost.is_set():
            raise TroubleError("Another process reads the updates of this bot now, so this one has ended.")
    finally:
        await api.close()
        await store.close()


def _bot(config: BotConfig) -> ExtBot[Any]:
    """Patient with slow uploads: a message whose answer we do not wait for has perhaps been delivered."""
    patience: dict[str, Any] = {"read_timeout": 30, "write_timeout": 60, "connect_timeout": 10, "pool_timeout": 60}
    return ExtBot(
        token=config.token,
        base_url=f"{config.base_url}/bot",
        base_file_url=f"{config.base_url}/file/bot",
        request=MarkedRequest(connection_pool_size=128, media_write_timeout=120, **patience),
        get_updates_request=MarkedRequest(connection_pool_size=1, **patience),
        rate_limiter=AIORateLimiter(max_retries=_RETRIES),
    )


class _Running:
    """python-telegram-bot's application with our queue, our processor and our handlers, and the announcer beside it."""

    def __init__(self, config: BotConfig, desk: Desk) -> None:
        self._config, self._desk = config, desk
        self._inbox = Inbox(desk.store)
        self._processor = Processor(desk, FloodGate(rate=config.rate, seconds=config.rate_seconds))
        self._announcer = Announcer(desk, idle_seconds=config.idle_seconds)
        self._updater = Updater(desk.bot, update_queue=self._inbox)
        self._application = ApplicationBuilder().updater(self._updater).concurrent_updates(self._processor).build()
        register(self._application)

    async def until(self, ending: "asyncio.Task[None]") -> None:
        """Run until that task ends."""
        greeting = asyncio.create_task(self._greet())
        await asyncio.wait([greeting, ending], return_when=asyncio.FIRST_COMPLETED)
        if not greeting.done():
            await end([greeting])
            return
        greeting.result()
        try:
            await self._serve(ending)
        finally:
            await self._application.shutdown()

    async def _greet(self) -> None:
        """Tell Telegram that we are here, and what we understand. Raises TroubleError for a wrong token."""
        pause = 1.0
        while True:
            try:
                await self._application.initialize()
                break
            except InvalidToken as error:
                raise TroubleError(
                    "Telegram does not know this TELEGRAM_BOT_TOKEN; copy it again from @BotFather."
                ) from error
            except TelegramError as error:
                logger.warning("Telegram cannot be reached (%s); trying again in %.0f s", error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        with suppress(TelegramError):
            await self._set_commands()

    async def _serve(self, ending: "asyncio.Task[None]") -> None:
        await self._application.start()
        working = asyncio.create_task(self._work())
        await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
        if self._updater.running:
            await self._updater.stop()
        await self._processor.close()
        await self._application.stop()
        await end([working])
        if not working.cancelled():
            working.result()  # it never ends by itself but by an error

    async def _work(self) -> None:
        restored = await self._inbox.restore(self._desk.bot)
        await self._listen()
        logger.info("@%s is here; %d updates were left over", self._desk.bot.username, restored)
        await self._announcer.run()

    async def _listen(self) -> None:
        webhook = self._config.webhook
        if webhook is None:
            await self._updater.start_polling(
                allowed_updates=ALLOWED_UPDATES, bootstrap_retries=-1, error_callback=_polling_failed
            )
            return
        await self._updater.start_webhook(
            listen=webhook.listen,
            port=webhook.port,
            url_path=urlsplit(webhook.url).path.lstrip("/"),
            webhook_url=webhook.url,
            secret_token=webhook.secret,
            allowed_updates=ALLOWED_UPDATES,
            bootstrap_retries=-1,
        )

    async def _set_commands(self) -> None:
        for language in LANGUAGES:
            with override(language):
                commands = [BotCommand(name, str(text)) for name, text in texts.COMMANDS.items()]
            await self._desk.bot.set_my_commands(commands, language_code=None if language == "en" else language)


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _polling_failed(error: TelegramError) -> None:
    if isinstance(error, Conflict):
        logger.error("Somebody else reads the updates of this bot with the same token: %s", error)
    else:
        logger.warning("Telegram cannot be asked for updates: %s", error)
