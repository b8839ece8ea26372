"""A film's way from queued to ready: what is written down, replaced, passed on and given up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faces.services.uploads import event_create
from photofinder import storage
from photofinder.errors import Problem
from videos.models import Video, VideoEvent
from videos.services import indexing
from videos.services.indexing import path_index, site_config, video_index, video_reindex, videos_index, videos_resume
from videos.services.recording import stretch_write
from videos.tests.filming import crossing, film
from videos.tests.portraits import a_film

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "own_storage")]
Send = Callable[..., Video]


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "crossed.mp4", crossing((6, 9), (20, 24)), seconds=32)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The films of which messages were sent."""
    messages: list[list[int]] = []
    monkeypatch.setattr(indexing, "enqueue", lambda _task, ids, **_options: messages.append(list(ids)))
    return messages


@pytest.fixture
def video(crossed: Path) -> Video:
    return a_film(event_create(name="Gala"), crossed.read_bytes(), seconds=0)


def spans(video: Video) -> list[tuple[int, int]]:
    return [(round(event.start_s), round(event.end_s)) for event in video.events.order_by("start_s")]


def test_what_happens_is_written_down_with_frames_and_sentences(video: Video) -> None:
    videos_index(video_ids=[video.pk])
    video.refresh_from_db()
    assert (video.state, video.error, video.width, video.codec) == ("ready", "", 320, "h264")
    assert video.duration_s == pytest.approx(32, abs=0.2)
    assert video.position_s == video.duration_s
    first, second = video.events.order_by("start_s")
    assert 6 <= first.start_s <= first.timestamp_s <= first.end_s <= 10.6
    assert 20 <= second.start_s <= second.timestamp_s <= second.end_s <= 25.6
    assert first.caption.endswith(".") and first.caption_ru.endswith(".")
    assert set(first.object_counts) <= {"person", "object"}
    for key in (video.poster_key, first.frame_key, second.frame_key):
        with storage.open_file(key) as file:
            assert file.read(4) == b"RIFF"
    assert len(video.motion) in (31, 32)
    assert {second for second, share in enumerate(video.motion) if share} <= {*range(6, 11), *range(20, 26)}


def test_indexing_again_replaces_what_was_known(video: Video, sent: list[list[int]]) -> None:
    video_index(video_id=video.pk)
    before = spans(video)
    old = set(video.events.values_list("pk", flat=True))
    video_reindex(video_id=video.pk)
    assert sent == [[video.pk]]
    assert spans(video) == before, "until it is replaced, it can be found"
    video_index(video_id=video.pk)
    assert spans(video) == before
    assert not old & set(video.events.values_list("pk", flat=True))
    assert set(video.events.values_list("edition", flat=True)) == {1}


def test_what_no_event_names_any_more_is_deleted(video: Video, sent: list[list[int]]) -> None:
    video_index(video_id=video.pk)
    stray = storage.frame_key(video.pk, 1.0)
    storage.save(stray, b"of an earlier edition")
    video_reindex(video_id=video.pk)
    video_index(video_id=video.pk)
    keys = {key for key in storage.film_keys(video.pk) if key.startswith("frames/")}
    assert stray not in keys
    video.refresh_from_db()
    assert keys == {video.poster_key, *video.events.values_list("frame_key", flat=True)}


def test_a_long_film_is_passed_on_and_goes_on_where_it_was(video: Video, sent: list[list[int]], settings: Any) -> None:
    settings.VIDEO_COMMIT_SECONDS = 0
    positions = []
    while video.state == Video.State.QUEUED:
        video_index(video_id=video.pk, slice_seconds=1e-6)
        video.refresh_from_db()
        positions.append(video.position_s)
    assert video.state == Video.State.READY
    assert positions == sorted(set(positions))
    assert len(sent) == len(positions) - 1 > 5
    assert [round(start) for start, _end in spans(video)] in ([6, 20], [7, 21], [6, 21], [7, 20])
    assert len(video.motion) in (31, 32)


def test_whoever_lost_a_film_to_another_worker_writes_no_more(
    video: Video, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.VIDEO_COMMIT_SECONDS = 0
    write = stretch_write
    stretches = []

    def write_late(**what: Any) -> None:
        stretches.append(what["stretch"].until_s)
        if len(stretches) == 8:
            Video.objects.filter(pk=video.pk).update(state=Video.State.QUEUED)
            monkeypatch.setattr(indexing, "stretch_write", write)
            video_index(video_id=video.pk)
        write(**what)

    monkeypatch.setattr(indexing, "stretch_write", write_late)
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert len(stretches) == 8, "the loser went on"
    assert (video.state, video.run) == ("ready", 2)
    assert len(spans(video)) == 2


def test_a_film_that_kills_every_worker_is_given_up(video: Video, settings: Any) -> None:
    for _ in range(settings.PIPELINE_ATTEMPTS):
        assert indexing._begin(video.pk)
        Video.objects.filter(pk=video.pk).update(state=Video.State.QUEUED)
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "crashed")


def test_films_of_lost_workers_are_sent_again(video: Video, sent: list[list[int]], settings: Any) -> None:
    Video.objects.update(state=Video.State.INDEXING)
    videos_resume()
    assert sent == [[]]
    settings.PIPELINE_STALLED_SECONDS = 0
    videos_resume()
    assert sent[-1] == [video.pk]
    video.refresh_from_db()
    assert video.state == Video.State.QUEUED


def test_a_full_storage_is_the_reason_and_the_next_film_is_indexed(
    video: Video, crossed: Path, monkeypatch: pytest.MonkeyPatch, sent: list[list[int]]
) -> None:
    other = a_film(video.event, crossed.read_bytes(), name="other.mp4")
    save = storage.save

    def save_until_full(key: str, content: bytes) -> None:
        if key.startswith(f"frames/{video.pk}/") and not key.endswith("0000000000.webp"):
            raise OSError(28, "No space left on device")
        save(key, content)

    monkeypatch.setattr(storage, "save", save_until_full)
    videos_index(video_ids=[video.pk, other.pk])
    states = dict(Video.objects.values_list("pk", "state"))
    assert states == {video.pk: "failed", other.pk: "ready"}
    video.refresh_from_db()
    assert video.error_code == "storage_full" and "make room" in video.error
    assert not video.events.exists()

    monkeypatch.setattr(storage, "save", save)
    video_reindex(video_id=video.pk)
    video_index(video_id=video.pk)
    assert len(spans(video)) == 2


def test_a_film_at_a_path_is_indexed_here_and_now_and_again_in_its_place(crossed: Path, settings: Any) -> None:
    settings.VIDEO_ROOTS = [str(crossed.parent)]
    first = path_index(path=str(crossed), owner="42", config=site_config())
    again = path_index(path=str(crossed), owner="42", config=site_config())
    theirs = path_index(path=str(crossed), owner="7", config=site_config())
    assert (first.pk, first.state) == (again.pk, "ready") and theirs.pk != first.pk
    assert VideoEvent.objects.count() == 4


def test_a_path_outside_the_roots_is_refused(crossed: Path, tmp_path: Path, settings: Any) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path / "films")]
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "link.mp4").symlink_to(crossed)
    for path in (str(crossed), str(tmp_path / "films" / "link.mp4"), str(tmp_path / "films" / ".." / "x.mp4"), "x.mp4"):
        with pytest.raises(Problem) as refused:
            path_index(path=path, owner="", config=site_config())
        assert refused.value.code == "outside_roots"
    assert not Video.objects.exists()
