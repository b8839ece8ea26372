"""Sending a selfie to an event's page, by a form or by a script."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from faces.models import Event, SelfieSearch
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.painting import painted, processed
from faces.tests.visiting import JSON, find, found, sent_file, text
from photofinder import engines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static", "unhurried")]


@pytest.fixture
def gala() -> Event:
    """1.png shows Ann and Bob, 2.png Bob, 3.png Ann."""
    event = open_event("Gala")
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN))
    return event


def _script(client: Client, event: Event, *identities: int, **fields: Any) -> Any:
    fields = {"photo": sent_file(*identities), "consent": "1"} | fields
    return client.post(f"/e/{event.slug}/find/", fields, headers=JSON)


def test_a_form_is_led_to_its_photos(client: Client, gala: Event) -> None:
    answer = find(client, gala, ANN)
    assert answer.status_code == 302
    page = text(client.get(answer["Location"]))
    assert "2 photos of you" in page
    assert "Photo 1.png" in page
    assert "Photo 3.png" in page
    assert "Photo 2.png" not in page


def test_a_script_is_told_where_they_are(client: Client, gala: Event) -> None:
    answer = _script(client, gala, ANN)
    assert set(answer.json()) == {"url", "likeness"}
    assert "2 photos of you" in text(client.get(answer.json()["url"]))


def test_it_leaves_a_line_without_the_image(client: Client, gala: Event) -> None:
    search = found(client, gala, ANN)
    assert (search.channel, search.event, search.outcome, search.photos_count) == ("page", gala, "found", 2)
    assert search.has_consent


def test_nothing_is_looked_at_without_consent(client: Client, gala: Event) -> None:
    page = text(find(client, gala, ANN, consent=None), 403)
    assert "One tick is missing" in page
    assert "data-selfie" in page
    assert not SelfieSearch.objects.exists()


@pytest.mark.parametrize(
    ("selfie", "status", "words"),
    [
        (b"", 415, "This photo cannot be read"),
        (b"text " * 100, 415, "This is not a photo"),
        (painted(ANN)[:200], 415, "This photo cannot be read"),
        (painted(), 422, "No face was found"),
        (painted(ANN, side=12), 422, "The face is too small"),
    ],
)
def test_it_says_what_is_wrong_and_still_has_the_form(
    client: Client, gala: Event, selfie: bytes, status: int, words: str
) -> None:
    page = text(find(client, gala, photo=sent_file(data=selfie)), status)
    assert words in page
    assert "data-selfie" in page
    assert 'type="file"' in page
    assert re.search(r'name="consent" value="1" required checked', page)
    told = _script(client, gala, photo=sent_file(data=selfie))
    assert (told.status_code, told.json()["title"]) == (status, words)


def test_it_says_so_in_russian(client: Client, gala: Event) -> None:
    client.cookies["django_language"] = "ru"
    answer = _script(client, gala)
    assert answer.json()["title"] == "Лицо не найдено"
    assert "Посмотрите прямо в камеру" in answer.json()["detail"]


def test_a_form_without_a_photo_asks_for_one(client: Client, gala: Event) -> None:
    assert "There is no photo yet" in text(find(client, gala, photo=None), 400)


def test_what_is_too_large_is_not_looked_at(client: Client, gala: Event, settings: Any) -> None:
    settings.SELFIE_MAX_BYTES = 1000
    for size in (1001, 300_000, 5_000_000):  # a little, beyond the whole request, out of all proportion
        answer = _script(client, gala, photo=sent_file(data=b"x" * size))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), size


def test_it_refuses_too_many_pixels(client: Client, gala: Event, settings: Any) -> None:
    settings.SELFIE_MAX_PIXELS = 100
    assert "too many pixels" in text(find(client, gala, ANN), 413)


def test_several_faces_are_answered_with_their_boxes(client: Client, gala: Event) -> None:
    answer = _script(client, gala, ANN, BOB)
    assert (answer.status_code, answer.json()["code"]) == (422, "several_faces")
    assert [len(box) for box in answer.json()["faces"]] == [4, 4]
    urls = [_script(client, gala, ANN, BOB, face=index).json()["url"] for index in (0, 1)]
    shown = {tuple(re.findall(r"Photo (\d).png", text(client.get(url)))) for url in urls}
    assert {frozenset(photos) for photos in shown} == {frozenset("13"), frozenset("12")}


def test_a_form_chooses_among_several_faces_without_sending_the_photo_again(client: Client, gala: Event) -> None:
    page = text(find(client, gala, ANN, BOB), 422)
    assert page.count('class="face-box"') == 2
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    assert kept is not None
    answer = client.post("/e/gala/find/", {"kept": kept[1], "consent": "1", "face": "1"})
    assert "2 photos of you" in text(client.get(answer["Location"]))


def test_what_comes_back_of_the_photo_is_not_trusted(client: Client, gala: Event) -> None:
    for kept in ("!", "eA==", "x" * 5000):
        answer = client.post("/e/gala/find/", {"kept": kept, "consent": "1"})
        assert answer.status_code == 415, kept


def test_what_comes_back_has_the_limits_of_a_selfie(client: Client, gala: Event, settings: Any) -> None:
    settings.SELFIE_MAX_PIXELS = 100
    kept = base64.b64encode(painted(ANN)).decode()
    assert client.post("/e/gala/find/", {"kept": kept, "consent": "1"}).status_code == 413


def test_another_photo_adds_to_what_was_found(client: Client, gala: Event) -> None:
    first = _script(client, gala, ANN).json()
    code = first["url"].split("/")[2]
    more = painted(ANN)
    answer = _script(client, gala, photo=sent_file(data=more), earlier=code, likeness=first["likeness"])
    assert "2 photos of you" in text(client.get(answer.json()["url"]))
    other = _script(client, gala, BOB, earlier=code, likeness=first["likeness"])
    assert (other.status_code, other.json()["title"]) == (422, "This looks like somebody else")


def test_nonsense_in_other_fields_is_no_mistake_of_the_site(client: Client, gala: Event) -> None:
    assert _script(client, gala, ANN, face="x").status_code == 200
    assert _script(client, gala, ANN, face="9").status_code == 422
    assert _script(client, gala, ANN, earlier="nothing\0").status_code == 404
    assert _script(client, gala, ANN, likeness="nothing").status_code == 410


def test_it_asks_hasty_visitors_to_wait(client: Client, gala: Event, settings: Any) -> None:
    cache.clear()
    settings.PAGE_SEARCH_RATE = "2/min"
    answers = [_script(client, gala, ANN) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert re.search(r"Wait \d+ second", text(find(client, gala, ANN), 429))
    elsewhere = client.post("/e/gala/find/", {"consent": "1"}, headers=JSON, REMOTE_ADDR="10.1.1.1")
    assert elsewhere.status_code == 400


def test_the_engine_may_be_missing(client: Client, gala: Event, settings: Any, tmp_path: Path) -> None:
    settings.ENGINES = {"face": settings.FACE_ENGINES["insightface"] | {"OPTIONS": {"root": str(tmp_path)}}}
    engines._make.cache_clear()
    page = text(find(client, gala, ANN), 503)
    assert "taking a break" in page
    assert "download_models" not in page


def test_a_form_of_another_site_is_refused(gala: Event) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert find(strict, gala, ANN).status_code == 403
    strict.get("/e/gala/")
    token = strict.cookies["csrftoken"].value
    assert find(strict, gala, ANN, csrfmiddlewaretoken=token).status_code == 302


def test_a_selfie_is_on_no_disk(client: Client, gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a selfie was spooled")

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", refuse)
    big = painted(ANN, side=900) + b"\0" * 3_000_000  # larger than what Django itself holds in memory
    assert find(client, gala, photo=sent_file(data=big)).status_code == 302


def test_pages_are_read_only_by_get(client: Client, gala: Event) -> None:
    assert client.get("/e/gala/find/").status_code == 405
    assert client.post("/e/gala/").status_code == 405
