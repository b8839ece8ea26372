"""Photos for the fake face engine, and the pipeline run in this process."""

import io
from collections.abc import Sequence
from itertools import count

import numpy as np
from PIL import Image

from faces.engines.fake import paint_face
from faces.models import Event, Photo
from faces.services import consolidation, pipeline
from faces.services.uploads import batch_create, photos_upload

_numbers = count(1)
SIDE = 100


def painted(*identities: int, likeness: float = 1.0, det_score: float = 0.9, side: int = SIDE) -> bytes:
    """A PNG with the faces of these identities (0-35) side by side; no two calls give the same bytes."""
    return painted_looks([(identity, likeness, det_score) for identity in identities], side=side)


def painted_looks(looks: Sequence[tuple[int, float, float]], *, side: int = SIDE) -> bytes:
    """The same, with a likeness and a detection score for each identity."""
    canvas = np.full((side + 20, max(len(looks), 1) * (side + 20), 3), 128, np.uint8)
    for place, (identity, likeness, det_score) in enumerate(looks):
        box = (place * (side + 20) + 10, 10, side)
        paint_face(canvas, box, identity, likeness=likeness, det_score=det_score)
    canvas[0, 0] = (next(_numbers) % 20 + 118, 128, next(_numbers) // 20 % 20 + 118)
    buffer = io.BytesIO()
    Image.fromarray(canvas).save(buffer, "PNG")
    return buffer.getvalue() + b"%d" % next(_numbers)


def upload(event: Event, *files: bytes) -> list[Photo]:
    """The event's photos of these files, not yet processed, named 1.png, 2.png, ..."""
    named = [(f"{number}.png", io.BytesIO(data)) for number, data in enumerate(files, 1)]
    accepted, _ = photos_upload(batch=batch_create(event=event, by=None), files=named)
    return [file.photo for file in accepted]


def process(photos: Sequence[Photo], *, settled: bool = True) -> None:
    """Run every stage on these photos, one after another; unless `settled`, people are not consolidated at the end."""
    ids = [photo.pk for photo in photos]
    pipeline.photos_ingest(photo_ids=ids)
    pipeline.photos_detect(photo_ids=ids)
    pipeline.photos_assign(photo_ids=ids)
    if settled:
        consolidation.events_consolidate(event_ids=sorted({photo.event_id for photo in photos}))


def processed(event: Event, *files: bytes) -> list[Photo]:
    """The event's photos of these files after all stages."""
    photos = upload(event, *files)
    process(photos)
    return list(Photo.objects.filter(pk__in=[photo.pk for photo in photos]))
