"""While the API is away the bot says so once, keeps the request, and answers when it is back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from photofinder.tests.supervised import free_port
from telegram_bot.config import BotConfig
from telegram_bot.tests.people import Person
from telegram_bot.tests.small_api import small_api


def test_it_says_so_once_and_answers_when_the_api_is_back(
    bot_config: BotConfig, start_bot: Callable[[BotConfig], Any], person: Callable[..., Person]
) -> None:
    port = free_port()
    start_bot(replace(bot_config, api_url=f"http://127.0.0.1:{port}"))
    anna = person()
    anna.writes("/help")
    anna.reads("The photo service does not answer")
    with small_api(port):
        anna.reads("I find you in the photos of an event")
    assert len(anna.messages()) == 2


def test_it_says_so_in_russian(
    bot_config: BotConfig, start_bot: Callable[[BotConfig], Any], person: Callable[..., Person]
) -> None:
    start_bot(bot_config)
    boris = person("ru")
    boris.writes("/help")
    boris.reads("Сервис фотографий сейчас не отвечает")


def test_what_was_asked_before_a_restart_is_answered_after_it_and_the_excuse_is_not_repeated(
    bot_config: BotConfig, start_bot: Callable[[BotConfig], Any], person: Callable[..., Person]
) -> None:
    port = free_port()
    config = replace(bot_config, api_url=f"http://127.0.0.1:{port}")
    bot = start_bot(config)
    anna = person()
    anna.writes("/help")
    anna.reads("The photo service does not answer")
    bot.stop()
    with small_api(port):
        start_bot(config)
        anna.reads("I find you in the photos of an event")
    assert len(anna.messages()) == 2
