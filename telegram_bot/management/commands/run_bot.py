"""Runs the Telegram bot."""

import asyncio
import hashlib
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telegram_bot.application import run
from telegram_bot.config import BotConfig, TroubleError, Webhook
from telegram_bot.store import Store


class Command(BaseCommand):
    """Reads the settings and runs until SIGTERM or SIGINT. It needs the API and Redis, no database."""

    help = "Runs the Telegram bot, a client of the site's API. TELEGRAM_BOT_TOKEN has to be set."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own type

    def add_arguments(self, parser: CommandParser) -> None:
        """Only whether to ask instead of run."""
        parser.add_argument("--check", action="store_true", help="only say whether a bot runs, by the exit code")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, or check. Raises CommandError with one sentence that says what to do."""
        config = bot_config()
        if options["check"]:
            sys.exit(0 if asyncio.run(_is_running(config)) else 1)
        for name in ("httpx", "telegram", "apscheduler", "tornado"):
            logging.getLogger(name).setLevel(logging.WARNING)  # httpx would log every URL, and the token in it
        try:
            asyncio.run(_run(config))
        except TroubleError as trouble:
            raise CommandError(str(trouble)) from trouble


def bot_config() -> BotConfig:
    """The settings of the bot. Raises CommandError when one is missing."""
    if not settings.TELEGRAM_BOT_TOKEN:
        raise CommandError("TELEGRAM_BOT_TOKEN is not set: make a bot with @BotFather in Telegram and set its token.")
    number, _, period = settings.BOT_RATE.partition("/")
    return BotConfig(
        token=settings.TELEGRAM_BOT_TOKEN,
        base_url=settings.TELEGRAM_BASE_URL.rstrip("/"),
        webhook=_webhook(),
        api_url=settings.BOT_API_URL.rstrip("/"),
        api_token=_api_token(),
        site_url=settings.SITE_URL.rstrip("/"),
        redis_url=settings.BOT_REDIS_URL,
        rate=int(number),
        rate_seconds={"s": 1, "m": 60, "h": 3600, "d": 86400}[period[0]],
        idle_seconds=settings.BOT_IDLE_MILLISECONDS / 1000,
    )


def _webhook() -> Webhook | None:
    if not settings.TELEGRAM_WEBHOOK_URL:
        return None
    own = hashlib.sha256(f"{settings.SECRET_KEY}:{settings.TELEGRAM_BOT_TOKEN}".encode()).hexdigest()
    return Webhook(
        url=settings.TELEGRAM_WEBHOOK_URL,
        secret=settings.TELEGRAM_WEBHOOK_SECRET or own,
        listen=settings.TELEGRAM_WEBHOOK_LISTEN,
        port=settings.TELEGRAM_WEBHOOK_PORT,
    )


def _api_token() -> str:
    kept: Path = settings.BOT_API_TOKEN_FILE
    token: str = settings.BOT_API_TOKEN or (kept.read_text(encoding="ascii").strip() if kept.exists() else "")
    if not token:
        raise CommandError(
            f"The bot has no token of the API: `manage.py ensure_bot_token` writes one to {kept}, or set BOT_API_TOKEN."
        )
    return token


async def _run(config: BotConfig) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await run(config, stop)


async def _is_running(config: BotConfig) -> bool:
    store = Store(config.redis_url, config.bot_id)
    try:
        return await store.poller() is not None
    finally:
        await store.close()
