"""All photos of a result as one streamed ZIP archive."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer
from PIL import ExifTags, Image

from faces.models import Download, Event, Photo, SelfieSearch
from faces.services.archives import zip_stream
from faces.services.results import result_share
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.delivered import body, found, located, taken_in
from media_index.models import Image as Stored
from photofinder import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]


@pytest.fixture
def disk(settings: Any, tmp_path: Path) -> Path:
    options = {"location": tmp_path, "base_url": "/media/"}
    default = {"BACKEND": "photofinder.storage.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": default}
    return tmp_path


@pytest.fixture
def s3(settings: Any) -> Iterator[None]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    session = boto3.Session("key", "secret", region_name="us-east-1")
    session.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="photos")
    options = settings.S3_OPTIONS | {
        **{"bucket_name": "photos", "endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"},
        **{"access_key": "key", "secret_key": "secret"},
    }
    default = {"BACKEND": "photofinder.s3.JoiningS3Storage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": default}
    yield
    server.stop()


def _fetched(search: SelfieSearch, *, name: str = "attendee-zip", **options: Any) -> Any:
    code = search.shared_code if name == "shared-zip" else search.code
    return Client(**options).get(reverse(name, args=[code]))


def _archive(answer: Any) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert archive.testzip() is None
    return archive


def _event(**options: Any) -> Event:
    event = open_event("День города", **options)
    taken_in(event, **{"Ёлка__JPG": located(ANN), "b__jpg": located(ANN, BOB), "other__jpg": located(BOB)})
    return event


def test_it_holds_the_photos_of_the_result_under_their_names() -> None:
    answer = _fetched(found(_event()))
    archive = _archive(answer)
    assert sorted(archive.namelist()) == ["b.jpg", "Ёлка.jpg"]
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert "no-store" in answer["Cache-Control"]


def test_its_files_have_the_time_at_which_they_were_taken_and_no_place() -> None:
    archive = _archive(_fetched(found(_event())))
    for entry in archive.infolist():
        assert entry.date_time == (2026, 6, 12, 18, 30, 4)
        assert not Image.open(archive.open(entry)).getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_it_holds_previews_where_originals_are_withheld() -> None:
    event = _event(originals_allowed=False, watermark_text="©", watermark_corner="tiled")
    archive = _archive(_fetched(found(event)))
    assert sorted(archive.namelist()) == ["b.jpg", "Ёлка.jpg"]
    with storage.open_file(Photo.objects.get(original_name="b.jpg").image.key) as file:
        assert archive.read("b.jpg") != file.read()


def test_a_name_that_comes_twice_is_numbered() -> None:
    event = open_event()
    for name in ("a__jpg", "A__JPG", "a__jpeg"):
        taken_in(event, **{name: located(ANN)})
    names = {name.casefold() for name in _archive(_fetched(found(event))).namelist()}
    assert names == {"a.jpg", "a (2).jpg", "a (3).jpg"}


@pytest.mark.usefixtures("disk")
def test_a_photo_that_cannot_be_read_is_left_out_and_named() -> None:
    event = _event()
    search = found(event)
    storage.delete(Photo.objects.get(original_name="b.jpg").image.key)
    archive = _archive(_fetched(search))
    assert sorted(archive.namelist()) == ["missing.txt", "Ёлка.jpg"]
    assert archive.read("missing.txt").decode() == "These photos could not be read:\nb.jpg\n"


def test_a_file_that_breaks_off_breaks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    search = found(_event())

    def breaking(stream: Any) -> Iterator[bytes]:
        yield b"\xff\xd8half"
        raise OSError("connection lost")

    monkeypatch.setattr("faces.services.deliveries.without_place", breaking)
    archive = _archive(_fetched(search))
    assert (
        archive.read("missing.txt").decode().split("\n")[1:3] == ["b.jpg", "Ёлка.JPG"] or len(archive.namelist()) == 3
    )


def test_whoever_it_was_shared_with_gets_it_too() -> None:
    search = found(_event())
    assert Client().get(reverse("shared-zip", args=[search.code])).status_code == 404
    result_share(search=search)
    search.refresh_from_db()
    assert len(_archive(_fetched(search, name="shared-zip")).namelist()) == 2


def test_a_wrong_code_and_an_empty_result_have_a_page() -> None:
    event = _event()
    search = found(event)
    assert Client().get(reverse("attendee-zip", args=["wrong"])).status_code == 404
    Event.objects.update(published=False)
    answer = _fetched(search)
    assert answer.status_code == 404
    assert "There are no photos in it" in answer.content.decode()


def test_it_is_counted_once_with_its_photos() -> None:
    search = found(_event())
    _fetched(search)
    row = Download.objects.get()
    assert (row.kind, row.photos_count, row.search, row.event) == ("zip", 2, search, search.event)


@pytest.mark.parametrize(
    ("taken", "said"),
    [(2108, (2107, 12, 31, 23, 59, 58)), (9999, (2107, 12, 31, 23, 59, 58)), (1903, (1980, 1, 1, 0, 0, 0))],
)
def test_a_clock_that_is_wrong_by_a_century_takes_no_photo_away(taken: int, said: tuple[int, ...]) -> None:
    search = found(_event())
    Stored.objects.update(taken_at=datetime(taken, 1, 2, 3, 4, 5, tzinfo=UTC))
    archive = _archive(_fetched(search))
    assert {entry.filename: entry.date_time for entry in archive.infolist()} == {"b.jpg": said, "Ёлка.jpg": said}


def test_archives_are_not_fetched_endlessly(settings: Any) -> None:
    cache.clear()
    settings.PAGE_ZIP_RATE = "1/min"
    search = found(_event())
    answers = [_fetched(search), _fetched(search), _fetched(search, REMOTE_ADDR="10.1.1.1")]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert 0 < int(answers[1]["Retry-After"]) <= 60
    assert "Too many downloads at once" in answers[1].content.decode()


@pytest.mark.usefixtures("s3")
def test_it_works_on_s3_as_well() -> None:
    archive = _archive(_fetched(found(_event())))
    assert sorted(archive.namelist()) == ["b.jpg", "Ёлка.jpg"]


def test_a_thousand_photos_take_no_more_memory_than_one() -> None:
    photo = taken_in(open_event(), a__jpg=located(ANN))[0]
    tracemalloc.start()
    size = sum(len(chunk) for chunk in zip_stream(photos=[photo] * 1000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 1000 * 2000
    assert most < 4 * 1024 * 1024
