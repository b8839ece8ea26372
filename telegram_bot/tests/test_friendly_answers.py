"""What is no selfie gets a friendly answer that says what to do, in both languages."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from faces.tests.painting import painted, painted_looks
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import MEGABYTE
from telegram_bot.tests.world import ANNA, BORIS, agreed, an_event, selfie

pytestmark = pytest.mark.django_db(transaction=True)

FILE = {"file_id": "x", "file_unique_id": "x", "width": 10, "height": 10, "duration": 1}
STICKER = {"file_id": "x", "file_unique_id": "x", "type": "regular", "width": 1, "height": 1}
THINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"sticker": STICKER | {"is_animated": False, "is_video": False}}, "Nice sticker", "Отличный стикер"),
    ({"video": FILE}, "cannot search by a video", "По видео и голосу"),
    ({"animation": FILE, "document": FILE | {"mime_type": "video/mp4"}}, "cannot search by a video", "По видео"),
    ({"voice": FILE}, "cannot search by a video", "По видео и голосу"),
    ({"video_note": FILE | {"length": 5}}, "cannot search by a video", "По видео и голосу"),
    ({"location": {"latitude": 1.0, "longitude": 1.0}}, "I do not understand", "Я этого не понимаю"),
    ({"document": FILE | {"file_name": "cv.pdf", "mime_type": "application/pdf"}}, "by this file", "По такому файлу"),
    ({"text": "hello there"}, "I do not understand", "Я этого не понимаю"),
    ({"text": "спасибо"}, "I do not understand", "Я этого не понимаю"),
    ({"text": "zzzz2zzzzz"}, "I know no open event", "Я не знаю открытого события"),
    ({"text": "/nonsense", "entities": [{"type": "bot_command", "offset": 0, "length": 9}]}, "I do not", "Я этого не"),
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: next(iter(thing[0])))
def test_it_answers_what_it_cannot_use(
    bot: Any, person: Callable[..., Person], thing: tuple[dict[str, Any], str, str]
) -> None:
    content, english, russian = thing
    anna, boris = person("en"), person("ru")
    anna.sends(**content)
    boris.sends(**content)
    anna.reads(english)
    boris.reads(russian)


@pytest.mark.parametrize(
    ("data", "english", "russian"),
    [
        (painted(), "I see no face in this photo", "Я не вижу лица"),
        (painted_looks([(ANNA, 1.0, 0.39)]), "hardly make out a face", "Лицо почти не разобрать"),
        (painted(ANNA, side=22), "The face is too small", "Лицо слишком мелкое"),
        (b"no image at all", "I cannot read this as an image", "Не получается прочитать"),
    ],
    ids=["no_face", "uncertain", "too_small", "no_image"],
)
def test_it_says_what_is_wrong_with_a_selfie(
    bot: Any, person: Callable[..., Person], data: bytes, english: str, russian: str
) -> None:
    world = an_event()
    for language, words in (("en", english), ("ru", russian)):
        somebody = agreed(person(language), world)
        somebody.sends_photo(data)
        somebody.reads(words)


def test_a_blurred_or_dark_selfie_is_called_so(bot: Any, person: Callable[..., Person], settings: Any) -> None:
    settings.SELFIE_QUALITY_GATES = settings.SELFIE_QUALITY_GATES | {"sharpness": 10_000.0}
    anna = agreed(person(), an_event())
    anna.sends_photo(selfie(ANNA))
    anna.reads("blurred or too dark")


def test_a_file_that_telegram_does_not_give_is_too_large(bot: Any, person: Callable[..., Person]) -> None:
    anna = agreed(person(), an_event())
    anna.sends_document(b"raw", "selfie.tif", "image/tiff", size=21 * MEGABYTE)
    anna.reads("larger than 20 MB")


def test_a_photo_with_more_pixels_than_a_selfie_has_is_refused(
    bot: Any, person: Callable[..., Person], settings: Any
) -> None:
    settings.SELFIE_MAX_PIXELS = 1000
    anna = agreed(person(), an_event())
    anna.sends_photo(selfie(ANNA))
    anna.reads("has too many pixels")


def test_of_several_faces_one_is_chosen_by_its_number(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA, copies=2)
    world.add(BORIS)
    anna = agreed(person(), world)
    anna.sends_photo(painted(BORIS, ANNA))
    question = anna.reads("Which one is yours?", kind="photo")
    assert list(question.buttons) == ["1", "2"]
    with Image.open(io.BytesIO(question.data)) as drawn:
        assert (np.asarray(drawn.convert("RGB"))[..., 0] > 200).any()
    anna.presses_data("face:1")
    anna.reads("I found 2 photos")


def test_a_button_of_a_selfie_that_is_gone_asks_for_it_again(bot: Any, person: Callable[..., Person]) -> None:
    anna = agreed(person(), an_event())
    anna.presses_data("face:1")
    anna.reads("That photo is not there any more")


def test_an_event_that_closed_meanwhile_is_named_so(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    anna = agreed(person(), world)
    world.event.published = False
    world.event.save()
    anna.sends_photo(selfie(ANNA))
    anna.reads("This event is not open any more")


def test_searches_beyond_the_sites_limit_wait_for_their_turn(
    bot: Any, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.throttling import ScopedRateThrottle

    world = an_event()
    world.add(ANNA)
    anna = agreed(person(), world)
    refusals = iter([False])

    def allow_request(_throttle: ScopedRateThrottle, _request: Any, view: Any) -> bool:
        return getattr(view, "throttle_scope", None) != "search" or next(refusals, True)

    monkeypatch.setattr(ScopedRateThrottle, "allow_request", allow_request)
    monkeypatch.setattr(ScopedRateThrottle, "wait", lambda *_: 2.0)
    anna.sends_photo(selfie(ANNA))
    anna.reads("Many people are searching")
    anna.reads("I found 1 photo")
