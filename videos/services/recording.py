"""Writing down what was watched: rows of a stretch in one transaction, after the files that they name."""

import math
from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from faces.models import Event, UploadBatch
from faces.services.stills import stills_add, stills_erased
from faces.services.uploads import batch_create
from photofinder import storage
from photofinder.images import thumbnails
from videos.clock import clock
from videos.config import IndexerConfig
from videos.engines.base import Caption, Frame, Pixels
from videos.grouping import Group
from videos.models import Video, VideoEvent, VideoStill
from videos.services.deletion import strays_drop
from videos.services.films import storing
from videos.services.seeing import captions_embed, scenes_describe, still_jpeg
from videos.watching import Stretch

FRAME_PX = 640
_ERASED_S = 1.5  # of a film around a still that was deleted, which show the same people
Vector = NDArray[np.float32]


class Superseded(Exception):  # noqa: N818 - what happened, not what went wrong
    """Another worker has begun with the film: what this one knows is not written."""


def run_of(video: Video) -> QuerySet[Video]:
    """The film as long as this run is its newest and it is being indexed, else nothing."""
    return Video.objects.filter(pk=video.pk, run=video.run, state=Video.State.INDEXING)


def run_go_on(video: Video) -> None:
    """Say that the run is alive. Raises Superseded."""
    if not run_of(video).update(changed_at=timezone.now()):
        raise Superseded


def video_fail(video: Video, code: str, detail: str) -> None:
    """End the run with the reason."""
    values = {"state": Video.State.FAILED, "error_code": code, "error": detail, "changed_at": timezone.now()}
    Video.objects.filter(pk=video.pk, run=video.run).update(**values)


def stretch_write(*, video: Video, stretch: Stretch, config: IndexerConfig, worked_s: float) -> None:
    """Commit a stretch: its events and stills take the place of those that an earlier edition had there. The film is
    ready when what is left of earlier ones is gone, too.

    Raises Superseded, and Problem `storage_full` or `storage_failed`.
    """
    captions = scenes_describe(stretch.groups, config)
    contract, vectors = captions_embed(captions)
    events = [
        _event(video, group, caption, contract, vector)
        for group, caption, vector in zip(stretch.groups, captions, vectors, strict=True)
    ]
    with storing():
        for group in stretch.groups:
            _frame_save(storage.frame_key(video.pk, group.best.frame.timestamp_s), group.best.frame.pixels)
        taken = _stills_take(video, stretch.groups)
    before_s = video.position_s
    with transaction.atomic():
        _position_write(video, stretch, worked_s)
        events_known = VideoEvent.objects.filter(video=video, start_s__lt=stretch.until_s)
        # Of this edition only what somebody wrote who was killed when all but the last step was done.
        events_known.filter(Q(edition__lt=video.edition) | Q(start_s__gte=before_s)).delete()
        VideoEvent.objects.bulk_create(events)
        VideoStill.objects.bulk_create(
            taken,
            update_conflicts=True,
            unique_fields=["video", "timestamp_s"],
            update_fields=["photo", "sha256", "edition"],
        )
    if stretch.until_s == math.inf:
        with storing():
            leftovers_drop(video=video)
        if not run_of(video).update(state=Video.State.READY, changed_at=timezone.now()):
            raise Superseded


def poster_write(*, video: Video, pixels: Pixels) -> None:
    """Keep the frame that stands for the film in lists."""
    key = storage.poster_key(video.pk)
    with storing():
        _frame_save(key, pixels)
    Video.objects.filter(pk=video.pk).update(poster_key=key)
    video.poster_key = key  # or `leftovers_drop` would take it for one


def leftovers_drop(*, video: Video) -> None:
    """Delete what earlier editions and killed runs left: stills that are not made any more or were never written down,
    and frames that no event names.
    """
    VideoStill.objects.filter(video=video, edition__lt=video.edition, photo__isnull=False).delete()
    strays_drop(video.batch_id or 0)
    named = {video.poster_key, *VideoEvent.objects.filter(video=video).values_list("frame_key", flat=True)}
    for key in storage.film_keys(video.pk):
        if key.startswith("frames/") and key not in named:
            storage.delete(key)


def _event(video: Video, group: Group, caption: Caption, contract: str, vector: Vector) -> VideoEvent:
    return VideoEvent(
        video=video,
        edition=video.edition,
        start_s=group.start_s,
        timestamp_s=group.best.frame.timestamp_s,
        end_s=min(group.end_s, max(video.duration_s, group.start_s)),
        caption=caption.english,
        caption_ru=caption.russian,
        object_counts=group.counts(),
        motion=group.motion,
        frame_key=storage.frame_key(video.pk, group.best.frame.timestamp_s),
        contract=contract,
        embedding=vector,
    )


def _position_write(video: Video, stretch: Stretch, worked_s: float) -> None:
    """Raises Superseded: the row is locked until the transaction ends, so no other run begins meanwhile."""
    position_s = max(video.position_s, video.duration_s) if stretch.until_s == math.inf else stretch.until_s
    video.attempts = 0 if position_s > video.position_s else video.attempts
    video.position_s = position_s
    video.motion = motion_joined(video.motion, stretch.motion)
    video.working_s += worked_s
    values = {
        "position_s": video.position_s,
        "motion": video.motion,
        "working_s": video.working_s,
        "attempts": video.attempts,
        "changed_at": timezone.now(),
    }
    if not run_of(video).update(**values):
        raise Superseded


def motion_joined(motion: Sequence[int], looks: Sequence[tuple[float, float]]) -> list[int]:
    """`motion` in per mille, one figure a second, continued by looks (when, share of the frame): of each second the
    largest; where nobody looked as before.
    """
    joined = list(motion)
    for timestamp_s, share in looks:
        second, figure = int(timestamp_s), min(round(share * 1000), 1000)
        while len(joined) <= second:
            joined.append(figure if len(joined) == second else (joined[-1] if joined else 0))
        joined[second] = max(joined[second], figure)
    return joined


def _stills_take(video: Video, groups: Sequence[Group]) -> list[VideoStill]:
    """Frames with faces as photos of the film's event; a film that is of no event has none."""
    frames = [frame for group in groups for _score, frame in group.stills.values()]
    if video.event is None or not frames:
        return []
    frames = _not_erased(video, frames)
    batch = video.batch or _batch_begin(video, video.event)
    named = [(f"{video.name} {clock(frame.timestamp_s)}", still_jpeg(frame)) for frame in frames]
    photos = stills_add(batch=batch, stills=named)
    return [
        VideoStill(
            video=video,
            photo=photo,
            sha256=photo.image.sha256,
            edition=video.edition,
            timestamp_s=frame.timestamp_s,
        )
        for frame, photo in zip(frames, photos, strict=True)
        if photo is not None
    ]


def _not_erased(video: Video, frames: Sequence[Frame]) -> list[Frame]:
    """Without those of moments in which somebody was who was forgotten; frames beside them that are kept stay."""
    rows = VideoStill.objects.filter(video=video)
    gone = dict(rows.filter(photo=None).values_list("timestamp_s", "sha256"))
    digests = stills_erased(gone.values())
    erased = [at for at, digest in gone.items() if digest in digests]
    if not erased:
        return list(frames)
    kept = set(rows.filter(photo__isnull=False).values_list("timestamp_s", flat=True))
    return [
        frame
        for frame in frames
        if frame.timestamp_s in kept or all(abs(frame.timestamp_s - at) >= _ERASED_S for at in erased)
    ]


@transaction.atomic
def _batch_begin(video: Video, event: Event) -> UploadBatch:
    """Raises Superseded."""
    video.batch = batch_create(event=event, by=video.by)
    if not run_of(video).update(batch=video.batch):
        raise Superseded
    return video.batch


def _frame_save(key: str, pixels: Pixels) -> None:
    storage.save(key, thumbnails(pixels, [FRAME_PX])[FRAME_PX])
