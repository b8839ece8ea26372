"""Somebody who writes too much is told so once and is not read for a while; others do not notice."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from telegram_bot.config import BotConfig
from telegram_bot.flood import FloodGate, Verdict
from telegram_bot.tests.people import Person

READ, WARN, IGNORE = Verdict.READ, Verdict.WARN, Verdict.IGNORE


def test_it_reads_so_many_messages_of_each_person_in_any_period() -> None:
    gate = FloodGate(rate=2, seconds=10)
    assert [gate.verdict(1, now=moment) for moment in (0, 1, 2, 3)] == [READ, READ, WARN, IGNORE]
    assert gate.verdict(2, now=3) is READ
    assert [gate.verdict(1, now=moment) for moment in (10.5, 10.6, 13)] == [READ, IGNORE, READ]


def test_it_warns_again_after_a_while() -> None:
    gate = FloodGate(rate=1, seconds=10)
    assert [gate.verdict(1, now=moment) for moment in (0, 1, 20, 21)] == [READ, WARN, READ, WARN]


def test_the_bot_says_it_once_and_reads_the_others(
    small_config: BotConfig, start_bot: Callable[[BotConfig], Any], person: Callable[..., Person]
) -> None:
    start_bot(replace(small_config, rate=3))
    anna, boris = person(), person()
    for _ in range(8):
        anna.writes("/help")
    anna.reads("That was a lot at once")
    boris.writes("/help")
    boris.reads("I find you")
    boris.telegram.wait(lambda: len(anna.messages()) == 4)
    assert len([sent for sent in anna.messages() if "a lot" in sent.text]) == 1
