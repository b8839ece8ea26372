"""Sending photos over HTTP."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conftest import Caller
from faces.models import Event, Photo, UploadBatch
from faces.services.uploads import event_create
from faces.tests.painting import painted

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
URL = "events/gala/photos/"


@pytest.fixture
def gala(db: None) -> Event:
    return event_create(name="Gala")


@pytest.fixture
def organiser(caller: Callers, gala: Event) -> Caller:
    return caller("organiser")


def _file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


def test_it_takes_several_photos_and_queues_them(organiser: Caller, sent: list[Any]) -> None:
    answer = organiser.upload(URL, files=[_file("a.png", painted(1)), _file("b.png", painted(2))])
    assert answer.status_code == 202
    accepted = answer.json()["accepted"]
    assert [(file["name"], file["duplicate"]) for file in accepted] == [("a.png", False), ("b.png", False)]
    assert answer.json()["refused"] == []
    assert sent == [("faces.tasks.ingest_photos", [file["photo"] for file in accepted])]
    batch = UploadBatch.objects.get(pk=answer.json()["batch"])
    assert (batch.by, batch.photos.count()) == (organiser.user, 2)


def test_it_names_the_bad_files_and_takes_the_good_one(organiser: Caller) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "red").save(buffer, "JPEG")
    files = [
        _file("empty.jpg", b""),
        _file("notes.jpg", b"no image\n" * 20),
        _file("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        _file("broken.jpg", buffer.getvalue()[:900]),
        _file("good.png", painted(1)),
    ]
    answer = organiser.upload(URL, files=files)
    assert answer.status_code == 202
    assert [file["name"] for file in answer.json()["accepted"]] == ["good.png"]
    assert {file["name"]: file["code"] for file in answer.json()["refused"]} == {
        "empty.jpg": "empty",
        "notes.jpg": "not_an_image",
        "page.svg": "not_an_image",
        "broken.jpg": "damaged",
    }
    assert all(file["detail"].endswith(".") for file in answer.json()["refused"])


def test_it_does_nothing_for_bytes_that_the_event_has(organiser: Caller, sent: list[Any]) -> None:
    content = painted(1)
    first = organiser.upload(URL, files=[_file("a.png", content)]).json()["accepted"][0]
    second = organiser.upload(URL, files=[_file("copy.png", content)]).json()["accepted"][0]
    assert second == {"name": "copy.png", "photo": first["photo"], "duplicate": True}
    assert [ids for _, ids in sent if ids] == [[first["photo"]]]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("имя с пробелом.png", "имя с пробелом.png"),
        ("../../escape.png", "escape.png"),
        ("..%2f..%2fescape.png", "..%2f..%2fescape.png"),
        ("C:\\photos\\x.png", "x.png"),
        ("<b>.png", "<b>.png"),
    ],
)
def test_it_keeps_the_name_but_no_path(organiser: Caller, name: str, kept: str) -> None:
    answer = organiser.upload(URL, files=[_named(name)])
    assert answer.json()["accepted"][0]["name"] == kept
    assert Photo.objects.get().original_name == kept
    assert ".." not in Photo.objects.get().image.key


def _named(name: str) -> SimpleUploadedFile:
    """A file under the very name, which Django would clean on our side already."""
    file = _file("x.png", painted(1))
    vars(file)["_name"] = name
    return file


def test_it_goes_on_with_a_batch(organiser: Caller) -> None:
    batch = organiser.upload(URL, files=[_file("a.png", painted(1))]).json()["batch"]
    answer = organiser.upload(URL, files=[_file("b.png", painted(2))], batch=batch)
    assert answer.json()["batch"] == batch
    assert UploadBatch.objects.get().photos.count() == 2


def test_it_does_not_mix_the_batches_of_events(organiser: Caller) -> None:
    batch = organiser.upload(URL, files=[_file("a.png", painted(1))]).json()["batch"]
    event_create(name="Lunch")
    answer = organiser.upload("events/lunch/photos/", files=[_file("b.png", painted(2))], batch=batch)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("fields", [{}, {"file": "x"}, {"files": "no file"}, {"files": [], "batch": "x"}])
def test_it_says_what_is_missing(organiser: Caller, fields: dict[str, Any]) -> None:
    answer = organiser.upload(URL, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not UploadBatch.objects.exists()


def test_it_refuses_too_many_files_with_json(organiser: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    answer = organiser.upload(URL, files=[_file(f"{n}.png", b"x") for n in range(3)])
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_files")


def test_it_refuses_a_file_over_the_limit(organiser: Caller, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 50
    refused = organiser.upload(URL, files=[_file("a.png", painted(1))]).json()["refused"]
    assert [file["code"] for file in refused] == ["too_large"]


def test_it_refuses_another_content_type(organiser: Caller) -> None:
    assert organiser.send(URL, {"files": []}).status_code == 415


def test_it_refuses_broken_multipart_with_json(organiser: Caller) -> None:
    answer = organiser.post(f"/api/v1/{URL}", b"no boundary", content_type="multipart/form-data")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_it_knows_no_unknown_event(organiser: Caller) -> None:
    answer = organiser.upload("events/nowhere/photos/", files=[_file("a.png", painted(1))])
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", ["moderator", "bot", ""])
def test_only_organisers_and_clients_send_photos(caller: Callers, gala: Event, role: str) -> None:
    answer = caller(role).upload(URL, files=[_file("a.png", painted(1))])
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
