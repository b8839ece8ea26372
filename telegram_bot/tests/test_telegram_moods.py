"""Telegram refuses, breaks off and is slow: nothing is lost where that is certain, and nothing is sent twice."""

from collections.abc import Callable
from typing import Any

import pytest

from telegram_bot.config import BotConfig
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import Fault, RefusedError, TelegramServer


@pytest.fixture
def anna(small_config: BotConfig, start_bot: Callable[[BotConfig], Any], person: Callable[..., Person]) -> Person:
    """Somebody whose bot is at work."""
    start_bot(small_config)
    return person()


def refuse(status: int, description: str, **parameters: int) -> Callable[[], None]:
    """A fault that answers so."""

    def act() -> None:
        raise RefusedError(status, description, **parameters)

    return act


def test_it_waits_as_long_as_telegram_asks_it_to(anna: Person, telegram: TelegramServer) -> None:
    telegram.faults.append(Fault("sendMessage", times=2, act=refuse(429, "Too Many Requests", retry_after=1)))
    anna.writes("/help")
    anna.reads("I find you")
    assert len(anna.messages()) == 1


def test_it_does_not_repeat_what_has_perhaps_arrived(anna: Person, telegram: TelegramServer) -> None:
    telegram.faults.append(Fault("sendMessage", drop="after"))
    anna.writes("/help")
    gap = anna.reads("I was interrupted")
    assert anna.messages()[0].text.startswith("I find you")
    assert len(anna.messages()) == 2
    assert list(gap.buttons) == ["Go on"]


def test_a_break_before_the_message_arrived_leaves_a_button(anna: Person, telegram: TelegramServer) -> None:
    telegram.faults.append(Fault("sendMessage", drop="before"))
    anna.writes("/help")
    anna.reads("I was interrupted")
    anna.presses("Go on")
    anna.reads("There are no open events")


def test_an_internal_error_of_telegram_counts_as_perhaps_arrived(anna: Person, telegram: TelegramServer) -> None:
    telegram.faults.append(Fault("sendMessage", act=refuse(500, "Internal Server Error")))
    anna.writes("/help")
    anna.reads("I was interrupted")


def test_whoever_blocked_the_bot_does_not_disturb_the_others(
    anna: Person, telegram: TelegramServer, person: Callable[..., Person], redis: Any
) -> None:
    telegram.blocked.add(anna.number)
    anna.writes("/help")
    boris = person()
    boris.writes("/help")
    boris.reads("I find you")
    telegram.wait(lambda: not redis.hlen("telegram:4242:inbox"))
    assert anna.messages() == []


def test_in_a_group_it_says_nothing(anna: Person, telegram: TelegramServer, redis: Any) -> None:
    user = {"id": 7, "is_bot": False, "first_name": "A"}
    group = {"id": -100, "type": "group", "title": "Friends"}
    telegram.feed(message={"message_id": 1, "date": 1, "chat": group, "from": user, "text": "/help"})
    anna.writes("/help")
    anna.reads("I find you")
    telegram.wait(lambda: not redis.hlen("telegram:4242:inbox"))
    assert telegram.of(-100) == []


def test_a_failure_of_ours_is_admitted_and_nothing_of_it_is_kept(
    anna: Person, telegram: TelegramServer, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr("telegram_bot.api_client.Api.events", fail)
    anna.writes("/start")
    anna.reads("Something went wrong here")
    telegram.wait(lambda: not redis.hlen("telegram:4242:inbox"))
    assert not redis.exists(f"telegram:4242:state:{anna.number}")


def test_a_request_that_killed_the_bot_again_and_again_is_given_up(
    small_config: BotConfig, start_bot: Callable[[BotConfig], Any], person: Callable[..., Person], redis: Any
) -> None:
    boris = person()
    number = boris.writes("/help")
    redis.hset(f"telegram:4242:progress:{number}", "attempts", 5)
    start_bot(small_config)
    boris.reads("Something went wrong here")
    assert len(boris.messages()) == 1


def test_updates_survive_that_telegram_cannot_be_asked(anna: Person, telegram: TelegramServer) -> None:
    telegram.faults.append(Fault("getUpdates", times=2, act=refuse(502, "Bad Gateway")))
    anna.writes("/help")
    anna.reads("I find you")
