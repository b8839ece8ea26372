"""Searching what images show: by words that an engine reads, by a picture, and both with what is written."""

from typing import Any

import numpy as np
import pytest

from media_index.models import Image
from media_index.services.search import Found, media_search
from media_index.tests.gallery import hung, painted
from photofinder import engines
from photofinder.errors import EngineUnavailable, Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]


def shown(answer: Found) -> list[tuple[Image, str]]:
    """What was found, best first, and why."""
    images = Image.objects.in_bulk([hit.image_id for hit in answer.hits])
    return [(images[hit.image_id], hit.because) for hit in answer.hits]


def test_words_find_what_pictures_show() -> None:
    red, half = hung("red"), hung("red", "red", "red", "blue")
    hung("green")
    answer = media_search(words="red", limit=9)
    assert shown(answer) == [(red, "picture"), (half, "picture")]
    assert answer.missing == ""


def test_what_is_written_and_what_is_shown_add_up() -> None:
    pale, tagged = hung("red", "white", "white"), hung("blue", tags=["red"])
    both = hung("red", "white", "white", tags=["red"])
    hung("white", tags=["green"])
    answer = media_search(words="red", limit=9)
    assert shown(answer)[0] == (both, "both")
    assert set(shown(answer)[1:]) == {(pale, "picture"), (tagged, "words")}
    of = {hit.image_id: float(hit.similarity or 0) for hit in answer.hits}
    assert of[both.pk] == pytest.approx(1 - (1 - of[pale.pk]) * (1 - of[tagged.pk]))


@pytest.mark.parametrize("words", ["xyzzy", "gibberish qwrtp", "something", "zzz or qqq"])
def test_nonsense_finds_nothing(words: str) -> None:
    for colour in ("red", "green", "blue", "gray"):
        hung(colour, tags=["holiday"], names=["IMG_1.jpg"])
    assert media_search(words=words, limit=9).hits == []


def test_the_cut_off_can_be_moved() -> None:
    hung("red")
    third = hung("red", "blue", "green")
    assert third in [image for image, _ in shown(media_search(words="red", limit=9, min_similarity=0.0))]
    strict = media_search(words="red", limit=9, min_similarity=0.9999)
    assert all(hit.similarity is not None and hit.similarity >= 0.9999 for hit in strict.hits)


def test_a_picture_finds_what_looks_like_it() -> None:
    red, reddish = hung("red"), hung(*["red"] * 9, "yellow")
    hung("blue")
    answer = media_search(like=painted("red"), limit=9)
    assert shown(answer) == [(red, "picture"), (reddish, "picture")]
    similarities = [hit.similarity or 0 for hit in answer.hits]
    assert similarities == sorted(similarities, reverse=True)
    assert media_search(like=painted("magenta"), limit=9).hits == []


def test_a_stored_image_finds_others() -> None:
    red, twin = hung("red"), hung("red")
    hung("blue")
    assert shown(media_search(like=red, limit=9)) == [(twin, "picture")]


def test_a_picture_and_words_are_one_question() -> None:
    plain, tagged = hung("red"), hung("red", tags=["sunset"])
    words = hung("blue", tags=["sunset"])
    answer = media_search(words="sunset", like=painted("red"), limit=9)
    assert shown(answer)[0] == (tagged, "both")
    assert set(shown(answer)[1:]) == {(plain, "picture"), (words, "words")}


def test_an_image_without_a_vector_cannot_be_compared() -> None:
    image = Image.objects.create(sha256="a" * 64, format="PNG", bytes=1, width=1, height=1)
    with pytest.raises(Problem) as caught:
        media_search(like=image, limit=9)
    assert caught.value.code == "not_indexed"


def test_it_leaves_out_copies_and_stills() -> None:
    best = hung("red", tags=["rose"])
    hung("red", tags=["rose"], superseded_by=best)
    hung("red", tags=["rose"], is_still=True)
    assert [image for image, _ in shown(media_search(words="rose", limit=9))] == [best]
    assert [image for image, _ in shown(media_search(words="red", limit=9))] == [best]
    assert [image for image, _ in shown(media_search(like=painted("red"), limit=9))] == [best]
    assert [image for image, _ in shown(media_search(limit=9))] == [best]


def test_an_engine_without_weights_leaves_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    image = hung("red", tags=["rose"])

    def load(_: object) -> None:
        raise EngineUnavailable("The weights are missing: run manage.py export_clip.")

    monkeypatch.setattr(type(engines.get_engine("image")), "load", load)
    answer = media_search(words="rose", limit=9)
    assert shown(answer) == [(image, "words")]
    assert answer.missing == "The weights are missing: run manage.py export_clip."


def test_the_weights_of_a_chosen_engine_that_is_not_in_use_are_missed_too(chosen_engine: Any) -> None:
    chosen_engine("classic")
    hung("red", tags=["rose"])
    chosen_engine("clip", folder="/nowhere")
    answer = media_search(words="rose", limit=9)
    assert [hit.because for hit in answer.hits] == ["words"]
    assert "export_clip" in answer.missing and "`" not in answer.missing


def test_the_default_engine_finds_by_pictures_and_by_what_is_written(chosen_engine: Any) -> None:
    chosen_engine("classic")
    noise = np.random.default_rng(7).integers(0, 256, (64, 64, 3), np.uint8)
    red, tagged = hung("red"), hung("blue", tags=["red"])
    assert shown(media_search(words="red", limit=9)) == [(tagged, "words")]
    assert shown(media_search(like=painted("red"), limit=9))[0] == (red, "picture")
    assert tagged not in [image for image, _ in shown(media_search(like=painted("red"), limit=9))]
    assert media_search(like=noise, limit=9).hits == []
