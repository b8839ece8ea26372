"""A part of a film as a file of its own, without encoding anything anew. Pure: a path or a URL in, a file out.

Packets are copied from the key frame before the start on, as nothing can be shown without it, so a clip may begin a few
seconds early; it ends where it was asked to.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import av

from photofinder.errors import Problem, RefusedFile
from videos.decoding import Reading, Source, film_stream, is_cover, opened, seconds_of

# What MP4 can hold and players expect in it; all else goes into Matroska, which holds everything.
_OF_MP4 = frozenset({"h264", "hevc", "av1", "mpeg4", "vp9", "aac", "mp3", "ac3", "eac3", "opus", "alac", "flac"})
_BEHIND_S = 5.0  # how far a film's sound may lie behind its pictures in the file


class Clipping:
    """An open film of which a part is copied; a context manager. `extension` is what the copy has to be called.

    Raises RefusedFile `not_a_video`, `no_video_stream` when it is opened.
    """

    def __init__(self, source: Source) -> None:
        self._film = opened(source)
        self._reading = Reading(source, self._film)
        self._streams = [stream for stream in self._film.streams if _is_copied(stream)]
        try:
            self._pictures = film_stream(self._film)
        except RefusedFile:
            self._film.close()
            raise
        names = {stream.codec_context.name for stream in self._streams}
        self.extension = "mp4" if names <= _OF_MP4 | {"libdav1d"} else "mkv"

    def __enter__(self) -> "Clipping":
        return self

    def __exit__(self, *_error: object) -> None:
        self._film.close()

    def write(self, path: Path, *, start_s: float, end_s: float) -> None:
        """Copy what is shown in these seconds, counted from the film's first frame.

        Raises Problem `invalid_range` where the film has nothing there, and RefusedFile `damaged`.
        """
        origin = seconds_of(self._pictures.start_time, self._pictures.time_base)
        packets = self._packets(start_s + origin, end_s + origin)
        first = None if self._is_over(start_s) else next(packets, None)
        if first is None:
            raise Problem("invalid_range", "The film is over before that time.")
        try:
            self._copy(path, first, packets)
        except av.FFmpegError as error:
            if error.errno == errno.ENOSPC:
                raise OSError(errno.ENOSPC, "no room for the clip") from error
            raise RefusedFile("damaged", "This part of the film is damaged and cannot be copied.") from error

    def _copy(self, path: Path, first: Any, others: Iterator[Any]) -> None:
        """As a file that begins with what players need, and with the first packet at zero."""
        options = {"movflags": "faststart"} if self.extension == "mp4" else {}
        container_format = "mp4" if self.extension == "mp4" else "matroska"
        with av.open(str(path), "w", format=container_format, options=options) as copy:
            streams = {stream.index: copy.add_stream_from_template(stream) for stream in self._streams}
            shift_s = _shown_at(first)
            for packet in chain([first], others):
                _move(packet, shift_s)
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)

    def _is_over(self, seconds: float) -> bool:
        return 0 < self._duration_s() <= seconds

    def _duration_s(self) -> float:
        duration = seconds_of(self._pictures.duration, self._pictures.time_base)
        return duration or (self._film.duration or 0) / av.time_base

    def _packets(self, start_s: float, end_s: float) -> Iterator[Any]:
        """Those from the key frame before the start to the end, the key frame's first."""
        self._seek(start_s)
        begins_s: float | None = None
        going, at_s = {stream.index for stream in self._streams}, start_s
        for packet in self._demuxed(self._streams):
            index, at_s = packet.stream.index, seconds_of(packet.dts, packet.time_base)
            if begins_s is None:
                if index != self._pictures.index or not packet.is_keyframe:
                    continue
                begins_s = _shown_at(packet)
            if at_s >= end_s:
                going.discard(index)
                if not going or at_s > end_s + _BEHIND_S:
                    return
            elif _shown_at(packet) >= begins_s:  # frames before it in time show nothing without their own key frame
                yield packet
        self._reading.check(at_s, min(end_s, self._duration_s()))

    def _demuxed(self, streams: Sequence[Any]) -> Iterator[Any]:
        """Packets with a time, as far as the file can be read."""
        with suppress(av.FFmpegError):
            for packet in self._film.demux(streams):
                self._reading.note(packet)
                if packet.dts is not None and packet.size:
                    yield packet

    def _seek(self, seconds: float) -> None:
        with suppress(av.FFmpegError):  # a film with a broken index is read from its start
            self._film.seek(int(seconds / self._pictures.time_base), stream=self._pictures)


def _is_copied(stream: Any) -> bool:
    """Sound and moving pictures; a cover is none."""
    return stream.type in ("video", "audio") and not is_cover(stream) and bool(stream.codec_context)


def _move(packet: Any, seconds: float) -> None:
    shift = round(seconds / packet.time_base)
    packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
    packet.dts -= shift


def _shown_at(packet: Any) -> float:
    return seconds_of(packet.dts if packet.pts is None else packet.pts, packet.time_base)
