"""A small library of photos on a disk, and the index run in this process."""

import io
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image as Pixels

from media_index.models import Source, SourceFile
from media_index.services import listing, reading
from media_index.services.sources import source_add

_numbers = count(1)
Result = TypeVar("Result")


def photo(number: int | None = None, *, size: tuple[int, int] = (64, 48), kind: str = "JPEG") -> bytes:
    """A picture of noise; the same number gives the same bytes, none gives bytes that nothing else has."""
    noise = np.random.default_rng(number if number is not None else 10**6 + next(_numbers))
    buffer = io.BytesIO()
    Pixels.fromarray(noise.integers(0, 256, (size[1], size[0], 3), np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def fill(folder: Path, *names: str) -> list[Path]:
    """New photos of these names below the folder."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo())
    return paths


def added(folder: Path | str, *, copies: bool = False) -> Source:
    """The folder as a source, not yet listed."""
    return source_add(location=str(folder), copies=copies, trusted=True)


def catalogue(folder: Path | str, *, copies: bool = False) -> Source:
    """The folder as a source, listed and read as the workers would."""
    source = added(folder, copies=copies)
    listed(source)
    read(source.files.queued())
    return source


def one_file(folder: Path, data: bytes | None = None) -> SourceFile:
    """A listed file of a new source."""
    (path,) = fill(folder, "a.jpg")
    if data is not None:
        path.write_bytes(data)
    source = added(folder)
    listed(source)
    return source.files.get()


def listed(source: Source) -> None:
    """List a source that waits for it."""
    listing.sources_list(source_ids=[source.pk])
    source.refresh_from_db()


def read(files: Iterable[SourceFile]) -> None:
    """Read these files, each with a message of its own."""
    for file in list(files):
        reading.files_read(file_ids=[file.pk])


def states(source: Source) -> dict[str, str]:
    """The state of every file by its name."""
    return dict(source.files.values_list("name", "state"))


def recording(work: Callable[..., Result], calls: list[Any]) -> Callable[..., Result]:
    """The same work; the arguments of every call are added to `calls`."""

    def recorded(*args: Any) -> Result:
        calls.append(args)
        return work(*args)

    return recorded
