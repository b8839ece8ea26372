"""Uploads in Admin: what was refused, what failed, and another attempt."""

import io
from typing import Any

import pytest

from faces.models import Photo, UploadBatch
from faces.services.uploads import batch_create, event_create, photos_upload
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]


@pytest.fixture
def batch() -> UploadBatch:
    """Two photos, one of which failed, and a file that is none."""
    batch = batch_create(event=event_create(name="Gala"), by=None)
    files = [("a.png", painted(1)), ("b.png", painted(2)), ("notes.txt", b"words")]
    photos_upload(batch=batch, files=[(name, io.BytesIO(data)) for name, data in files])
    failed = {"state": Photo.State.FAILED, "error_code": "crashed", "error": "Processing stopped 3 times."}
    batch.photos.filter(original_name="b.png").update(**failed)
    return batch


def test_the_page_names_refused_files_and_failed_photos(batch: UploadBatch) -> None:
    page = text(signed_in("organiser").get(address("faces_uploadbatch_change", batch.pk)))
    for words in ("notes.txt", "Not a photo", "b.png", "Processing crashed", "Processing stopped 3 times."):
        assert words in page
    assert 'title="a.png"' not in page


def test_failed_photos_are_tried_again(batch: UploadBatch, sent: list[Any]) -> None:
    link = address("faces_uploadbatch_retry", batch.pk)
    assert "1 photo is tried again." in text(signed_in("organiser").post(link, follow=True))
    failed = batch.photos.get(original_name="b.png")
    assert failed.state == Photo.State.QUEUED
    assert [ids for _, ids in sent] == [[failed.pk]]


def test_who_may_not_upload_may_not_try_again(batch: UploadBatch) -> None:
    browser = signed_in("moderator")
    link = address("faces_uploadbatch_retry", batch.pk)
    assert link not in text(browser.get(address("faces_uploadbatch_change", batch.pk)))
    assert browser.post(link).status_code == 403
    assert batch.photos.filter(state=Photo.State.FAILED).exists()


def test_looking_does_not_try_again(batch: UploadBatch) -> None:
    assert signed_in("organiser").get(address("faces_uploadbatch_retry", batch.pk)).status_code == 405


def test_its_progress_is_told(batch: UploadBatch) -> None:
    figures = signed_in("organiser").get(address("faces_uploadbatch_progress", batch.pk)).json()
    assert (figures["total"], figures["processed"], figures["failed"]) == (2, 1, 1)
