"""Questions in Russian mean to the text engine what the same ones in English mean."""

import pytest

from videos.engines.minilm import MiniLMTextEngine
from videos.wording import RUSSIAN, english_of, readings

SAME = [
    ("люди идут", "people walking"),
    ("Человек стоит", "a person standing"),
    ("кто-то идёт слева направо", "someone walks from left to right"),
    ("женщина в сером", "a woman in grey"),
    ("двое мужчин", "two men"),
    ("пустая комната", "an empty room"),
    ("собака на улице", "a dog on the street"),
    ("машина", "a car"),
    ("человек в чёрном", "a person in black"),
    ("что-то движется", "something is moving"),
    ("дети танцуют", "children dancing"),
    ("красные машины", "red cars"),
    ("три человека слева", "three people on the left"),
    ("кошка на диване", "a cat on a couch"),
    ("бутылки на столе", "bottles on a table"),
    ("в темноте", "in the dark"),
]


@pytest.fixture(scope="module")
def engine() -> MiniLMTextEngine:
    return MiniLMTextEngine()


@pytest.mark.parametrize(("russian", "english"), SAME)
def test_it_means_the_same(engine: MiniLMTextEngine, russian: str, english: str) -> None:
    ours, theirs = engine.embed([english_of(russian), english])
    assert float(ours @ theirs) >= 0.8, english_of(russian)


def test_every_thing_is_understood_in_russian() -> None:
    wrong = {
        name: english_of(name) for english, name in RUSSIAN.items() if " " not in name and english_of(name) != english
    }
    assert not wrong


@pytest.mark.parametrize("words", ["people walking", "A Dog at 5 pm, 100%", "Ünïcode 漢字", "", "ъ"])
def test_what_is_no_known_russian_stays_as_it_is(words: str) -> None:
    assert english_of(words) == words


def test_who_asks_for_people_is_glad_of_one() -> None:
    assert readings("people walking") == ("people walking", "a person walking")
    assert readings("Люди в чёрном") == ("people in black", "a person in black")
    assert readings("two people") == ("two people",)
    assert readings("no people") == ("no people",)
