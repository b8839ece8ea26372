"""Wherever a worker is killed or a film is deleted, nothing of it stays that nobody names."""

import errno
import io
from itertools import pairwise
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from faces.models import ErasedStill, Event, PendingDeletion, Photo
from faces.services.files import files_delete
from faces.services.stills import stills_drop
from faces.services.uploads import event_create
from photofinder import storage
from photofinder.errors import Problem
from videos.config import IndexerConfig
from videos.engines.base import Detection
from videos.models import Video, VideoChunk, VideoEvent, VideoStill
from videos.services import indexing, recording, seeing, sending
from videos.services.deletion import video_delete
from videos.services.filtering import Filters
from videos.services.indexing import path_index, site_config, video_index, video_reindex
from videos.services.moments import moments_found
from videos.services.search import moments_search
from videos.tests.filming import claiming, crossing, film
from videos.tests.happenings import happening
from videos.tests.portraits import a_film, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "own_storage", "unsent")]


class Killed(BaseException):
    """What ends a worker where it is."""


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "crossed.mp4", crossing((6, 9), (20, 24)), seconds=32, rate=25)


@pytest.fixture
def event(own_storage: None) -> Event:
    return event_create(name="Gala")


@pytest.fixture
def video(event: Event, crossed: Path) -> Video:
    return a_film(event, crossed.read_bytes(), seconds=0)


@pytest.fixture
def faces_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    face = Detection("face", 0.9, (0.4, 0.2, 0.1, 0.2))
    monkeypatch.setattr(seeing, "_faces", lambda frames: [[face] for _ in frames])


@pytest.fixture
def root(settings: Any, crossed: Path) -> str:
    settings.VIDEO_ROOTS = [str(crossed.parent)]
    return str(crossed)


def _killed_in(monkeypatch: pytest.MonkeyPatch, name: str, video: Video, *, after: int = 0) -> None:
    """Index the film until `recording.<name>` has done something so often, or begins if that is never: there the worker
    is killed. Queue the film again.
    """
    real, left = getattr(recording, name), after

    def killing(*args: Any, **options: Any) -> Any:
        nonlocal left
        done = real(*args, **options) if left else None
        left -= bool(done)
        if not left:
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(recording, name, killing)
        with pytest.raises(Killed):
            video_index(video_id=video.pk)
    Video.objects.filter(pk=video.pk, state="indexing").update(state="queued")


def _ready(video: Video) -> None:
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error) == ("ready", "")


def test_what_an_earlier_edition_left_is_dropped_before_a_film_is_ready(
    video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ready(video)
    stray = storage.frame_key(video.pk, 1.0)
    storage.save(stray, b"of an earlier edition")
    video_reindex(video_id=video.pk)
    _killed_in(monkeypatch, "leftovers_drop", video)
    _ready(video)
    assert stray not in storage.film_keys(video.pk)


@pytest.mark.usefixtures("faces_everywhere")
def test_stills_that_a_killed_worker_took_do_not_stay(
    video: Video, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.VIDEO_COMMIT_SECONDS = 0
    _killed_in(monkeypatch, "_stills_take", video, after=2)
    _ready(video)
    assert Photo.objects.stills().count() == VideoStill.objects.count() > 0


@pytest.mark.usefixtures("faces_everywhere")
def test_stills_of_other_bytes_take_the_place_of_the_first(video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    _ready(video)
    video_reindex(video_id=video.pk)
    monkeypatch.setattr(seeing, "STILL_QUALITY", 85)
    _ready(video)
    assert Photo.objects.stills().count() == VideoStill.objects.count() > 0


@pytest.mark.usefixtures("faces_everywhere")
def test_who_was_forgotten_does_not_come_back_with_the_frames_beside(video: Video) -> None:
    _ready(video)
    gone, *kept = video.stills.order_by("timestamp_s")
    ErasedStill.objects.create(sha256=gone.sha256)
    stills_drop(photo_ids=[gone.photo_id or 0])
    video_reindex(video_id=video.pk)
    every = {**settings.VIDEO_INDEXER, "frame_skip": 3}
    video_index(video_id=video.pk, config=IndexerConfig(**every))
    again = video.stills.filter(photo__isnull=False).order_by("timestamp_s").values_list("timestamp_s", flat=True)
    assert not [at for at in again if abs(at - gone.timestamp_s) < 1.5]
    assert again
    video_reindex(video_id=video.pk)
    _ready(video)
    assert [still.timestamp_s for still in video.stills.filter(photo__isnull=False).order_by("timestamp_s")] == [
        still.timestamp_s for still in kept
    ]


@pytest.mark.usefixtures("faces_everywhere")
def test_frames_that_were_deleted_for_another_reason_come_back(video: Video) -> None:
    _ready(video)
    before = set(video.stills.values_list("timestamp_s", "sha256"))
    stills_drop(photo_ids=list(Photo.objects.values_list("pk", flat=True)))  # as when faces are kept no longer
    video_reindex(video_id=video.pk)
    _ready(video)
    assert set(video.stills.filter(photo__isnull=False).values_list("timestamp_s", "sha256")) == before


@pytest.mark.usefixtures("faces_everywhere")
def test_the_same_film_once_more_keeps_its_stills_when_one_of_them_is_deleted(
    video: Video, event: Event, crossed: Path
) -> None:
    _ready(video)
    other = a_film(event, crossed.read_bytes(), seconds=0)
    _ready(other)
    kept = set(other.stills.values_list("photo", flat=True))
    assert kept == set(video.stills.values_list("photo", flat=True))
    video_delete(video=video)
    assert set(other.stills.values_list("photo", flat=True)) == kept
    assert Photo.objects.count() == len(kept) > 0
    video_delete(video=other)
    assert not Photo.objects.exists()


def test_a_storage_that_deletes_nothing_fails_the_film_with_the_reason(
    video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.save(storage.frame_key(video.pk, 1.0), b"of an earlier edition")

    def refuse(_key: str) -> None:
        raise PermissionError(errno.EACCES, "not allowed")

    monkeypatch.setattr(storage, "delete", refuse)
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "storage_failed")


def test_a_film_that_is_longer_than_it_says_goes_on_and_is_killed_at_its_end(
    event: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.VIDEO_COMMIT_SECONDS = 0
    content = film(tmp_path / "long.mkv", crossing((6, 9), (150, 154)), seconds=160).read_bytes()
    video = a_film(event, claiming(content, 20), name="long.mkv", seconds=0)
    while video.position_s < 140:
        video_index(video_id=video.pk, slice_seconds=0.01)
        video.refresh_from_db()
        assert video.state == "queued"
    settings.VIDEO_COMMIT_SECONDS = 1000
    _killed_in(monkeypatch, "leftovers_drop", video)
    _ready(video)
    spans = list(video.events.order_by("start_s").values_list("start_s", "end_s"))
    assert 6 <= spans[0][0] < 8
    assert 149 < spans[1][0] < 152
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)), "what was committed was done again"


@pytest.mark.usefixtures("faces_everywhere")
def test_of_a_film_that_is_deleted_while_its_stills_are_taken_nothing_stays(
    video: Video, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.VIDEO_COMMIT_SECONDS = 0
    real = seeing.captions_embed

    def deleting(captions: Any) -> Any:
        if captions and Video.objects.filter(pk=video.pk, batch__isnull=False).exists():
            video_delete(video=Video.objects.get(pk=video.pk))
        return real(captions)

    monkeypatch.setattr(recording, "captions_embed", deleting)
    video_index(video_id=video.pk)
    files_delete(ids=list(PendingDeletion.objects.values_list("pk", flat=True)))
    assert not Video.objects.exists()
    assert storage.film_keys(video.pk) == set()
    assert not Photo.objects.exists()


def test_the_poster_of_a_film_that_was_replaced_at_its_path_is_renewed(root: str, tmp_path: Path) -> None:
    first = path_index(path=root, owner="42", config=site_config())
    with storage.open_file(first.poster_key) as file:
        before = file.read()
    kept = Path(root).read_bytes()
    try:
        film(Path(root), lambda shown: 255 - crossing()(shown), seconds=8)
        again = path_index(path=root, owner="42", config=site_config())
        assert (again.pk, again.bytes) == (first.pk, Path(root).stat().st_size)
    finally:
        Path(root).write_bytes(kept)
    with storage.open_file(again.poster_key) as file:
        assert file.read() != before


def test_a_backend_that_was_killed_goes_on_with_its_film(root: str) -> None:
    video = path_index(path=root, owner="42", config=site_config())
    Video.objects.update(state="indexing", position_s=15.0)
    video.events.filter(start_s__gte=15).delete()
    with pytest.raises(Problem, match="being indexed"):
        path_index(path=root, owner="42", config=site_config())
    known = set(video.events.values_list("pk", flat=True))
    Video.objects.update(changed_at=timezone.now() - timezone.timedelta(days=1))  # type: ignore[attr-defined]
    again = path_index(path=root, owner="42", config=site_config())
    assert (again.pk, again.state, again.edition) == (video.pk, "ready", 1)
    assert known < set(again.events.values_list("pk", flat=True))


def test_a_film_is_not_held_by_a_call_that_failed(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = path_index(path=root, owner="42", config=IndexerConfig(object_engine="nope"))
    assert (failed.state, failed.error_code) == ("failed", "engine_unavailable")
    with monkeypatch.context() as patched:
        patched.setattr(indexing, "Watcher", None)
        with pytest.raises(TypeError):
            path_index(path=root, owner="42", config=site_config())
    assert Video.objects.get().error_code == "crashed"
    assert path_index(path=root, owner="42", config=site_config()).state == "ready"


def test_backends_that_begin_with_the_same_film_at_once_have_one(root: str) -> None:
    start, codes = Barrier(3), []

    def begin() -> None:
        start.wait()
        try:
            codes.append(path_index(path=root, owner="42", config=site_config()).state)
        except Problem as problem:
            codes.append(problem.code)
        finally:
            connections.close_all()

    threads = [Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Video.objects.count() == 1
    assert sorted(set(codes)) in (["busy", "ready"], ["ready"])


def test_a_part_that_comes_once_more_when_all_are_joined_does_not_stay(
    crossed: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = crossed.read_bytes()
    settings.VIDEO_CHUNK_BYTES = size = 64 * 1024
    video = sending.video_begin(name="x.mp4", bytes=len(content), event=None, by=None)
    parts = {start: content[start : start + size] for start in range(0, len(content), size)}
    for start, part in parts.items():
        sending.chunk_write(video=video, start=start, content=io.BytesIO(part))
    save = storage.save

    def late(key: str, body: Any) -> None:
        monkeypatch.setattr(storage, "save", save)
        sending.video_complete(video=Video.objects.get(pk=video.pk))
        storage.save(f"films/{video.pk}/.new-a6jm7r9e", b"half of it, by a worker that was killed")
        video_index(video_id=video.pk)
        save(key, body)

    monkeypatch.setattr(storage, "save", late)
    with pytest.raises(Problem, match="here already"):
        sending.chunk_write(video=video, start=0, content=io.BytesIO(parts[0]))
    video.refresh_from_db()
    assert video.state == "ready"
    assert {key for key in storage.film_keys(video.pk) if storage.is_film(key)} == {video.key}
    assert not VideoChunk.objects.exists()


def test_searches_do_not_read_what_moves_in_films(event: Event) -> None:
    video = seen(a_film(event), {4.0: (1,)})
    happening(video, 3, 9, "Two people walking.")
    faces = dict.fromkeys(Photo.objects.get().faces.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        assert moments_search(words="people walking", filters=Filters(), limit=5).hits
        assert moments_search(words="", filters=Filters(video=video.pk), limit=5).hits
        assert moments_found(faces=faces, is_attendee=False)
        assert list(VideoEvent.objects.with_films())
    assert not [query for query in queries.captured_queries if '"videos_video"."motion"' in query["sql"]]
