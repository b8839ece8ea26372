"""Telegram brings the updates itself, and only Telegram may."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from photofinder.tests.supervised import free_port
from telegram_bot.config import BotConfig, Webhook
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import TelegramServer, bring

SECRET = "only-telegram-knows"


def listening(config: BotConfig) -> BotConfig:
    """The same bot behind a webhook."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram"
    return replace(config, webhook=Webhook(url, SECRET, "127.0.0.1", port))


def test_it_answers_what_is_brought(
    small_config: BotConfig,
    start_bot: Callable[[BotConfig], Any],
    telegram: TelegramServer,
    person: Callable[..., Person],
) -> None:
    start_bot(listening(small_config))
    anna = person()
    anna.writes("/help")
    anna.reads("I find you")
    telegram.wait(lambda: telegram.pending == 0)


def test_it_does_not_take_anything_from_others(
    small_config: BotConfig,
    start_bot: Callable[[BotConfig], Any],
    telegram: TelegramServer,
    person: Callable[..., Person],
) -> None:
    start_bot(listening(small_config))
    telegram.wait(lambda: telegram.webhook)
    anna = person()
    anna.writes("/start")
    anna.reads("There are no open events")
    forged = {"update_id": 999_999, "message": {"message_id": 1, "date": 0, "chat": {"id": 5, "type": "private"}}}
    assert not bring(forged, telegram.webhook, **{"X-Telegram-Bot-Api-Secret-Token": "guessed"})
    assert not bring(forged, telegram.webhook, **{"X-Nothing": "1"})


def test_what_it_brings_twice_is_answered_once(
    small_config: BotConfig,
    start_bot: Callable[[BotConfig], Any],
    telegram: TelegramServer,
    person: Callable[..., Person],
) -> None:
    start_bot(listening(small_config))
    telegram.wait(lambda: telegram.webhook)
    anna = person()
    anna.writes("/help")
    anna.reads("I find you")
    user = {"id": anna.number, "is_bot": False, "first_name": "A"}
    update = {
        "update_id": 500_000,
        "message": {"message_id": 9, "date": 0, "chat": {"id": anna.number, "type": "private"}, "from": user,
                    "text": "???"},
    }  # fmt: skip
    assert bring(update, telegram.webhook) and bring(update, telegram.webhook)
    anna.reads("I do not understand")
    anna.writes("/help")
    anna.reads("I find you")
    assert len(anna.messages()) == 3
