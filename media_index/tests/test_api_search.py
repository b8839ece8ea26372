"""Searching the index over HTTP."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pixels

from conftest import Caller
from media_index.models import Image
from media_index.tests.gallery import hung, painted

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]
FIELDS = {
    *("sha256", "name", "events", "similarity", "because", "thumbnail_url", "url", "width", "height", "bytes"),
    *("format", "taken_at", "camera", "tags", "rating", "caption", "superseded_by"),
}


def png(*colours: str, side: int = 64) -> io.BytesIO:
    """A PNG of these colours."""
    buffer = io.BytesIO()
    Pixels.fromarray(painted(*colours, side=side)).save(buffer, "PNG")
    buffer.seek(0)
    buffer.name = "sample.png"
    return buffer


def found(answer: Any) -> list[str]:
    """The SHA-256s of a good answer."""
    assert answer.status_code == 200, answer.content
    return [row["sha256"] for row in answer.json()["results"]]


def test_it_finds_by_words_with_everything_that_is_known(caller: Callers) -> None:
    image = hung("red", tags=["rose", "Flower"], names=["garden/IMG_1.jpg"], rating=4, camera="Canon")
    hung("blue", tags=["rose"])
    answer = caller("client").read("media/search/", q="red rose", rating_min=4).json()
    [row] = answer["results"]
    assert (answer["count"], answer["missing"], set(row)) == (1, "", FIELDS)
    assert (row["sha256"], row["name"], row["because"]) == (image.sha256, "IMG_1.jpg", "picture")
    assert (row["tags"], row["rating"], row["camera"]) == (["Flower", "rose"], 4, "Canon")
    assert 0.5 < row["similarity"] <= 1
    assert "/media/thumbs/" in row["thumbnail_url"]
    assert "signature=" in row["url"]


@pytest.mark.parametrize(
    "query",
    [
        {"tag": ["rose", "RED"]},
        {"format": "jpeg", "rating_min": 5},
        {"taken_from": "2026-05-01", "taken_to": "2026-05-01"},
        {"orientation": "landscape", "pixels_min": 6_000_000, "bytes_max": 1_000_000, "camera": "Canon"},
        {"q": "rose", "tag": "red"},
    ],
)
def test_it_filters(caller: Callers, query: dict[str, Any]) -> None:
    columns: dict[str, Any] = {"rating": 5, "taken_at": "2026-05-01T12:00Z", "camera": "Canon"}
    image = hung("red", tags=["rose", "red"], **columns)
    hung("blue", tags=["rose"], format="PNG", width=10, height=20, bytes=2_000_000)
    assert found(caller("moderator").read("media/search/", **query)) == [image.sha256]


def test_it_pages(caller: Callers) -> None:
    images = [hung("red", tags=["rose"]) for _ in range(3)]
    client = caller("client")
    pages = [client.read("media/search/", q="rose", limit=2, offset=offset) for offset in (0, 2)]
    assert sorted(found(pages[0]) + found(pages[1])) == sorted(image.sha256 for image in images)
    assert pages[0].json()["count"] == 3


def test_it_says_what_is_missing(caller: Callers, chosen_engine: Any) -> None:
    chosen_engine("classic")
    image = hung("red", tags=["rose"])
    answer = caller("client").read("media/search/", q="rose")
    assert found(answer) == [image.sha256]
    assert "manage.py export_clip" in answer.json()["missing"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 501},
        {"offset": -1},
        {"min_similarity": "nan"},
        {"rating_min": 6},
        {"taken_from": "yesterday"},
        {"format": "exe"},
        {"orientation": "diagonal"},
        {"bytes_min": -1},
        {"pixels_max": 2**70},
        {"person": "nobody"},
        {"q": "x" * 501},
        {"q": "a\0b"},
        {"event": "a b"},
    ],
)
def test_it_refuses_what_makes_no_sense(caller: Callers, query: dict[str, Any]) -> None:
    answer = caller("client").read("media/search/", **query)
    assert (answer.status_code, set(answer.json()) >= {"code", "detail"}) == (400, True)


def test_it_knows_no_event_that_is_not_there(caller: Callers) -> None:
    assert caller("client").read("media/search/", event="nowhere").json()["code"] == "not_found"


def test_an_image_finds_similar_ones(caller: Callers) -> None:
    red, twin = hung("red"), hung("red", rating=3)
    hung("blue")
    assert found(caller("client").read(f"media/{red.sha256}/similar/")) == [twin.sha256]
    assert found(caller("client").read(f"media/{red.sha256}/similar/", rating_min=4)) == []
    assert caller("client").read(f"media/{'0' * 64}/similar/").status_code == 404
    Image.objects.create(sha256="a" * 64, format="PNG", bytes=1, width=1, height=1)
    answer = caller("client").read(f"media/{'a' * 64}/similar/")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_indexed")


def test_a_picture_that_is_sent_finds_similar_ones(caller: Callers) -> None:
    red, rose = hung("red"), hung("red", tags=["rose"])
    blue = hung("blue", tags=["rose"])
    client = caller("client")
    assert set(found(client.upload("media/similar/", photo=png("red")))) == {red.sha256, rose.sha256}
    assert set(found(client.upload("media/similar/", photo=png("red"), q="rose", limit=1))) == {rose.sha256}
    assert found(client.upload("media/similar/", photo=png("red"), tag=["rose"], min_similarity=0.3)) == [rose.sha256]
    assert blue.sha256 in found(client.upload("media/similar/", photo=png("blue")))


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 415, "empty"),
        (b"no picture", 415, "not_an_image"),
        (png("red").getvalue()[:-40], 415, "damaged"),
        (png("red").getvalue() + b" " * settings.SELFIE_MAX_BYTES, 413, "too_large"),
    ],
)
def test_it_says_what_is_wrong_with_a_file(caller: Callers, content: bytes, status: int, code: str) -> None:
    file = io.BytesIO(content)
    file.name = "sample.png"
    answer = caller("client").upload("media/similar/", photo=file)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_refuses_a_picture_of_too_many_pixels_before_decoding_it(caller: Callers, settings: Any) -> None:
    settings.SELFIE_MAX_PIXELS = 100
    answer = caller("client").upload("media/similar/", photo=png("red"))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_pixels")


def test_it_needs_a_picture(caller: Callers) -> None:
    assert caller("client").upload("media/similar/").json()["code"] == "invalid"
    assert caller("client").send("media/similar/", {"photo": "x"}).status_code == 415


def test_bots_and_strangers_see_nothing(caller: Callers) -> None:
    image = hung("red")
    for role in ("bot", ""):
        for path in ("media/search/", f"media/{image.sha256}/similar/"):
            assert caller(role).read(path).status_code == 403
        assert caller(role).upload("media/similar/", photo=png("red")).status_code == 403


def test_it_asks_the_database_equally_often_for_any_number_of_images(caller: Callers) -> None:
    client = caller("client")

    def queries(count: int) -> int:
        for number in range(count):
            hung("red", tags=["rose", f"number {number}"], names=["a.jpg", "b.jpg"])
        with CaptureQueriesContext(connection) as asked:
            assert client.read("media/search/", q=f"rose or {count}").status_code == 200
        return len(asked)

    client.read("media/search/")
    assert queries(2) == queries(9)


def test_the_picture_is_compared_as_upright_rgb(caller: Callers) -> None:
    red = hung("red")
    buffer = io.BytesIO()
    Pixels.fromarray(np.dstack([painted("red"), np.full((32, 32), 255, np.uint8)])).save(buffer, "PNG")
    buffer.seek(0)
    buffer.name = "alpha.png"
    assert found(caller("client").upload("media/similar/", photo=buffer)) == [red.sha256]
