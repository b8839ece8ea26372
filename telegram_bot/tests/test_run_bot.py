"""`manage.py run_bot` says in one sentence why it does not run."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from telegram_bot.config import BotConfig
from telegram_bot.management.commands.run_bot import bot_config
from telegram_bot.tests.telegram_server import TelegramServer


@pytest.fixture(autouse=True)
def bot_settings(settings: Any, telegram: TelegramServer, tmp_path: Path, redis: Any) -> Any:
    """Those of a bot at our Telegram."""
    settings.TELEGRAM_BOT_TOKEN = "4242:test-token"
    settings.TELEGRAM_BASE_URL = telegram.url
    settings.BOT_API_TOKEN_FILE = tmp_path / "bot_api_token"
    return settings


def test_without_a_token_it_says_where_to_get_one(settings: Any) -> None:
    settings.TELEGRAM_BOT_TOKEN = ""
    with pytest.raises(CommandError, match="make a bot with @BotFather"):
        call_command("run_bot")


def test_without_a_token_of_the_api_it_says_who_writes_one() -> None:
    with pytest.raises(CommandError, match="ensure_bot_token"):
        call_command("run_bot")


def test_it_takes_the_token_that_is_kept(settings: Any) -> None:
    settings.BOT_API_TOKEN_FILE.write_text("kept\n")
    assert bot_config().api_token == "kept"
    settings.BOT_API_TOKEN = "chosen"
    assert bot_config().api_token == "chosen"


def test_a_wrong_token_is_named_so(settings: Any) -> None:
    settings.BOT_API_TOKEN, settings.TELEGRAM_BOT_TOKEN = "x", "4242:wrong"
    import asyncio

    from telegram_bot.application import run
    from telegram_bot.config import TroubleError

    with pytest.raises(TroubleError, match="Telegram does not know this TELEGRAM_BOT_TOKEN"):
        asyncio.run(run(bot_config(), asyncio.Event()))


@pytest.mark.parametrize(("rate", "seconds"), [("30/min", 60), ("5/s", 1), ("7/hour", 3600), ("9/d", 86400)])
def test_it_reads_the_rate(settings: Any, rate: str, seconds: int) -> None:
    settings.BOT_API_TOKEN, settings.BOT_RATE = "x", rate
    config: BotConfig = bot_config()
    assert (config.rate, config.rate_seconds) == (int(rate.split("/")[0]), seconds)


def test_a_webhook_has_a_secret_of_its_own_that_stays_the_same(settings: Any) -> None:
    settings.BOT_API_TOKEN, settings.TELEGRAM_WEBHOOK_URL = "x", "https://photos.example.org/telegram"
    first, second = bot_config().webhook, bot_config().webhook
    assert first and first == second
    assert len(first.secret) == 64
    settings.TELEGRAM_WEBHOOK_SECRET = "mine"
    chosen = bot_config().webhook
    assert chosen and chosen.secret == "mine"


@pytest.mark.parametrize(("holder", "code"), [("", 1), ("machine/1/2/abc", 0)])
def test_it_tells_the_health_check_whether_a_bot_runs(settings: Any, redis: Any, holder: str, code: int) -> None:
    settings.BOT_API_TOKEN = "x"
    if holder:
        redis.set("telegram:4242:poller", holder, ex=15)
    with pytest.raises(SystemExit) as ended:
        call_command("run_bot", "--check")
    assert ended.value.code == code
