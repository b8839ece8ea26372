"""All photos of a result in one ZIP archive, written while it is sent: no more than a chunk is ever in memory."""

import io
import logging
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import Any
from zipfile import ZipFile, ZipInfo

from django.utils.translation import gettext as _

from faces.models import Photo, SelfieSearch
from faces.services.deliveries import PREVIEW_PX, Delivery, original_open, preview_open
from faces.services.results import result_photos

_MISSING = "missing.txt"
_READABLE = 0o644 << 16
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # that an archive can say
logger = logging.getLogger(__name__)


def zip_photos(*, search: SelfieSearch) -> list[Photo]:
    """The photos that its archive holds, best first, each once."""
    found = result_photos(search)
    return list({match.face.photo_id: match.face.photo for match in found[: found.count()]}.values())


def zip_stream(*, photos: Iterable[Photo]) -> Iterator[bytes]:
    """An archive of these photos as their event gives them to attendees: originals without their place, or previews.

    Each has its own name and the time at which it was taken. One that cannot be read is left out, and named in a text.
    Nothing is asked of the database: `photos` come with image and event.
    """
    sink, names = _Sink(), _Names()
    missing: list[str] = []
    with ZipFile(sink, "w") as archive:
        for photo in photos:
            try:
                delivery = _open(photo)
                yield from _written(archive, sink, _entry(photo, names.take(delivery.name)), delivery.chunks)
            except Exception:  # whatever is wrong with one photo, the others are delivered
                logger.warning("Photo %d is not in an archive.", photo.pk, exc_info=True)
                missing.append(photo.original_name)
        if missing:
            text = "\n".join([_("These photos could not be read:"), *missing, ""])
            yield from _written(archive, sink, ZipInfo(names.take(_MISSING)), [text.encode()])
    yield sink.take()


def _open(photo: Photo) -> Delivery:
    if photo.event.originals_allowed:
        return original_open(photo=photo)
    return preview_open(photo=photo, long_side=PREVIEW_PX)


def _written(archive: ZipFile, sink: "_Sink", entry: ZipInfo, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What an entry adds to the archive; photos are compressed already, so they are stored as they are."""
    with archive.open(entry, "w") as file:
        for chunk in chunks:
            file.write(chunk)
            yield sink.take()


def _entry(photo: Photo, name: str) -> ZipInfo:
    """With the camera's clock, as an archive keeps clocks without a zone."""
    at = (photo.image.taken_at or photo.image.stored_at).timetuple()[:6]
    entry = ZipInfo(name, min(max(at, _EARLIEST), _LATEST))
    entry.external_attr = _READABLE
    entry.file_size = photo.image.bytes  # about: what is far from 4 GB needs no long sizes, which some systems misread
    return entry


class _Names:
    """Names that were not taken before: the second `a.jpg` is `a (2).jpg`, also where `A.JPG` is the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        stem, dot, extension = name.rpartition(".")
        numbered = (f"{stem} ({number}){dot}{extension}" for number in count(2))
        free = next(name for name in chain([name], numbered) if name.casefold() not in self._taken)
        self._taken.add(free.casefold())
        return free


class _Sink(io.RawIOBase):
    """What the archive writes to: taken away as soon as it is there, so it can only be written forward."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data
