"""Killing workers in the middle of an event neither loses nor doubles anything."""

import io
import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count

from faces.demo import demo_photos
from faces.models import Face, Person, Photo
from faces.services.pipeline import photos_resume
from faces.services.uploads import batch_create, event_create, photos_upload
from photofinder.celery import enqueue
from photofinder.engines import get_engine
from photofinder.images import Picture
from photofinder.tests.workers import empty_broker, wait_until, worker

pytestmark = pytest.mark.django_db(transaction=True)
FILES = list(demo_photos())[:16]


def test_it_finishes_every_photo_once_after_sigkill(tmp_path: Path, settings: Any) -> None:
    settings.PIPELINE_STALLED_SECONDS, settings.FACE_CHUNK = 2, 2
    _upload()
    for count in (3, 8):
        with worker(tmp_path / "killed.log") as doomed:
            wait_until(partial(_are_ready, count))
            doomed.kill()
        assert not _are_ready(len(FILES)), "the worker was killed too late to prove anything"
    with worker(tmp_path / "survivor.log"):
        wait_until(partial(_are_ready, len(FILES)))
    _assert_nothing_lost_or_doubled()


def test_it_finishes_the_task_of_a_killed_child(tmp_path: Path) -> None:
    _upload()
    with worker(tmp_path / "worker.log") as running:
        wait_until(lambda: _ready() > 0)
        for child in running.children():
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: _ready() == len(FILES))
    _assert_nothing_lost_or_doubled()


def test_it_does_each_stage_once_when_messages_come_twice(tmp_path: Path) -> None:
    _upload()
    waiting = list(Photo.objects.values_list("pk", flat=True))
    for _ in range(2):
        enqueue("faces.tasks.ingest_photos", waiting, chunk=4)
    with worker(tmp_path / "one.log"), worker(tmp_path / "two.log"):
        wait_until(lambda: _ready() == len(FILES))
    _assert_nothing_lost_or_doubled()


def _upload() -> None:
    empty_broker()
    event = event_create(name="Evening")
    photos_upload(batch=batch_create(event=event, by=None), files=[(name, io.BytesIO(data)) for name, data in FILES])


def _are_ready(count: int) -> bool:
    """Whether so many photos are done; does meanwhile what beat does, sending again what the dead held."""
    photos_resume()
    return _ready() >= count


def _ready() -> int:
    return Photo.objects.filter(state=Photo.State.READY).count()


def _assert_nothing_lost_or_doubled() -> None:
    found = Counter(dict(Photo.objects.annotate(n=Count("faces")).values_list("original_name", "n")))
    engine = get_engine("face")
    expected = Counter({name: len(engine.analyse([Picture.from_bytes(data)])[0]) for name, data in FILES})
    assert found == expected
    assert not Face.objects.values("photo", "person").exclude(person=None).annotate(n=Count("pk")).filter(n__gt=1)
    counted = dict(Person.objects.values_list("pk", "faces_count"))
    assert counted == dict(Face.objects.exclude(person=None).values_list("person").annotate(n=Count("pk")))
