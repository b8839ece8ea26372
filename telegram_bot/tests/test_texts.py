"""Every sentence is there in both languages, with its plural forms, and every button fits into its 64 bytes."""

from typing import Any

import pytest
from django.utils.functional import Promise
from django.utils.translation import override

from telegram_bot import keyboards, texts

LAZY = {name: value for name, value in vars(texts).items() if isinstance(value, Promise)}
RECEIPT = {
    "receipt": "R-1",
    "at": "2026-11-25T10:00:00Z",
    "faces": 3,
    "crops": 3,
    "portraits": 1,
    "subscriptions": 1,
    "uncompared": 0,
}
MOMENT = {
    "start_s": 75.2,
    "end_s": 78.0,
    "film": "",
    "caption": "Two people.",
    "caption_ru": "Два человека.",
    "url": "",
}
MADE: list[tuple[Any, ...]] = [
    (texts.found, 0, "Gala"), (texts.found, 1, "Gala"), (texts.found, 37, "Gala"), (texts.found_more, 0),
    (texts.found_more, 4), (texts.news, 3, "Gala"), (texts.shown, 1, 10, 37), (texts.shown, 1, 5, 5),
    (texts.not_me, 2), (texts.original_link, 60, "http://x"), (texts.archive, "http://x"), (texts.subscribed, "Gala"),
    (texts.receipt, RECEIPT), (lambda found: texts.moments(found, 1), [MOMENT]), (texts.low_quality, "blurred"),
    (texts.low_quality, "too_small"), (texts.low_quality, "turned_away"), (texts.low_quality, "uncertain"),
    (texts.event_card, {"name": "", "date": None, "photos_count": 5, "text": ""}),
    (texts.receipt, RECEIPT | {"uncompared": 4}),
]  # fmt: skip


def is_russian(text: str) -> bool:
    """Whether it has Russian letters."""
    return any("а" <= letter <= "я" for letter in text.lower())


@pytest.mark.parametrize("name", LAZY)
def test_each_sentence_is_translated(name: str) -> None:
    with override("ru"):
        russian = str(LAZY[name])
    with override("en"):
        english = str(LAZY[name])
    assert is_russian(russian) and russian != english
    assert set(find_commands(russian)) == set(find_commands(english))


@pytest.mark.parametrize("case", MADE, ids=lambda case: f"{case[0].__name__} {case[1:]}"[:40])
def test_each_sentence_with_numbers_is_translated(case: tuple[Any, ...]) -> None:
    make, *words = case
    with override("ru"):
        russian = make(*words)
    with override("en"):
        english = make(*words)
    assert is_russian(russian) and not is_russian(english)
    assert "%" not in russian + english


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 вашу фотографию"), (3, "3 ваши фотографии"), (11, "11 ваших"), (37, "37 ваших")]
)
def test_russian_counts_as_russians_do(count: int, words: str) -> None:
    with override("ru"):
        assert words in texts.found(count, "Гала")


@pytest.mark.parametrize(
    ("at", "words"),
    [("2026-11-25T10:00:00.12Z", "2026-11-25 10:00 UTC"), ("2026-11-25T13:00:00+03:00", "2026-11-25 13:00 UTC+03:00")],
)
def test_a_receipt_says_in_which_zone_its_time_is(at: str, words: str) -> None:
    assert words in texts.receipt(RECEIPT | {"at": at})


def test_every_button_fits() -> None:
    result, photo = "x" * 40, 10**9
    made = [
        keyboards.consent(), keyboards.events([{"name": "Gala", "slug": "s" * 80}]), keyboards.faces(12),
        keyboards.photos(result, shown=1990, left=10, page=10), keyboards.nothing_found(result),
        keyboards.news(result, "s" * 80, shown=10, left=3, page=10), keyboards.show_news(result, "s" * 80),
        keyboards.numbered("original", result, {1: photo, 2: photo}), keyboards.forget(), keyboards.languages(),
        keyboards.again(keyboards.photos_again(result, 1990)), keyboards.subscription("s" * 80),
    ]  # fmt: skip
    said = [str(button.callback_data) for keyboard in made for row in keyboard.inline_keyboard for button in row]
    assert max(len(words.encode()) for words in said) <= 64


def find_commands(text: str) -> list[str]:
    """The commands that a text names."""
    return [word.strip(".,;:") for word in text.split() if word.startswith("/")]
