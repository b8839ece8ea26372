"""Killing workers in the middle of a film neither loses nor doubles anything, and nothing committed is done again."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from faces.services.uploads import event_create
from photofinder.celery import enqueue
from photofinder.tests.workers import empty_broker, wait_until, worker
from videos.models import Video
from videos.services.indexing import video_index, videos_resume
from videos.tests.filming import crossing, film
from videos.tests.portraits import a_film

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 700  # far longer than what two workers do before they are killed
SPANS = [(float(start), float(start + 8)) for start in range(6, SECONDS - 8, 16)]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("films") / "busy.mp4", crossing(*SPANS), seconds=SECONDS).read_bytes()


def spans(video: Video) -> list[tuple[float, float]]:
    return list(video.events.order_by("start_s").values_list("start_s", "end_s"))


def _goes_on_past(video: Video, seconds: float) -> bool:
    """Whether more than that is committed; does meanwhile what beat does."""
    videos_resume()
    video.refresh_from_db()
    return video.position_s > seconds


def test_it_goes_on_from_the_last_committed_second_after_sigkill(busy: bytes, tmp_path: Path, settings: object) -> None:
    settings.PIPELINE_STALLED_SECONDS = 4  # type: ignore[attr-defined]
    empty_broker()
    event = event_create(name="Evening")
    whole = a_film(event, busy, name="whole.mp4")
    video_index(video_id=whole.pk)

    video = a_film(event, busy, name="killed.mp4")
    enqueue("videos.tasks.index_videos", [video.pk])
    positions = [0.0]
    for _ in range(2):
        with worker(tmp_path / "killed.log", DJANGO_SETTINGS_MODULE="videos.tests.hasty_settings") as doomed:
            wait_until(partial(_goes_on_past, video, positions[-1]))
            doomed.kill()
        video.refresh_from_db()
        positions.append(video.position_s)
        assert video.state != Video.State.READY, "the worker was killed too late to prove anything"
    assert positions[2] < SECONDS - 20
    committed = spans(video)
    with worker(tmp_path / "survivor.log"):
        wait_until(lambda: _goes_on_past(video, SECONDS - 2) and video.state == Video.State.READY, seconds=240)
    assert spans(video)[: len(committed)] == committed, "what was committed was done again"
    assert video.run >= 3
    _assert_alike(spans(video), spans(whole))
    assert len(video.motion) == pytest.approx(SECONDS, abs=2)


def _assert_alike(found: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert len(_seconds(found) ^ _seconds(expected)) <= 4, "two workers may differ by a look where one took over"
    assert len(_seconds(found)) > SECONDS / 3
    assert all(end <= start for (_, end), (start, _) in pairwise(found))


def _seconds(spans: list[tuple[float, float]]) -> set[int]:
    return {second for start, end in spans for second in range(int(start), int(end))}
