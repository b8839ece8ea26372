"""Dropping files on an event's page: one request per file, all in one upload."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from faces.models import Event, Photo, Refusal, UploadBatch
from faces.services.uploads import batch_create, event_create
from faces.tests.desk import address, signed_in
from faces.tests.painting import painted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]


@pytest.fixture
def gala() -> Event:
    """An event without photos."""
    return event_create(name="Gala")


def _start(browser: Client, event: Event) -> str:
    answer = browser.post(address("faces_event_upload", event.pk))
    assert answer.status_code == 201
    return str(answer.json()["send_to"])


def _send(browser: Client, link: str, name: str, data: bytes) -> Any:
    return browser.post(link, {"file": SimpleUploadedFile(name, data)})


def test_it_takes_the_good_files_and_names_the_broken_one(gala: Event, sent: list[Any]) -> None:
    browser = signed_in("organiser")
    link, twice = _start(browser, gala), painted(1)
    files = {"a.png": twice, "b.jpg": b"<html>", "c.png": painted(2), "d.png": twice, "e.png": painted(3)[:-80]}
    answers = {name: _send(browser, link, name, data) for name, data in files.items()}
    assert [answer.status_code for answer in answers.values()] == [202, 422, 202, 202, 422]
    assert answers["b.jpg"].json()["code"] == "not_an_image"
    assert answers["e.png"].json()["detail"].startswith("Damaged file. ")
    assert [answers[name].json()["duplicate"] for name in ("a.png", "c.png", "d.png")] == [False, False, True]
    batch = UploadBatch.objects.get()
    assert [photo.original_name for photo in batch.photos.all()] == ["a.png", "c.png"]
    assert [refusal.name for refusal in Refusal.objects.filter(batch=batch)] == ["b.jpg", "e.png"]
    assert [ids for _, ids in sent] == [[photo.pk] for photo in batch.photos.all()]


def test_it_remembers_who_sent_them(gala: Event) -> None:
    _start(signed_in("organiser"), gala)
    assert str(UploadBatch.objects.get().by) == "the-organiser"


def test_it_needs_the_permission_to_add_photos(gala: Event) -> None:
    for role in ("moderator", ""):
        assert signed_in(role).post(address("faces_event_upload", gala.pk)).status_code == 403
    assert not UploadBatch.objects.exists()


def test_a_stranger_is_sent_to_the_sign_in_page(client: Client, gala: Event) -> None:
    assert client.post(address("faces_event_upload", gala.pk)).status_code == 302


def test_it_takes_nothing_without_the_csrf_token(gala: Event) -> None:
    browser = signed_in("organiser", enforce_csrf_checks=True)
    assert browser.post(address("faces_event_upload", gala.pk)).status_code == 403


def test_it_takes_nothing_into_the_upload_of_somebody_else_or_of_another_event(gala: Event) -> None:
    browser = signed_in("organiser")
    foreign = batch_create(event=gala, by=None)
    other = event_create(name="Lunch")
    mine = int(_start(browser, other).rstrip("/").rpartition("/")[2])
    for batch in (foreign.pk, mine):
        link = address("faces_event_upload_file", gala.pk, batch)
        assert _send(browser, link, "a.png", painted(1)).status_code == 404
    assert not Photo.objects.exists()


def test_it_says_that_no_file_was_sent(gala: Event) -> None:
    browser = signed_in("organiser")
    assert browser.post(_start(browser, gala)).status_code == 400


def test_it_is_no_page_to_look_at(gala: Event) -> None:
    assert signed_in("organiser").get(address("faces_event_upload", gala.pk)).status_code == 405
