"""Watching a batch over HTTP, and trying again what failed."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from conftest import Caller
from faces.models import Photo, UploadBatch
from faces.services.uploads import batch_create, event_create, photos_upload
from faces.tests.painting import painted, process

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


@pytest.fixture
def batch(db: None) -> UploadBatch:
    return batch_create(event=event_create(name="Gala"), by=None)


def _send(batch: UploadBatch, *contents: bytes) -> list[Photo]:
    files = [(f"{number}.png", io.BytesIO(content)) for number, content in enumerate(contents, 1)]
    return [file.photo for file in photos_upload(batch=batch, files=files)[0]]


def _progress(caller: Callers, batch: UploadBatch) -> Any:
    return caller("client").read(f"batches/{batch.pk}/").json()


def _fail(photo: Photo) -> None:
    Photo.objects.filter(pk=photo.pk).update(state="failed", error_code="crashed", error="Processing stopped.")


def test_it_is_queued_at_first(caller: Callers, batch: UploadBatch) -> None:
    _send(batch, painted(1), painted(2))
    assert _progress(caller, batch) == {
        "state": "queued",
        "total": 2,
        "processed": 0,
        "failed": 0,
        "faces": 0,
        "eta_s": None,
        "errors": [],
    }


def test_it_is_running_while_some_photos_wait(caller: Callers, batch: UploadBatch) -> None:
    photos = _send(batch, painted(1, 9), painted(2))
    process(photos[:1])
    progress = _progress(caller, batch)
    assert (progress["state"], progress["processed"], progress["faces"]) == ("running", 1, 2)
    assert progress["eta_s"] >= 1


def test_it_is_done_when_every_photo_is(caller: Callers, batch: UploadBatch) -> None:
    process(_send(batch, painted(1), painted(2)))
    progress = _progress(caller, batch)
    assert (progress["state"], progress["processed"], progress["eta_s"]) == ("done", 2, 0)


def test_it_names_what_was_refused_and_what_failed(caller: Callers, batch: UploadBatch) -> None:
    photos = _send(batch, b"", painted(1), painted(2))
    _fail(photos[0])
    process(photos[1:])
    progress = _progress(caller, batch)
    assert (progress["state"], progress["total"], progress["processed"], progress["failed"]) == ("done", 3, 3, 2)
    assert progress["errors"] == [
        {"name": "1.png", "code": "empty", "detail": "The file is empty."},
        {"name": "2.png", "code": "crashed", "detail": "Processing stopped."},
    ]


def test_it_failed_when_nothing_became_ready(caller: Callers, batch: UploadBatch) -> None:
    _send(batch, b"", b"text")
    assert _progress(caller, batch)["state"] == "failed"


def test_it_is_done_when_it_brought_nothing_new(caller: Callers, batch: UploadBatch) -> None:
    content = painted(1)
    process(_send(batch, content))
    again = batch_create(event=batch.event, by=None)
    _send(again, content)
    assert _progress(caller, again)["state"] == "done"


def test_it_tries_failed_photos_again(caller: Callers, batch: UploadBatch, sent: list[Any]) -> None:
    photos = _send(batch, painted(1), painted(2))
    process(photos[1:])
    _fail(photos[0])
    sent.clear()
    answer = caller("organiser").send(f"batches/{batch.pk}/retry/")
    assert (answer.status_code, answer.json()["state"], answer.json()["errors"]) == (202, "running", [])
    assert sent == [("faces.tasks.ingest_photos", [photos[0].pk])]


def test_it_takes_the_same_queries_for_any_number_of_photos(
    caller: Callers, batch: UploadBatch, django_assert_max_num_queries: Any
) -> None:
    process(_send(batch, *(painted(number) for number in range(12))))
    client = caller("client")
    with django_assert_max_num_queries(10):
        client.read(f"batches/{batch.pk}/")


@pytest.mark.parametrize("batch_id", [0, 10**30])
def test_it_knows_no_unknown_batch(caller: Callers, batch_id: int) -> None:
    answer = caller("client").read(f"batches/{batch_id}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_bot_sees_no_batches(caller: Callers, batch: UploadBatch) -> None:
    assert caller("bot").read(f"batches/{batch.pk}/").status_code == 403
    assert caller("moderator").send(f"batches/{batch.pk}/retry/").status_code == 403
