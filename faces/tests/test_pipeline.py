"""A photo's way from upload to ready."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from faces.models import Face, Photo
from faces.services import pipeline
from faces.services.uploads import event_create
from faces.tests.painting import painted, process, processed, upload
from media_index.models import Image
from photofinder import storage
from photofinder.errors import EngineUnavailable
from photofinder.images import Picture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
State = Photo.State


def test_it_makes_a_photo_ready_with_thumbnails_faces_and_cut_outs() -> None:
    photo = processed(event_create(name="Gala"), painted(1, 2))[0]
    assert photo.state == State.READY
    for key in [
        photo.image.thumbnail_key(512),
        photo.image.thumbnail_key(1600),
        *(f.crop_key for f in photo.faces.all()),
    ]:
        with storage.open_file(key) as stream:
            assert Picture(stream).format == "WEBP"
    assert photo.faces.count() == 2


def test_it_does_nothing_the_second_time() -> None:
    photos = processed(event_create(name="Gala"), painted(1, 2), painted(2))
    before = list(Face.objects.values_list("pk", "person"))
    process(photos)
    assert list(Face.objects.values_list("pk", "person")) == before


def test_it_takes_over_the_faces_that_another_event_found(monkeypatch: pytest.MonkeyPatch, fake_engine: Any) -> None:
    data = painted(1, 2)
    processed(event_create(name="Gala"), data)
    looked_at: list[Sequence[Picture]] = []

    def analyse(_: object, pictures: Sequence[Picture]) -> list[object]:
        looked_at.append(pictures)
        return []

    monkeypatch.setattr(type(fake_engine), "analyse", analyse)
    photo = processed(event_create(name="Lunch"), data)[0]
    assert photo.state == State.READY
    assert looked_at == [[]]
    assert photo.faces.count() == 2
    assert Face.objects.values("person").distinct().count() == 4, "people of two events are joined by people"


def test_it_fails_a_photo_whose_original_is_gone_and_goes_on() -> None:
    photos = upload(event_create(name="Gala"), painted(1), painted(2))
    default_storage.delete(photos[0].image.key)
    process(photos)
    states = dict(Photo.objects.values_list("original_name", "state"))
    assert states == {"1.png": State.FAILED, "2.png": State.READY}
    assert Photo.objects.get(state=State.FAILED).error_code == "missing"


def test_it_processes_a_failed_photo_again_when_asked() -> None:
    photo = upload(event_create(name="Gala"), painted(1))[0]
    Photo.objects.update(state=State.FAILED, error_code="damaged", error="It was.", attempts=3)
    assert pipeline.photos_retry(photo_ids=[photo.pk]) == 1
    process([photo])
    photo.refresh_from_db()
    assert (photo.state, photo.error_code, photo.error) == (State.READY, "", "")


def test_it_names_the_missing_weights_on_each_photo(monkeypatch: pytest.MonkeyPatch, fake_engine: Any) -> None:
    def unavailable(*_: object) -> None:
        raise EngineUnavailable("Run `python manage.py download_models`.")

    monkeypatch.setattr(type(fake_engine), "analyse", unavailable)
    photo = processed(event_create(name="Gala"), painted(1))[0]
    assert (photo.state, photo.error_code) == (State.FAILED, "engine_unavailable")
    assert "download_models" in photo.error


def test_it_gives_up_on_a_photo_that_crashes_its_worker(settings: Any) -> None:
    photo = upload(event_create(name="Gala"), painted(1))[0]
    Photo.objects.update(attempts=settings.PIPELINE_ATTEMPTS)
    pipeline.photos_ingest(photo_ids=[photo.pk])
    photo.refresh_from_db()
    assert (photo.state, photo.error_code) == (State.FAILED, "crashed")


def test_it_tries_a_photo_alone_after_a_crash(sent: list[tuple[str, list[int]]]) -> None:
    photos = upload(event_create(name="Gala"), painted(1), painted(2))
    Photo.objects.filter(pk=photos[0].pk).update(attempts=1)
    pipeline.photos_ingest(photo_ids=[photo.pk for photo in photos])
    assert ("faces.tasks.ingest_photos", [photos[0].pk]) in sent
    assert list(Photo.objects.values_list("state", flat=True)) == [State.QUEUED, State.INGESTED]


def test_it_sends_a_lost_message_again(sent: list[tuple[str, list[int]]]) -> None:
    photos = upload(event_create(name="Gala"), painted(1), painted(2))
    sent.clear()
    Photo.objects.filter(pk=photos[0].pk).update(changed_at=timezone.now() - timedelta(hours=1))
    pipeline.photos_resume()
    assert sent == [("faces.tasks.ingest_photos", [photos[0].pk])]


def test_it_waits_while_messages_wait(sent: list[tuple[str, list[int]]], monkeypatch: pytest.MonkeyPatch) -> None:
    upload(event_create(name="Gala"), painted(1))
    sent.clear()
    Photo.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    monkeypatch.setattr(pipeline, "queue_length", lambda queue: 1)
    pipeline.photos_resume()
    assert sent == []


def test_it_makes_thumbnails_of_an_image_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = painted(1)
    processed(event_create(name="Gala"), data)
    made = Image.objects.get().ingested_at
    processed(event_create(name="Lunch"), data)
    assert Image.objects.get().ingested_at == made
