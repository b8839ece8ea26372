"""A film's way from queued to ready. It can be killed anywhere and run twice.

A segment of film is one transaction, under the lock of the film's row: what was seen in it is written together with
the second up to which all is known. A worker that takes over goes on from that second; the moment that was open there
begins again. A run writes moments of its own, which take the place of those of the run before when the film is ready.
"""

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from photofinder.celery import enqueue, queue_length
from photofinder.errors import EngineUnavailable, Problem
from videos.config import IndexerConfig
from videos.decoding import probe
from videos.models import Video
from videos.services.recording import moments_prepare, moments_write, run_discard, run_show
from videos.services.seeing import object_engine
from videos.services.sources import film_source
from videos.watching import Segment, watch

State = Video.State
_WHOLE = 0.9  # of its duration: a film that breaks off earlier is said to be truncated


@dataclass(frozen=True)
class Progress:
    """Seconds done of `total_s`, moments found so far, and about how many seconds are left, None when unknown."""

    done_s: float
    total_s: float
    events: int
    eta_s: int | None


def videos_index(*, video_ids: Sequence[int], config: IndexerConfig | None = None) -> None:
    """Index these films, each for some minutes; what is not done by then is sent on."""
    for pk in video_ids:
        _index(pk, config or IndexerConfig(**settings.VIDEO_INDEXER))


def videos_resume() -> None:
    """Send the messages of films again that wait although their queue is empty: a worker or the broker lost them."""
    if queue_length(settings.CELERY_TASK_ROUTES[settings.VIDEO_INDEXING]["queue"]):
        return
    stalled = timezone.now() - timedelta(seconds=settings.VIDEO_STALLED_SECONDS)
    with transaction.atomic():
        videos = Video.objects.unfinished().filter(changed_at__lt=stalled).select_for_update(skip_locked=True)
        enqueue(settings.VIDEO_INDEXING, list(videos.values_list("pk", flat=True)), chunk=1)


@transaction.atomic
def video_reindex(*, video: Video) -> None:
    """Index it anew; what is known of it is shown until that is done."""
    video = Video.objects.select_for_update().get(pk=video.pk)
    run_discard(video=video)
    video.state, video.error_code, video.error = State.QUEUED, "", ""
    video.attempts, video.indexed_s, video.worked_s, video.motion = 0, 0.0, 0.0, []
    video.save()
    enqueue(settings.VIDEO_INDEXING, [video.pk])


def video_progress(video: Video) -> Progress:
    """How far it is."""
    is_done = video.state == State.READY
    done_s = video.duration_s if is_done else min(video.indexed_s, video.duration_s)
    events = video.events.filter(run=video.run if is_done else video.run + 1).count()
    left = video.worked_s / done_s * (video.duration_s - done_s) if done_s else None
    return Progress(done_s, video.duration_s, events, None if left is None else round(left))


def _index(pk: int, config: IndexerConfig) -> None:
    video = _begin(pk)
    if video is None:
        return
    try:
        with _failing(video):
            _watch(video, config)
    except _OvertakenError:  # another worker is at it, or the film is gone
        return


def _watch(video: Video, config: IndexerConfig) -> None:
    """Segment by segment, until the end or until others have their turn."""
    source = film_source(video)
    if not video.duration_s:
        _learn(video, source)
    deadline = began = time.monotonic()
    deadline += config.task_s
    detect = object_engine(config.objects).detect
    for segment in watch(source, config, detect, from_s=video.indexed_s, hardware=settings.VIDEO_HARDWARE):
        rows = moments_prepare(video=video, moments=segment.moments, config=config)
        with _turn(video):
            moments_write(video=video, rows=rows, moments=segment.moments)
            _advance(video, segment, time.monotonic() - began)
            if time.monotonic() > deadline:
                enqueue(settings.VIDEO_INDEXING, [video.pk])
        began = time.monotonic()
        if began > deadline:
            return
    _finish(video)


def _learn(video: Video, source: str) -> None:
    """What the container says of itself."""
    info = probe(source)
    video.duration_s, video.frame_rate, video.codec = info.duration_s, info.frame_rate, info.codec
    video.width, video.height, video.has_audio = info.width, info.height, info.has_audio
    video.save(update_fields=["duration_s", "frame_rate", "codec", "width", "height", "has_audio", "changed_at"])


def _advance(video: Video, segment: Segment, seconds: float) -> None:
    for time_s, share in segment.shares:
        second = int(time_s)
        video.motion = [*video.motion, *[0.0] * (second + 1 - len(video.motion))]
        video.motion[second] = round(max(video.motion[second], share), 4)
    video.indexed_s, video.attempts = segment.until_s, 0
    video.worked_s += seconds
    video.save(update_fields=["motion", "indexed_s", "attempts", "worked_s", "changed_at"])


def _finish(video: Video) -> None:
    """Show what was found; of a film that broke off early, say so."""
    with _turn(video):
        run_show(video=video)
        video.state = State.READY
        if video.indexed_s < _WHOLE * video.duration_s:
            video.error_code = "truncated"
            video.error = f"The film breaks off after {video.indexed_s:.0f} of {video.duration_s:.0f} seconds."
        video.save(update_fields=["state", "error_code", "error", "changed_at"])


@transaction.atomic
def _begin(pk: int) -> Video | None:
    """The film, with an attempt counted that survives a crash; None when there is nothing to do."""
    video = Video.objects.unfinished().select_for_update(skip_locked=True).filter(pk=pk).first()
    if video is None:
        return None
    if video.attempts >= settings.VIDEO_ATTEMPTS:
        _fail(video, "crashed", f"Indexing stopped {settings.VIDEO_ATTEMPTS} times at the same place; see the log.")
        return None
    video.state, video.attempts = State.INDEXING, video.attempts + 1
    video.save(update_fields=["state", "attempts", "changed_at"])
    return video


@contextmanager
def _turn(video: Video) -> Iterator[None]:
    """A transaction in which nobody else works on the film. Raises _OvertakenError when somebody else went on."""
    with transaction.atomic():
        mine = Video.objects.select_for_update().filter(pk=video.pk, state=State.INDEXING)
        if mine.filter(run=video.run, indexed_s=video.indexed_s).first() is None:
            raise _OvertakenError
        yield


@contextmanager
def _failing(video: Video) -> Iterator[None]:
    """Turn what goes wrong with the film into its error; an engine that is not there is the site's, not the film's."""
    try:
        yield
    except EngineUnavailable as problem:
        _fail(video, problem.code, problem.detail)
    except Problem as problem:
        _fail(video, problem.code, problem.detail)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _fail(video, "no_space", "The storage is full. Make room, then index the film again.")


def _fail(video: Video, code: str, detail: str) -> None:
    values = {"state": State.FAILED, "error_code": code, "error": detail, "changed_at": timezone.now()}
    Video.objects.filter(pk=video.pk, state__in=[State.QUEUED, State.INDEXING]).update(**values)


class _OvertakenError(Exception):
    """Somebody else went on with the film."""
