"""Searching what is written of images: tags, captions, names of files, in Russian and in English."""

from pathlib import Path

import pytest
from django.core.cache import cache

from media_index.models import Image
from media_index.services.describing import images_describe
from media_index.services.search import media_search
from media_index.services.tagging import image_caption
from media_index.tests.gallery import found_as, hung
from media_index.tests.library import catalogue, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("silent")]


@pytest.fixture
def silent(chosen_engine: object) -> None:
    """An engine that cannot read words."""
    chosen_engine("fake", words=False)  # type: ignore[operator]


def found(words: str) -> list[Image]:
    """What these words find now, best first."""
    cache.clear()
    hits = media_search(words=words, limit=100).hits
    images = Image.objects.in_bulk([hit.image_id for hit in hits])
    return [images[hit.image_id] for hit in hits]


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("свадьба", "свадьбы"),
        ("красивые невесты", "красивая невеста"),
        ("weddings", "wedding"),
        ("running dogs", "dog runs"),
        ("ёлка", "елки"),
        ("Новый год", "НОВЫЙ ГОД"),
        ("summer-party", "summer party"),
        ("summer party", "summer-party"),
        ("Музей им. Пушкина, зал 3", "музеи Пушкин"),
    ],
)
def test_it_finds_a_tag_in_any_form_of_its_words(tag: str, words: str) -> None:
    image = hung(tags=[tag])
    hung(tags=["лес", "forest"])
    assert found(words) == [image]


@pytest.mark.parametrize(
    "words", ["IMG_0042", "img 0042", "IMG_0042.JPG", "0042", "Ivanov", "wedding", "2019", "Wedding2019", "trip"]
)
def test_it_finds_the_parts_of_a_files_name_and_of_its_folders(words: str) -> None:
    image = hung(names=["trip-to.Suzdal/Wedding2019_Ivanov/IMG_0042.JPG"])
    hung(names=["other/DSC_0043.JPG"])
    assert found(words) == [image]


@pytest.mark.parametrize("words", ["fire", "firew", "dark firewo", "фейер", "ночной фейер"])
def test_the_last_word_may_be_begun_only(words: str) -> None:
    image = hung(tags=["dark fireworks", "ночной фейерверк"])
    hung(tags=["dark night", "ночной город"])
    assert found(words) == [image]


@pytest.mark.parametrize("words", ["firew dark", "fi", '"the dark firewo"'])
def test_other_words_may_not(words: str) -> None:
    hung(tags=["fireworks in the dark"])
    assert found(words) == []


def test_it_understands_phrases_alternatives_and_exclusions() -> None:
    dog, cat = hung(tags=["black dog"]), hung(tags=["black cat"])
    assert found('"black dog"') == [dog]
    assert found('"dog black"') == []
    assert {image.pk for image in found("dog or cat")} == {dog.pk, cat.pk}
    assert found("black -dog") == [cat]


def test_tags_weigh_more_than_captions_and_those_more_than_names() -> None:
    tagged, captioned, named = hung(tags=["beach"]), hung(), hung(names=["beach.jpg"])
    image_caption(image=captioned, caption="On the beach")
    assert found("beach") == [tagged, captioned, named]
    similarities = [hit.similarity for hit in media_search(words="beach", limit=9).hits]
    assert all(similarity and 0.5 <= similarity < 1 for similarity in similarities)


def test_nonsense_finds_nothing() -> None:
    hung(tags=["beach"], names=["IMG_1.jpg"])
    for words in ["xyzzy", "и", "the", "___", "...", "' & | ! ( ) :* \\", "\0", '"', "-", "<->", "²²²", "a" * 3000]:
        assert found(words) == [], words


def test_every_name_of_an_image_counts_once() -> None:
    image = hung(names=["a/one.jpg"])
    found_as(image, "b/two.jpg")
    assert found("two") == []
    image_caption(image=image, caption="")
    assert found("two") == found("one") == [image]


def test_it_says_what_is_missing_while_pictures_cannot_be_searched() -> None:
    hung(tags=["beach"])
    answer = media_search(words="beach", limit=9)
    assert [hit.because for hit in answer.hits] == ["words"]
    assert "manage.py export_clip" in answer.missing
    assert media_search(limit=9).missing == ""


def test_an_image_that_was_kept_is_found_by_what_is_written_of_those_it_supersedes() -> None:
    kept = hung(names=["kept.jpg"])
    copy = hung(names=["copy.jpg"], superseded_by=kept)
    images_describe(image_ids=[copy.pk])
    assert found("copy") == found("kept") == [kept]


def test_an_image_that_is_found_under_another_name_is_found_by_both(tmp_path: Path) -> None:
    for folder, name in [("one", "beach.jpg"), ("two", "sunset.jpg")]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(photo(1))
        catalogue(tmp_path / folder)
    [image] = Image.objects.all()
    images_describe(image_ids=[image.pk])
    assert found("sunset") == found("beach") == [image]
