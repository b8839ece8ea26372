"""The parts of a film that was sent, joined into one file as they are read: no more than one of them is in memory."""

import io
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from django.db import connection

from photofinder import storage
from photofinder.errors import Problem
from videos.models import Video
from videos.services.films import film_extension, storing
from videos.services.recording import Superseded, run_go_on, run_of


def film_join(*, video: Video) -> None:
    """Make one file of a film that was sent in parts, in the name of the run that is about to index it.

    Killed anywhere it can be run again: the parts go after the film is written down. Raises Superseded, and Problem
    `missing`, `storage_full`.
    """
    if not video.path and not video.key:
        key = storage.film_key(video.pk, film_extension(video.name))
        with storing():
            storage.save(key, _joined(video))
        if not run_of(video).update(key=key):
            raise Superseded
        video.key = key
    if video.chunks.exists():
        _parts_drop(video)


def _joined(video: Video) -> BinaryIO:
    parts = list(video.chunks.order_by("start").values_list("start", "bytes"))
    if sum(size for _start, size in parts) != video.bytes:
        raise Problem("missing", "Parts of this film are missing; delete it and send it again.")
    # The storage asks for as many bytes as it likes, and must get them.
    return cast(BinaryIO, io.BufferedReader(_Parts(video.pk, parts, _alive(video))))


def _alive(video: Video) -> Callable[[], None]:
    """What is called from time to time; S3's client does it in a thread of its own, where nobody else would close the
    connection.
    """
    caller = threading.get_ident()

    def go_on() -> None:
        try:
            run_go_on(video)
        finally:
            if threading.get_ident() != caller:
                connection.close()

    return go_on


def _parts_drop(video: Video) -> None:
    for key in storage.film_keys(video.pk):
        if storage.is_chunk(key):
            storage.delete(key)
    video.chunks.all().delete()


class _Parts(io.RawIOBase):
    """The parts (start, bytes) of a film, one behind the other; `opening` is called before each is opened."""

    def __init__(self, video_id: int, parts: list[tuple[int, int]], opening: Callable[[], None]) -> None:
        self._video_id = video_id
        self._parts = dict(parts)
        self._step = max(self._parts.values())
        self._size = sum(self._parts.values())
        self._opening = opening
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: memoryview) -> int:  # type: ignore[override] # what BufferedReader gives
        if self._at >= self._size:
            return 0
        start = self._at // self._step * self._step
        piece = self._part(start)[self._at - start :][: len(into)]
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _part(self, start: int) -> bytes:
        """Raises Problem `missing`."""
        if self._held[0] != start:
            self._opening()
            with storage.open_file(storage.chunk_key(self._video_id, start)) as file:
                self._held = (start, file.read())
            if len(self._held[1]) != self._parts.get(start):
                raise Problem("missing", "A part of this film is damaged; delete it and send it again.")
        return self._held[1]
