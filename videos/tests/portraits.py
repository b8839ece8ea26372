"""A film of real portraits, and frames of films with painted faces."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faces.models import Event
from faces.services.stills import stills_add
from faces.services.uploads import batch_create
from faces.tests.painting import painted, process
from photofinder import storage
from videos.clock import clock
from videos.models import Video, VideoStill
from videos.tests.filming import Pixels, film, room

WIDTH, HEIGHT, SIDE = 640, 360, 300


def portrait(name: str, number: int) -> Path:
    """The n-th portrait of somebody in PHOTOFINDER_ASSETS; skips the test where there are none."""
    if not (folder := os.environ.get("PHOTOFINDER_ASSETS")):
        pytest.skip("PHOTOFINDER_ASSETS does not name a folder with models and portraits")
    return sorted((Path(folder) / "data" / "lfw_dev" / name).iterdir())[number - 1]


def portrait_film(path: Path, shown: Mapping[tuple[float, float], Path], *, seconds: float) -> Path:
    """A film of a room in which each of these portraits sways during its seconds."""
    empty = room(WIDTH, HEIGHT)
    pictures = {span: _picture(portrait) for span, portrait in shown.items()}

    def paint(now: float) -> Pixels:
        pixels = empty.copy()
        for (start, stop), picture in pictures.items():
            if start <= now < stop:
                left = int(WIDTH / 2 - SIDE / 2 + 140 * np.sin((now - start) * 1.3))
                pixels[30 : 30 + SIDE, left : left + SIDE] = picture
        return pixels

    return film(path, paint, seconds=seconds)


def _picture(portrait: Path) -> Pixels:
    with Image.open(portrait) as picture:
        return np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def a_film(event: Event | None, content: bytes = b"film", *, name: str = "party.mp4", seconds: float = 60) -> Video:
    """A film of the event that lies in the storage, and waits."""
    video: Video = Video.objects.create(event=event, name=name, state=Video.State.QUEUED, duration_s=seconds)
    video.key = storage.film_key(video.pk, "mp4")
    storage.save(video.key, content)
    video.save(update_fields=["key"])
    return video


def seen(video: Video, faces: Mapping[float, Sequence[int]]) -> Video:
    """The film with stills at these seconds that show these identities of the fake engine, after all stages."""
    assert video.event
    video.batch = video.batch or batch_create(event=video.event, by=None)
    video.save(update_fields=["batch"])
    named = [(f"{video.name} {clock(at)}", painted(*who)) for at, who in faces.items()]
    photos = [photo for photo in stills_add(batch=video.batch, stills=named) if photo]
    for at, photo in zip(faces, photos, strict=True):
        VideoStill.objects.create(video=video, photo=photo, edition=0, timestamp_s=at)
    process(photos)
    return video
