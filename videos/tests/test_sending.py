"""Films sent in parts: in any order, twice, after a pause, on a disk and on S3; then joined by the worker."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.utils import timezone
from moto.server import ThreadedMotoServer

from faces.models import Event
from faces.services.files import files_resume
from faces.services.uploads import event_create
from photofinder import storage
from photofinder.errors import Problem, RefusedFile
from videos.models import Video
from videos.services import sending
from videos.services.deletion import video_delete
from videos.services.indexing import video_index, videos_resume
from videos.services.joining import film_join
from videos.services.recording import Superseded
from videos.services.sending import (
    chunk_write,
    folder_films,
    missing_parts,
    sent_bytes,
    video_add_path,
    video_begin,
    video_begun,
    video_complete,
    video_take,
)
from videos.tests.filming import crossing, film
from videos.tests.storages import no_room_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_storage", "queue")]
PART = 1000
CONTENT = bytes(range(256)) * 13  # 3328 bytes: three parts and a rest


@pytest.fixture
def queue(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Parts of a thousand bytes, and the films that workers are told of."""
    settings.VIDEO_CHUNK_BYTES = PART
    told: list[int] = []
    monkeypatch.setattr(sending, "enqueue", lambda _path, ids: told.extend(ids))
    return told


@pytest.fixture
def bucket(settings: Any, own_storage: None) -> Iterator[Any]:
    """The bucket of a site whose storage is S3."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    access = {"access_key": "key", "secret_key": "secret", "region_name": "us-east-1"}
    where = {"bucket_name": "films", "endpoint_url": f"http://{host}:{port}"}
    client = boto3.Session("key", "secret", region_name="us-east-1").client("s3", endpoint_url=where["endpoint_url"])
    client.create_bucket(Bucket="films")
    default = {"BACKEND": "photofinder.s3.JoiningS3Storage", "OPTIONS": settings.S3_OPTIONS | access | where}
    settings.STORAGES = settings.STORAGES | {"default": default}
    yield default_storage.bucket  # type: ignore[attr-defined] # S3's
    server.stop()


def part(start: int, content: bytes = CONTENT, size: int = PART) -> io.BytesIO:
    return io.BytesIO(content[start : start + size])


def begun(content: bytes = CONTENT, **given: Any) -> Video:
    about: dict[str, Any] = {"name": "party.mp4", "bytes": len(content), "event": None, "by": None}
    return video_begin(**about | given)


def sent(content: bytes = CONTENT, size: int = PART) -> Video:
    """A film all of whose parts are here, the last one first."""
    video = begun(content)
    for start in reversed(range(0, len(content), size)):
        chunk_write(video=video, start=start, content=part(start, content, size))
    video_complete(video=video)
    return video


def taken_by_worker(video: Video) -> Video:
    Video.objects.filter(pk=video.pk).update(state="indexing", run=1)
    video.refresh_from_db()
    return video


def stored(video: Video) -> set[str]:
    return storage.film_keys(video.pk)


def whole(video: Video) -> bytes:
    with storage.open_file(video.key) as file:
        return file.read()


def test_parts_come_in_any_order_and_twice(queue: list[int]) -> None:
    video = begun()
    assert (video.state, missing_parts(video)) == ("sending", [0, 1000, 2000, 3000])
    for start in (3000, 0, 0):
        chunk_write(video=video, start=start, content=part(start))
    assert (missing_parts(video), sent_bytes(video)) == ([1000, 2000], 1328)
    with pytest.raises(Problem) as refused:
        video_complete(video=video)
    assert (refused.value.code, refused.value.extra) == ("parts_missing", {"missing": [1000, 2000]})
    for start in (2000, 1000):
        chunk_write(video=video, start=start, content=part(start))
    for _ in range(2):
        video_complete(video=video)
    assert (video.state, queue, missing_parts(video)) == ("queued", [video.pk], [])


@pytest.mark.parametrize(
    ("start", "content", "code"),
    [
        (500, b"x" * PART, "wrong_part"),
        (-1000, b"x" * PART, "wrong_part"),
        (4000, b"x" * PART, "wrong_part"),
        (0, b"x" * (PART - 1), "wrong_size"),
        (0, b"x" * (PART + 1), "wrong_size"),
        (0, b"", "wrong_size"),
        (3000, b"x" * PART, "wrong_size"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(start: int, content: bytes, code: str) -> None:
    video = begun()
    with pytest.raises(Problem) as refused:
        chunk_write(video=video, start=start, content=io.BytesIO(content))
    assert refused.value.code == code
    assert stored(video) == set()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "notes.txt"}, "not_a_video"),
        ({"name": "mp4"}, "not_a_video"),
        ({"bytes": 0}, "empty"),
        ({"bytes": 16 * 1024**3 + 1}, "too_large"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_it_is_sent(given: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        begun(**given)
    assert refused.value.code == code
    assert not Video.objects.exists()


def test_names_lose_folders_and_what_cannot_be_shown() -> None:
    assert begun(name="C:\\films\\my\x00 par\u202ety.MP4").name == "my party.mp4"
    assert begun(name="../../etc/.mov.mov").name == ".mov.mov"
    long = begun(name="я" * 400 + ".mkv").name
    assert (len(long), long[-5:]) == (255, "я.mkv")


def test_the_worker_joins_the_parts_and_drops_them() -> None:
    video = taken_by_worker(sent())
    film_join(video=video)
    video.refresh_from_db()
    assert whole(video) == CONTENT
    assert stored(video) == {video.key} == {f"films/{video.pk}/film.mp4"}
    assert not video.chunks.exists()
    film_join(video=video)  # of which nothing is left to do
    assert whole(video) == CONTENT


def test_parts_are_joined_on_s3(settings: Any, bucket: Any) -> None:
    settings.VIDEO_CHUNK_BYTES = size = 5 * 1024**2  # S3 joins no smaller ones
    content = CONTENT * 3500  # eleven megabytes
    video = taken_by_worker(sent(content, size))
    begun = bucket.Object(f"films/{video.pk}/film.mp4").initiate_multipart_upload()  # then killed
    film_join(video=video)
    assert whole(video) == content
    assert stored(video) == {video.key}
    assert bucket.Object(video.key).content_type == "video/mp4"
    assert begun.id not in [left.id for left in bucket.multipart_uploads.all()]


def test_nothing_stays_on_s3_of_a_film_that_is_deleted_after_its_worker_was_killed(bucket: Any) -> None:
    video = Video.objects.create(name="film.mp4", bytes=9, state="indexing")
    bucket.Object(storage.film_key(video.pk, "mp4")).initiate_multipart_upload()
    video_delete(video=video)
    assert list(bucket.multipart_uploads.all()) == []


def test_a_part_that_s3_lost_fails_the_film_with_the_reason(settings: Any, bucket: Any) -> None:
    settings.VIDEO_CHUNK_BYTES = size = 5 * 1024**2
    video = sent(CONTENT * 3500, size)
    storage.delete(storage.chunk_key(video.pk, size))
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "missing")
    assert list(bucket.multipart_uploads.all()) == []


def test_joining_takes_the_memory_of_a_few_parts(settings: Any) -> None:
    settings.VIDEO_CHUNK_BYTES = size = 250_000
    video = taken_by_worker(sent(CONTENT * 3000, size))  # forty parts
    tracemalloc.start()
    film_join(video=video)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * size


@pytest.mark.parametrize("moment", ["storage.join", "storage.size", "run_of", "_parts_drop", "storage.delete"])
def test_a_worker_that_is_killed_while_joining_is_followed_by_another(
    moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    video = taken_by_worker(sent())
    with monkeypatch.context() as patch:
        patch.setattr(f"videos.services.joining.{moment}", killed)
        with pytest.raises(KeyboardInterrupt):
            film_join(video=video)
    video.refresh_from_db()
    film_join(video=video)
    assert whole(video) == CONTENT
    assert stored(video) == {video.key}


def test_a_worker_that_was_superseded_stops_joining(monkeypatch: pytest.MonkeyPatch) -> None:
    video = taken_by_worker(sent())
    Video.objects.filter(pk=video.pk).update(run=2)
    with pytest.raises(Superseded):
        film_join(video=video)
    assert len(stored(video)) == 4


def test_a_film_with_a_lost_part_fails_with_the_reason(queue: list[int]) -> None:
    video = sent()
    storage.delete(storage.chunk_key(video.pk, 1000))
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "missing")


def test_a_film_sent_in_parts_is_indexed(settings: Any, tmp_path: Path) -> None:
    settings.VIDEO_CHUNK_BYTES = size = 20_000
    content = film(tmp_path / "a.mp4", crossing((1, 3)), seconds=4).read_bytes()
    video = sent(content, size)
    assert len(stored(video)) > 2
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error, round(video.duration_s)) == ("ready", "", 4)


def test_nothing_is_added_to_a_film_that_is_complete_or_gone() -> None:
    video = sent()
    with pytest.raises(Problem, match="here already") as refused:
        chunk_write(video=video, start=0, content=part(0))
    assert refused.value.code == "not_sending"
    other = begun()
    video_delete(video=Video.objects.get(pk=other.pk))
    with pytest.raises(Problem) as cancelled:
        chunk_write(video=other, start=0, content=part(0))
    assert cancelled.value.code == "not_sending"


def test_a_part_that_arrives_while_the_film_is_deleted_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    video, save = begun(), storage.save

    def late(key: str, content: Any) -> None:
        save(key, content)
        video_delete(video=Video.objects.get(pk=video.pk))
        save(key, content)

    monkeypatch.setattr(storage, "save", late)
    with pytest.raises(Problem):
        chunk_write(video=video, start=0, content=part(0))
    files_resume()
    assert stored(video) == set()


def test_a_storage_that_is_full_says_so(settings: Any) -> None:
    video = begun()
    no_room_for(settings, "films/")
    with pytest.raises(Problem) as refused:
        chunk_write(video=video, start=0, content=part(0))
    assert refused.value.code == "storage_full"
    assert missing_parts(video)[0] == 0


def test_what_was_begun_is_gone_on_with_by_the_same_user_only() -> None:
    ann, bob = User.objects.create(username="ann"), User.objects.create(username="bob")
    video = begun(by=ann)
    about: dict[str, Any] = {"name": "party.mp4", "bytes": len(CONTENT), "event": None}
    assert video_begun(**about, by=ann) == video
    assert video_begun(**about, by=bob) is None
    assert video_begun(**about | {"event": event_create(name="Gala")}, by=ann) is None
    assert video_begun(**about | {"bytes": 7}, by=ann) is None
    Video.objects.update(state="queued")
    assert video_begun(**about, by=ann) is None


def test_what_nobody_goes_on_sending_is_deleted() -> None:
    old, fresh = begun(), begun()
    for video in (old, fresh):
        chunk_write(video=video, start=0, content=part(0))
    Video.objects.filter(pk=old.pk).update(changed_at=timezone.now() - timedelta(hours=25))
    videos_resume()
    assert list(Video.objects.all()) == [fresh]
    assert (stored(old), len(stored(fresh))) == (set(), 1)


def test_a_whole_film_is_stored_and_queued(queue: list[int], tmp_path: Path) -> None:
    content = film(tmp_path / "a.mp4", crossing(), seconds=1).read_bytes()
    video = video_take(name="a.mp4", content=io.BytesIO(content), bytes=len(content), event=None, by=None)
    assert (video.state, whole(video), queue) == ("queued", content, [video.pk])


def test_a_whole_file_that_is_no_film_is_refused_at_once(queue: list[int]) -> None:
    with pytest.raises(RefusedFile) as refused:
        video_take(name="a.mp4", content=io.BytesIO(CONTENT), bytes=len(CONTENT), event=None, by=None)
    assert refused.value.code == "not_a_video"
    assert not Video.objects.exists()


def test_the_same_path_in_the_same_event_is_the_same_film(settings: Any, tmp_path: Path, queue: list[int]) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path)]
    path = tmp_path / "a.mp4"
    path.write_bytes(b"film")
    (tmp_path / "link.mp4").symlink_to(path)
    gala: Event = event_create(name="Gala")
    video, is_new = video_add_path(path=str(path), event=None, by=None)
    assert (is_new, video.bytes, video.state) == (True, 4, "queued")
    assert video_add_path(path=str(tmp_path / "link.mp4"), event=None, by=None) == (video, False)
    other, is_new = video_add_path(path=str(path), event=gala, by=None)
    assert is_new
    assert queue == [video.pk, other.pk]


def test_a_path_of_no_film_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path)]
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "a.mp4").touch()
    for name, code in (("a.txt", "not_a_video"), ("a.mp4", "empty"), ("b.mp4", "missing"), ("", "missing")):
        with pytest.raises(Problem) as refused:
            video_add_path(path=str(tmp_path / name), event=None, by=None)
        assert refused.value.code == code


def test_a_folder_tells_its_films(settings: Any, tmp_path: Path) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path / "films")]
    (tmp_path / "films" / "deeper.mp4").mkdir(parents=True)
    for name in ("b.mov", "a.MP4", "notes.txt"):
        (tmp_path / "films" / name).touch()
    assert [path.name for path in folder_films(str(tmp_path / "films"))] == ["a.MP4", "b.mov"]
    with pytest.raises(Problem, match="VIDEO_ROOTS"):
        folder_films(str(tmp_path))
