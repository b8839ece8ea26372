"""A film's way from queued to ready. A worker can be killed anywhere, and two can be at the same film.

Whoever begins takes the next number of `run`; only the holder of the newest number may write. What was watched is
committed every few seconds with the second that it reaches to, and the next worker goes on from there.
"""

import math
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from photofinder.celery import enqueue
from photofinder.errors import Problem, RefusedFile
from videos.config import IndexerConfig
from videos.decoding import Film
from videos.engines.base import Detection, Frame, Pixels
from videos.models import Video
from videos.querysets import UNFINISHED
from videos.services.deletion import leavings_drop
from videos.services.films import film_opened, film_source
from videos.services.joining import film_join
from videos.services.recording import Superseded, poster_write, run_go_on, run_of, stretch_write, video_fail
from videos.services.seeing import frames_see
from videos.services.sending import path_note, sendings_expire
from videos.watching import Watcher


def videos_index(*, video_ids: list[int], config: IndexerConfig | None = None) -> None:
    """Index these films, each from where it was left."""
    for video_id in video_ids:
        video_index(video_id=video_id, config=config)


def path_index(*, path: str, owner: str, config: IndexerConfig) -> Video:
    """Index the film at a path, which `owner` sent, from its start to its end, here and now.

    After a worker that was killed it goes on from the last committed second. Raises what `path_note` raises, and
    Problem `busy` while another worker is at it.
    """
    known, _ = path_note(path=path, event=None, by=None, owner=owner)
    with transaction.atomic():
        video = Video.objects.select_for_update().get(pk=known.pk)
        is_lost = Video.objects.stalled().filter(pk=video.pk).exists()
        if video.state in UNFINISHED and not is_lost:
            raise Problem("busy", "This film is being indexed.")
        if is_lost:  # whoever was at it was killed: it goes on from there
            Video.objects.filter(pk=video.pk).update(state=Video.State.QUEUED, changed_at=timezone.now())
        else:
            _begin_anew(video)
    video.refresh_from_db()
    try:
        video_index(video_id=video.pk, config=config, slice_seconds=math.inf)
    except Exception as error:
        video.run += 1  # which it began
        video_fail(video, "crashed", f"Indexing stopped: {error!r}")
        raise
    video.refresh_from_db()
    return video


def video_index(*, video_id: int, config: IndexerConfig | None = None, slice_seconds: float | None = None) -> None:
    """Index a film from where it was left, as far as `slice_seconds` (settings.VIDEO_SLICE_SECONDS) reach; the rest is
    sent on.
    """
    video = _begin(video_id)
    if video is None:
        return
    try:
        config = config or site_config()
        film_join(video=video)
        if not video.poster_key or not video.position_s:
            _poster(video)
        with film_opened(video, hardware=config.hardware) as film:
            _describe(video, film)
            _watch(video, film, config, slice_seconds or settings.VIDEO_SLICE_SECONDS)
    except Superseded:
        leavings_drop(video=video)
    except IntegrityError:  # of rows that went with the film
        if Video.objects.filter(pk=video_id).exists():
            raise
        leavings_drop(video=video)
    except Problem as problem:
        video_fail(video, problem.code, problem.detail)


@transaction.atomic
def video_reindex(*, video_id: int) -> None:
    """Index a film again from its start; what is known of it is replaced second by second. Raises Problem `busy`."""
    video = Video.objects.select_for_update().get(pk=video_id)
    if video.state == Video.State.SENDING:
        raise Problem("busy", "This film is still being sent.")
    _begin_anew(video)
    enqueue(settings.VIDEO_INDEXING, [video_id])


def videos_resume() -> None:
    """Send films again whose message or worker was lost, and delete those that nobody went on sending."""
    with transaction.atomic():
        lost = Video.objects.stalled().select_for_update(skip_locked=True)
        ids = list(lost.values_list("pk", flat=True))
        Video.objects.filter(pk__in=ids).update(state=Video.State.QUEUED, changed_at=timezone.now())
        enqueue(settings.VIDEO_INDEXING, ids, chunk=1)
    sendings_expire()


def site_config() -> IndexerConfig:
    """The site's own."""
    return IndexerConfig(**settings.VIDEO_INDEXER)


def _begin_anew(video: Video) -> None:
    """Queue a film for another edition; whoever is at it now writes no more."""
    Video.objects.filter(pk=video.pk).update(
        state=Video.State.QUEUED,
        edition=F("edition") + 1,
        run=F("run") + 1,
        position_s=0,
        motion=[],
        attempts=0,
        working_s=0,
        error="",
        error_code="",
        changed_at=timezone.now(),
    )


@transaction.atomic
def _begin(video_id: int) -> Video | None:
    """The film with its next run begun; None when it waits for nobody, or too many attempts came to nothing."""
    video = Video.objects.select_for_update(of=("self",)).select_related("event", "batch").filter(pk=video_id).first()
    if video is None or video.state != Video.State.QUEUED:
        return None
    video.run += 1
    video.attempts += 1
    video.state = Video.State.INDEXING
    video.changed_at = timezone.now()
    video.save(update_fields=["run", "attempts", "state", "changed_at"])
    if video.attempts > settings.PIPELINE_ATTEMPTS:
        detail = f"Indexing stopped {settings.PIPELINE_ATTEMPTS} times at the same place; see the worker's log."
        video_fail(video, "crashed", detail)
        return None
    return video


def _poster(video: Video) -> None:
    """A tenth of the way into the film, as its beginning is often black; where nothing is to be seen there, its start:
    of a film that was cut off only that is left.
    """
    try:
        pixels = _frame(video, 0.1)
    except RefusedFile as problem:
        if problem.code != "damaged":
            raise
        pixels = _frame(video, 0)
    poster_write(video=video, pixels=pixels)


def _frame(video: Video, share: float) -> Pixels:
    """The frame so far into the film. Raises RefusedFile."""
    with film_opened(video) as film:
        return film.frame_at(film.info.duration_s * share)


def _describe(video: Video, film: Film) -> None:
    """Write down what the film says of itself. Raises Superseded."""
    info = film.info
    said = {name: getattr(info, name) for name in ("width", "height", "duration_s", "frame_rate", "codec")}
    if video.path:
        said["bytes"] = Path(film_source(video)).stat().st_size
        if said["bytes"] != video.bytes and not video.position_s:  # another film lies there now
            video.stills.filter(photo=None).delete()
    if not run_of(video).update(**said):
        raise Superseded
    video.duration_s = info.duration_s


def _watch(video: Video, film: Film, config: IndexerConfig, slice_seconds: float) -> None:
    def detect(frames: Sequence[Frame]) -> list[list[Detection]]:
        run_go_on(video)
        return frames_see(frames, config)

    watcher = Watcher(config, detect, seconds=settings.VIDEO_COMMIT_SECONDS)
    began = last = time.monotonic()
    start_s = video.position_s
    for stretch in watcher.watch(film, start_s=start_s, motion=video.motion):
        now = time.monotonic()
        stretch_write(video=video, stretch=stretch, config=config, worked_s=now - last)
        last = now
        if now - began > slice_seconds and start_s < stretch.until_s < math.inf:
            _pass_on(video)
            return


@transaction.atomic
def _pass_on(video: Video) -> None:
    if run_of(video).update(state=Video.State.QUEUED, changed_at=timezone.now()):
        enqueue(settings.VIDEO_INDEXING, [video.pk])
