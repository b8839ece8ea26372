"""Where films lie: in the storage, in the parts in which they are sent, or at a path within the allowed roots."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from photofinder import storage
from photofinder.errors import Problem, RefusedFile
from videos.clips import Clipping
from videos.clock import clock
from videos.decoding import Film
from videos.models import Video
from videos.querysets import UNFINISHED

# What files of films are called; what is in them is seen when they are opened.
EXTENSIONS = frozenset({
    "3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "ogv", "ts", "vob",
    "webm", "wmv",
})  # fmt: skip
_NAME_LENGTH = 255
_CLIP_LEFT_S = 3600.0  # far longer than writing one takes


@dataclass(frozen=True)
class Clip:
    """A part of a film: an open file that no folder shows any more, gone when it is closed; and what to call it."""

    file: BinaryIO
    name: str


@contextmanager
def film_opened(video: Video, *, hardware: str = "") -> Iterator[Film]:
    """The film, open. Raises Problem as `film_source`, and RefusedFile as videos.decoding.Film does."""
    with Film(film_source(video), hardware=hardware) as film:
        yield film


def film_source(video: Video) -> Path | str:
    """The path or the URL of the film. Raises Problem `missing`, `outside_roots`, and `busy` while it is being sent."""
    if video.path:
        return film_path(video.path)
    if not video.key:
        raise Problem("busy", "This film is not here as a whole yet.")
    return storage.source(video.key)


def film_name(name: str) -> str:
    """The name of a sent file without folders and what cannot be shown; its end stays where it has to be cut.

    Raises RefusedFile `not_a_video` for a file that is not called like a film.
    """
    printable = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    extension = film_extension(printable)
    if extension not in EXTENSIONS:
        known = ", ".join(sorted(EXTENSIONS))
        raise RefusedFile("not_a_video", f"Files of films end in one of these: {known}.")
    stem = PurePath(printable).stem.strip() or "film"
    return f"{stem[: _NAME_LENGTH - 1 - len(extension)]}.{extension}"


def film_extension(name: str) -> str:
    """Of a file's name, in small letters."""
    return PurePath(name).suffix[1:].lower()


def seconds_left(video: Video) -> int | None:
    """How long indexing goes on by what it took so far; None while nobody can tell."""
    if video.state not in UNFINISHED or not video.position_s or not video.working_s:
        return None
    return round(video.working_s / video.position_s * max(video.duration_s - video.position_s, 0))


def film_path(path: str, *, is_folder: bool = False) -> Path:
    """The file (or folder) at a path, which lies in one of settings.VIDEO_ROOTS when all links are followed. Raises
    Problem `outside_roots`, `missing`.
    """
    roots = [Path(root).resolve() for root in settings.VIDEO_ROOTS]
    try:
        found = Path(path).resolve()
        is_there = found.is_dir() if is_folder else found.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise Problem("missing", f"There is no such file: {path}") from error
    if not Path(path).is_absolute() or not any(found.is_relative_to(root) for root in roots):
        known = ", ".join(settings.VIDEO_ROOTS) or "none"
        raise Problem("outside_roots", f"Films are read from the folders in VIDEO_ROOTS only ({known}).")
    if not is_there or not os.access(found, os.R_OK | (os.X_OK if is_folder else 0)):
        raise Problem("missing", f"There is no {'folder' if is_folder else 'file'} that can be read at {path}.")
    return found


def clip_write(*, video: Video, start_s: float, end_s: float) -> Clip:
    """These seconds of the film as a file of its own, not encoded anew, from the key frame before the start on.

    Raises Problem `invalid_range`, `busy`, `missing`, `outside_roots`, `storage_full`, and RefusedFile.
    """
    if not 0 <= start_s < end_s:
        raise Problem("invalid_range", "A clip starts at 0 seconds or later, and ends after its start.")
    if end_s - start_s > settings.VIDEO_CLIP_SECONDS:
        raise Problem("invalid_range", f"Clips are at most {settings.VIDEO_CLIP_SECONDS} seconds long.")
    with Clipping(film_source(video)) as film, storing():
        name = f"{PurePath(video.name).stem} {clock(start_s)}–{clock(end_s)}.{film.extension}".replace(":", ".")
        with NamedTemporaryFile(dir=_clips_folder(), prefix="clip-", suffix=f".{film.extension}") as file:
            film.write(Path(file.name), start_s=start_s, end_s=end_s)
            return Clip(Path(file.name).open("rb"), name)


def _clips_folder() -> Path:
    """Where clips are written, without what killed processes left there."""
    folder: Path = settings.VAR_DIR / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("clip-*"):
        with suppress(FileNotFoundError):  # another one was faster
            if time.time() - file.stat().st_mtime > _CLIP_LEFT_S:
                file.unlink()
    return folder


@contextmanager
def storing() -> Iterator[None]:
    """Turn what the storage raises into a Problem `storage_full` or `storage_failed`."""
    try:
        yield
    except (OSError, BotoCoreError, ClientError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Problem("storage_full", "The storage is full: make room, then try this film again.") from error
        raise Problem("storage_failed", f"The storage could not be written ({error}).") from error
