"""Several selfies in one request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import Caller
from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB = 3, 17


@pytest.fixture
def gala(db: None) -> Event:
    event = event_create(name="Gala")
    processed(event, painted(ANN), painted(BOB), painted(ANN))
    return event


def test_it_answers_per_file_and_one_bad_file_spoils_no_other(caller: Callers, gala: Event) -> None:
    files = {"ann.png": painted(ANN), "text.png": b"text", "both.png": painted(ANN, BOB), "bob.png": painted(BOB)}
    selfies = [SimpleUploadedFile(name, content) for name, content in files.items()]
    answer = caller("client").upload("search/batch/", photos=selfies)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["name"] for result in results] == list(files)
    assert [len(result.get("photos", [])) for result in results] == [2, 0, 0, 1]
    assert [result.get("code") for result in results] == [None, "not_an_image", "several_faces", None]
    assert len(results[2]["faces"]) == 2


def test_it_takes_a_limited_number_of_selfies(caller: Callers, settings: Any) -> None:
    settings.SELFIE_MAX_FILES = 2
    selfies = [SimpleUploadedFile(f"{n}.png", painted(ANN)) for n in range(3)]
    answer = caller("client").upload("search/batch/", photos=selfies)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_files")


def test_selfies_are_on_no_disk(caller: Callers, gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    def spool(*args: Any) -> None:
        raise AssertionError("a selfie on the disk")

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", spool)
    selfies = [SimpleUploadedFile(f"{n}.png", painted(ANN)) for n in range(2)]
    answer = caller("client").upload("search/batch/", photos=selfies)
    assert [len(result["photos"]) for result in answer.json()["results"]] == [2, 2]


def test_one_selfie_that_is_too_large_spoils_no_other(caller: Callers, gala: Event, settings: Any) -> None:
    settings.SELFIE_MAX_BYTES = 100_000
    selfies = [SimpleUploadedFile("large.png", b"x" * 150_000), SimpleUploadedFile("ann.png", painted(ANN))]
    results = caller("client").upload("search/batch/", photos=selfies).json()["results"]
    assert [result.get("code") for result in results] == ["too_large", None]


def test_selfies_that_are_too_large_together_are_refused(caller: Callers, settings: Any) -> None:
    settings.SELFIES_MAX_BYTES = 1000
    selfies = [SimpleUploadedFile(f"{n}.png", b"x" * 50_000) for n in range(2)]
    answer = caller("client").upload("search/batch/", photos=selfies)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_unknown_event_is_an_error_of_the_whole(caller: Callers) -> None:
    selfie = SimpleUploadedFile("me.png", painted(ANN))
    assert caller("client").upload("search/batch/", photos=[selfie], event="nowhere").status_code == 404


def test_a_bot_sends_one_selfie_at_a_time(caller: Callers) -> None:
    selfie = SimpleUploadedFile("me.png", painted(ANN))
    assert caller("bot").upload("search/batch/", photos=[selfie]).status_code == 403
