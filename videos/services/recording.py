"""Moments become rows: with a caption, its vector, and the best frame in the storage."""

from collections.abc import Sequence

from django.db import transaction

from photofinder import storage
from photofinder.images import thumbnails
from videos.config import IndexerConfig
from videos.engines.base import Caption
from videos.grouping import Moment
from videos.models import Video, VideoEvent
from videos.services.describing import moments_describe
from videos.services.seeing import caption_engine, text_engine
from videos.services.stills import stills_drop, stills_keep

_FRAME_PX = 960  # of the frame that stands for a moment


def moments_prepare(*, video: Video, moments: Sequence[Moment], config: IndexerConfig) -> list[VideoEvent]:
    """Unsaved rows of the run under way; their frames are in the storage already. Slow: it asks the engines."""
    if not moments:
        return []
    captions = _captions(moments, config)
    vectors = text_engine().embed([caption.en for caption in captions])
    rows = [_row(video, moment, caption) for moment, caption in zip(moments, captions, strict=True)]
    for row, vector, moment in zip(rows, vectors, moments, strict=True):
        row.embedding = vector
        storage.save(row.frame_key, thumbnails(moment.best.frame.pixels, [_FRAME_PX])[_FRAME_PX])
    return rows


def moments_write(*, video: Video, rows: Sequence[VideoEvent], moments: Sequence[Moment]) -> None:
    """Save the rows of these moments, and who is in them."""
    saved = VideoEvent.objects.bulk_create(rows)
    moments_describe(moments=saved)
    stills_keep(video=video, rows=saved, moments=moments)


@transaction.atomic
def run_show(*, video: Video) -> None:
    """Let the run that has ended take the place of the one before."""
    video.run += 1
    old = video.events.exclude(run=video.run)
    keys = set(old.values_list("frame_key", flat=True))
    best = video.events.filter(run=video.run).order_by("-object_counts__person", "start_s").first()
    video.poster_key = best.frame_key if best else ""
    stills_drop(moments=old)
    old.delete()
    video.save(update_fields=["run", "poster_key"])
    transaction.on_commit(lambda: [storage.delete(key) for key in keys])


def run_discard(*, video: Video) -> None:
    """Drop what a run that did not end has written."""
    rows = video.events.filter(run=video.run + 1)
    stills_drop(moments=rows)
    rows.delete()


def _captions(moments: Sequence[Moment], config: IndexerConfig) -> list[Caption]:
    engine = caption_engine(config.captions)
    scenes = [moment.scene for moment in moments]
    size = config.captions_batch
    return [
        caption for start in range(0, len(scenes), size) for caption in engine.describe(scenes[start : start + size])
    ]


def _row(video: Video, moment: Moment, caption: Caption) -> VideoEvent:
    run = video.run + 1
    return VideoEvent(
        video=video,
        run=run,
        start_s=moment.start_s,
        timestamp_s=moment.best.frame.time_s,
        end_s=moment.end_s,
        caption=caption.en,
        caption_ru=caption.ru,
        object_counts=dict(moment.counts),
        contract=text_engine().spec.contract,
        frame_key=storage.frame_key(video.pk, run, moment.start_s),
    )
