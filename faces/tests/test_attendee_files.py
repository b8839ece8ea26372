"""Links to photos: whom they let in, what they answer, and which of them count as downloads."""

import io
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from PIL import Image

from faces.models import Download, Event, Photo
from faces.services.links import link_open, photo_link
from faces.tests.attendance import ANN, open_event
from faces.tests.delivered import body, fetched, found, located, taken_in
from photofinder import storage
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
KINDS = ["thumb", "preview", "original"]


def _photo(**options: Any) -> Photo:
    return taken_in(open_event(**options), **{"Ёлка__jpg": located(ANN)})[0]


def _text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_link_says_which_photo_how_and_for_whom() -> None:
    photo = _photo()
    search = found(photo.event)
    link = link_open(photo_link(photo=photo, kind="thumb", search=search).split("/")[2])
    assert (link.photo, link.kind, link.search) == (photo.pk, "thumb", search.pk)
    assert link_open(photo_link(photo=photo, kind="original").split("/")[2]).search is None


def test_a_link_is_the_same_for_a_while_and_then_expires(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    photo = _photo()
    link = photo_link(photo=photo, kind="preview")
    assert photo_link(photo=photo, kind="preview") == link
    later = time.time() + settings.URL_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Problem):
        link_open(link.split("/")[2])
    answer = Client().get(link)
    assert answer.status_code == 403
    assert "This link is not valid any more" in _text(answer)


@pytest.mark.parametrize("forged", ["original-{photo}-0-99999999999", "", "a~b", "{token}x", "x{token}"])
def test_a_link_cannot_be_forged(forged: str) -> None:
    photo = _photo()
    token = photo_link(photo=photo, kind="preview").split("/")[2]
    made = forged.format(photo=photo.pk, token=token) or "-"
    assert Client().get(reverse("attendee-file", args=[made, "x.jpg"])).status_code == 403


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_with_the_picture(kind: str) -> None:
    answer = fetched(_photo(), kind)
    assert Image.open(io.BytesIO(body(answer))).format == "JPEG"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private"} < set(answer["Cache-Control"].split(", "))


def test_an_original_keeps_its_name_in_any_alphabet() -> None:
    answer = fetched(_photo(), "original")
    assert answer["Content-Disposition"] == f"attachment; filename*=utf-8''{quote('Ёлка.jpg')}"
    assert fetched(_photo(name="Ball"), "preview")["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "values", [{"published": False}, {"access": Event.Access.CLOSED}, {"released_only": True}], ids=str
)
def test_what_is_taken_back_is_not_shown_any_more(kind: str, values: dict[str, Any]) -> None:
    photo = _photo()
    link = photo_link(photo=photo, kind=kind)
    Event.objects.filter(pk=photo.event_id).update(**values)
    answer = Client().get(link)
    assert answer.status_code == 404
    assert "This photo is not shown any more" in _text(answer)
    assert "no-store" in answer["Cache-Control"]


def test_a_released_photo_is_shown() -> None:
    photo = _photo(released_only=True)
    Photo.objects.filter(pk=photo.pk).update(is_released=True)
    assert fetched(photo, "original").status_code == 200


def test_an_event_by_code_shows_its_photos_to_whoever_was_given_a_link() -> None:
    assert fetched(_photo(access=Event.Access.CODE), "preview").status_code == 200


def test_originals_are_withheld_where_the_organiser_says_so() -> None:
    photo = _photo(originals_allowed=False)
    answer = fetched(photo, "original")
    assert answer.status_code == 403
    assert "Only previews of this event" in _text(answer)
    assert fetched(photo, "preview").status_code == 200


def test_a_deleted_photo_and_a_lost_file_have_a_page_too() -> None:
    photo, gone = _photo(), _photo(name="Ball")
    link = photo_link(photo=gone, kind="preview")
    gone.faces.all().delete()
    gone.delete()
    assert Client().get(link).status_code == 404
    storage.delete(photo.image.key)
    answer = fetched(photo, "original")
    assert answer.status_code == 404
    assert "This photo cannot be read" in _text(answer)


@pytest.mark.parametrize(
    ("kind", "query", "expected"),
    [
        ("thumb", "", []),
        ("preview", "", []),
        ("preview", "?download=1", ["preview"]),
        ("original", "", ["original"]),
    ],
)
def test_what_is_kept_is_counted_and_what_is_looked_at_is_not(kind: str, query: str, expected: list[str]) -> None:
    photo = _photo()
    search = found(photo.event)
    answer = fetched(photo, kind, search=search, query=query)
    assert answer["Content-Disposition"].startswith("attachment" if expected else "inline")
    rows = list(Download.objects.values_list("event", "search", "kind", "photos_count"))
    assert rows == [(photo.event_id, search.pk, kind, 1) for kind in expected]


def test_a_look_at_the_headers_is_no_download() -> None:
    photo = _photo()
    assert Client().head(photo_link(photo=photo, kind="original")).status_code == 200
    assert Client().post(photo_link(photo=photo, kind="original")).status_code == 405
    assert not Download.objects.exists()


def test_a_download_by_somebody_who_was_forgotten_since_is_counted_still() -> None:
    photo = _photo()
    search = found(photo.event)
    link = photo_link(photo=photo, kind="original", search=search)
    search.delete()
    Client().get(link)
    assert Download.objects.get().search is None


def test_photos_are_not_fetched_endlessly(settings: Any) -> None:
    cache.clear()
    settings.PAGE_FILE_RATE = "2/min"
    photo = _photo()
    answers = [fetched(photo, "thumb", headers={"accept": "application/json"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert answers[2].json()["detail"].startswith("Wait ")


def test_its_pages_speak_russian() -> None:
    photo = _photo(originals_allowed=False)
    answer = fetched(photo, "original", headers={"accept-language": "ru"})
    assert "Этого события — только превью" in _text(answer)
