"""A conversation is kept as JSON that older and newer bots can read; a likeness does not live longer by being used."""

import json

import pytest

from telegram_bot.state import Place, State, language_of, state_changes, state_read
from telegram_bot.store import LIKENESS_SECONDS

STATE = State(language="ru", event=Place("gala", "Gala", "abc"), shown=[3, 1], likeness="sealed")


def written(state: State, before: State) -> dict[str, str]:
    """The values that would be written."""
    return {name: change[0] for name, change in state_changes(7, state, before).items() if change}


def test_it_comes_back_as_it_was() -> None:
    values = written(STATE, State())
    assert state_read(values["state:7"], values["likeness:7"]) == STATE


def test_the_likeness_lies_apart_and_is_written_only_when_it_is_new() -> None:
    assert "sealed" not in written(STATE, State())["state:7"]
    assert state_changes(7, STATE, State())["likeness:7"] == ("sealed", LIKENESS_SECONDS)
    assert "likeness:7" not in state_changes(7, STATE, STATE)


def test_forgetting_deletes_all_of_it() -> None:
    assert state_changes(7, State(), STATE) == {"state:7": None, "likeness:7": None}


def test_fields_of_another_version_are_left_out() -> None:
    assert state_read(json.dumps({"language": "en", "mood": "good"}), None) == State(language="en")
    assert state_read(None, None) == State()


@pytest.mark.parametrize(
    ("code", "language"), [("ru", "ru"), ("ru-RU", "ru"), ("be", "ru"), ("kk", "ru"), ("en", "en"), (None, "en")]
)
def test_the_language_follows_that_of_telegram(code: str | None, language: str) -> None:
    assert language_of(code) == language
