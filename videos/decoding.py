"""Frames out of a film, by the container's own clock. Pure: a path or a stream in, pixels out.

Every frame is decoded, for films are compressed that way, but only those that are looked at are converted: small and
gray for the motion filter, upright RGB for those that go on.
"""

import logging
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from photofinder.errors import Problem, RefusedFile
from videos.clock import clock

Source = Path | str | BinaryIO  # a path, a URL or a seekable stream
GRAY_PX = 160  # the long side of the motion filter's copy
FRAME_PX = 1280  # and of the RGB copy: faces of an eighth of its height are large enough to be recognised
_MOST_PIXELS = 8192 * 8192
_LONGEST_S = 48 * 3600.0
_ROUNDING_S = 1e-6
# Twice the processors, so that frames are decoded while others are looked at; FFmpeg itself takes 16 at most.
_THREADS = min(2 * (os.cpu_count() or 1), 16)
_BROKEN_IN_A_ROW = 500  # packets that cannot be decoded, after which the rest of the film is given up
_BACK_S, _AHEAD_S = 1.0, 60.0  # a clock that goes back by more, or beyond the film's end by more at once, is wrong
_ASTRAY_IN_A_ROW = 50  # frames with a wrong time, which are no damage to be passed over
# What FFmpeg may take a file for: formats of films, and none that names other files or addresses to be read.
_FORMATS = "asf,avi,flv,h264,hevc,m4v,matroska,webm,mov,mp4,mpeg,mpegts,mpegvideo,mxf,ogg"
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file,http,https,tcp,tls,httpproxy"}
_RECONNECTING = {"reconnect": "1", "reconnect_on_network_error": "1", "reconnect_delay_max": "10"}
_WHOLE, _SHORT_S = 0.98, 5.0  # the share of its bytes, and the seconds at its end, without which a film is there
_PATIENCE_S = 30.0  # with a server or a disk that says nothing
_log = logging.getLogger(__name__)
Gray = NDArray[np.uint8]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class FilmInfo:
    """What a film says of itself: size in pixels as a viewer shows it, `frame_rate` on average (0 where unknown),
    `duration_s`, the `codec`, whether it has sound, and by how many degrees (0, 90, 180, 270, anticlockwise) its
    frames are to be turned.
    """

    width: int
    height: int
    frame_rate: float
    duration_s: float
    codec: str
    has_sound: bool
    rotation: int


@dataclass(eq=False)
class Look:
    """A frame that is looked at: when it is shown, its small gray copy (h, w) uint8, and its pixels when asked."""

    timestamp_s: float
    gray: Gray
    _frame: Any
    _rotation: int

    def pixels(self) -> Pixels:
        """Upright RGB pixels (h, w, 3) uint8 with a long side of at most FRAME_PX."""
        width, height = _fitting(self._frame.width, self._frame.height, FRAME_PX)
        rgb = self._frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
        return _turned(rgb, self._rotation)


class Reading:
    """How far a film is read that a server hands out: FFmpeg takes a lost connection for the end of the film."""

    def __init__(self, source: Source, container: Any) -> None:
        self._size, self._read = container.size if _is_url(source) else 0, 0

    def note(self, packet: Any) -> None:
        """The next packet, of whichever stream, was read."""
        self._read = max(self._read, (packet.pos or 0) + packet.size)

    def check(self, shown_s: float, end_s: float) -> None:
        """Raise Problem `storage_failed` where no packet comes any more after `shown_s` of `end_s` seconds, though
        there are more bytes: a film that was cut off has none.
        """
        if self._read < _WHOLE * self._size and shown_s < end_s - _SHORT_S:
            raise Problem("storage_failed", f"The film could not be read on after {clock(max(shown_s, 0.0))}.")


class Film:
    """An open film; a context manager.

    Raises RefusedFile `not_a_video`, `no_video_stream`, `zero_duration`, `too_many_pixels` or `too_many_hours` when it
    is opened, and `damaged` when nothing of it can be decoded. `hardware` names a device of FFmpeg (cuda, vaapi, ...);
    where that is missing or cannot decode the film the processor does.
    """

    def __init__(self, source: Source, *, hardware: str = "") -> None:
        self._container = opened(source, hardware)
        self._reading = Reading(source, self._container)
        self._graying: Any = VideoReformatter()  # one for all: what it prepares for a size takes longer than a frame
        try:
            self.info = self._read_info()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *_error: object) -> None:
        self._container.close()

    def looks(self, *, start_s: float, every_frames: int, every_s: float) -> Iterator[Look]:
        """From `start_s` on one of `every_frames` frames, and at least one in `every_s` seconds where there are.

        Raises RefusedFile `clock_jumps`, `damaged`, and Problem `storage_failed` when the connection is lost.
        """
        if start_s > 0:
            self._seek(start_s)
        passed, last, shown_s = every_frames, -math.inf, -math.inf
        for shown_s, frame in self._shown(start_s):
            passed += 1
            is_due = passed >= every_frames or shown_s - last >= every_s
            if is_due and shown_s > last and shown_s >= start_s - _ROUNDING_S:
                passed, last = 0, shown_s
                yield Look(shown_s, self._gray(frame), frame, self.info.rotation)
        if shown_s == -math.inf and start_s <= 0:
            raise RefusedFile("damaged", "No frame of this film can be decoded; it is damaged.")

    def frame_at(self, seconds: float) -> Pixels:
        """The pixels of the first frame shown at `seconds` or later. Raises RefusedFile `damaged` if there is none."""
        look = next(self.looks(start_s=max(seconds, 0), every_frames=1, every_s=math.inf), None)
        if look is None:
            raise RefusedFile("damaged", "There is no frame at that time.")
        return look.pixels()

    def _read_info(self) -> FilmInfo:
        stream = self._stream = film_stream(self._container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = _THREADS
        width, height = stream.codec_context.width, stream.codec_context.height
        if not width or not height:
            raise RefusedFile("damaged", "The file does not say how large its frames are; it is damaged.")
        if width * height > _MOST_PIXELS:
            raise RefusedFile("too_many_pixels", f"Frames of {width} x {height} pixels are larger than 8K.")
        rotation = self._rotation()
        self._origin_s = seconds_of(stream.start_time, stream.time_base)  # some are known by the first frame only
        if rotation in (90, 270):
            width, height = height, width
        return FilmInfo(
            width=width,
            height=height,
            frame_rate=float(stream.average_rate or stream.guessed_rate or 0),
            duration_s=self._duration(stream),
            codec=stream.codec_context.name,
            has_sound=bool(self._container.streams.audio),
            rotation=rotation,
        )

    def _rotation(self) -> int:
        """As the first frame says."""
        frame = next(self._frames(), None)
        with suppress(av.FFmpegError):
            self._container.seek(0)
        return round((frame.rotation if frame else 0) / 90) * 90 % 360

    def _duration(self, stream: Any) -> float:
        """By the stream, by the container, or where neither says it by reading all packets."""
        duration = seconds_of(stream.duration, stream.time_base)
        if duration <= 0 and self._container.duration:
            duration = self._container.duration / av.time_base
        if duration <= 0:
            duration = self._measured(stream)
        if duration <= 0:
            raise RefusedFile("zero_duration", "The film has no duration; it has no frames or is damaged.")
        if duration > _LONGEST_S:
            raise RefusedFile("too_many_hours", "Films of more than 48 hours are not taken.")
        return float(duration)

    def _measured(self, stream: Any) -> float:
        last, first = 0.0, None
        with suppress(av.FFmpegError):
            for packet in self._container.demux(stream):
                if packet.pts is not None:
                    seconds = seconds_of(packet.pts + (packet.duration or 0), stream.time_base)
                    first = seconds if first is None else min(first, seconds)
                    last = max(last, seconds)
        with suppress(av.FFmpegError):
            self._container.seek(0)
        return last - max(first or 0.0, 0.0) if first is not None and last > 0 else 0.0

    def _frames(self) -> Iterator[Any]:
        """All frames that can be decoded; a broken part is left out, and after very many broken packets the rest."""
        broken, self._is_over = 0, False
        packets = self._container.demux()
        while broken < _BROKEN_IN_A_ROW:
            try:
                packet = next(packets)
            except (StopIteration, av.EOFError):
                self._is_over = True
                return
            except (av.FFmpegError, ValueError):
                broken += 1
                packets = self._container.demux()  # the one that raised has ended
                continue
            self._reading.note(packet)
            if packet.stream.index != self._stream.index:
                continue
            try:
                for frame in packet.decode():
                    broken = 0
                    yield frame
            except av.EOFError:
                return
            except (av.FFmpegError, ValueError):
                broken += 1

    def _shown(self, start_s: float) -> Iterator[tuple[float, Any]]:
        """Frames, each with the second at which it is shown; those whose clock is wrong are left out."""
        latest, astray, end_s = -math.inf, 0, max(self.info.duration_s, start_s)
        for frame in self._frames():
            shown_s = self._shown_at(frame, latest)
            is_ahead = shown_s > min(max(latest, end_s) + _AHEAD_S, _LONGEST_S)
            if not is_ahead and shown_s >= latest - _BACK_S:
                latest, astray = max(latest, shown_s), 0
                yield shown_s, frame
                continue
            astray += 1
            if astray >= _ASTRAY_IN_A_ROW:
                where = clock(max(latest, 0.0))
                detail = (
                    f"The clock of this film jumps at {where}, as in recordings that were put one behind the other."
                )
                raise RefusedFile("clock_jumps", f"{detail} Convert it, then send it again.")
        if self._is_over:
            self._reading.check(latest, self.info.duration_s)

    def _shown_at(self, frame: Any, last: float) -> float:
        """By the frame's own time stamp; a frame without one comes one frame after the last."""
        if frame.pts is not None and frame.time_base is not None:
            return seconds_of(frame.pts, frame.time_base) - self._origin_s
        step = 1 / self.info.frame_rate if self.info.frame_rate else 0.04
        return max(last, 0.0) + step

    def _seek(self, shown_s: float) -> None:
        """To the key frame before; a film with a broken index is read from its start."""
        stream = self._stream
        try:
            self._container.seek(int((shown_s + self._origin_s) / stream.time_base), stream=stream)
        except av.FFmpegError:
            with suppress(av.FFmpegError):
                self._container.seek(0)

    def _gray(self, frame: Any) -> Gray:
        width, height = _fitting(frame.width, frame.height, GRAY_PX)
        gray = self._graying.reformat(frame, width=width, height=height, format="gray", interpolation="AREA")
        return _turned(gray.to_ndarray(), self.info.rotation)


def opened(source: Source, hardware: str = "") -> Any:
    """The container that FFmpeg reads. Raises RefusedFile `not_a_video`, and Problem `storage_failed` for a server that
    does not give it.
    """
    try:
        if hardware:
            return _container(source, hwaccel=HWAccel(device_type=hardware, allow_software_fallback=True))
    except (av.FFmpegError, ValueError, EOFError) as error:
        _log.warning("%s decodes nothing here (%s); the processor does", hardware, _said(error))
    try:
        return _container(source)
    except (av.FFmpegError, ValueError, EOFError) as error:
        if _is_url(source) and not isinstance(error, ValueError | EOFError):
            raise Problem("storage_failed", f"The storage did not give the film ({_said(error)}).") from error
        raise RefusedFile("not_a_video", f"This is not a film that can be read ({_said(error)}).") from error


def is_cover(stream: Any) -> bool:
    """Whether a stream of pictures is the one picture that stands for the file."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _container(source: Source, **options: Any) -> Any:
    given = _OPTIONS | (_RECONNECTING if _is_url(source) else {})
    file = str(source) if isinstance(source, Path | str) else source
    return av.open(file, mode="r", options=given, timeout=(_PATIENCE_S, _PATIENCE_S), **options)


def film_stream(container: Any) -> Any:
    """The pictures of the film. Raises RefusedFile `no_video_stream`."""
    for stream in container.streams.video:
        if stream.codec_context and not is_cover(stream):
            return stream
    raise RefusedFile("no_video_stream", "This file has sound or pictures, but no film in it.")


def _is_url(source: Source) -> bool:
    return isinstance(source, str) and "://" in source


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error).split(":")[0]


def seconds_of(value: int | None, time_base: Fraction | None) -> float:
    """A container's own time in seconds; 0 where it does not say it."""
    return value * time_base.numerator / time_base.denominator if value is not None and time_base else 0.0


def _fitting(width: int, height: int, long_side: int) -> tuple[int, int]:
    share = min(long_side / max(width, height), 1.0)
    return max(round(width * share), 2), max(round(height * share), 2)


def _turned(pixels: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(pixels, rotation // 90)) if rotation else pixels
