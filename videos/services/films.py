"""Where films lie: in the storage, in the parts in which they are sent, or at a path within the allowed roots."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from photofinder import storage
from photofinder.errors import Problem
from videos.decoding import Film
from videos.models import Video


@contextmanager
def film_opened(video: Video, *, hardware: str = "") -> Iterator[Film]:
    """The film, open. Raises Problem `missing`, `outside_roots`, and RefusedFile as videos.decoding.Film does."""
    source = film_path(video.path) if video.path else storage.source(video.key)
    with Film(source, hardware=hardware) as film:
        yield film


def film_path(path: str) -> Path:
    """The file at a path, which lies in one of settings.VIDEO_ROOTS when all links are followed. Raises Problem
    `outside_roots`, `missing`.
    """
    roots = [Path(root).resolve() for root in settings.VIDEO_ROOTS]
    try:
        found = Path(path).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise Problem("missing", f"There is no such file: {path}") from error
    if not Path(path).is_absolute() or not any(found.is_relative_to(root) for root in roots):
        known = ", ".join(settings.VIDEO_ROOTS) or "none"
        raise Problem("outside_roots", f"Films are read from the folders in VIDEO_ROOTS only ({known}).")
    if not found.is_file() or not os.access(found, os.R_OK):
        raise Problem("missing", f"There is no file that can be read at {path}.")
    return found
