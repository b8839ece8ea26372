"""Films as frames: what a container says of itself, and the few frames that are looked at, upright and reduced.

Every frame has to be decoded, since most are told as changes of the one before; only those that are asked for become
pixels. Times are seconds from the start of the film, as a player counts them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from photofinder.errors import RefusedFile

# Demuxers that read one picture, or words, as if it were a film.
_NO_FILMS = ("image2", "_pipe", "gif", "apng", "webp", "tty", "srt", "ass", "webvtt", "concat", "hls", "dash")
_OPTIONS = {"protocol_whitelist": "file,crypto,data,http,https,tcp,tls"}
_OPEN_SECONDS = 30.0  # to open a film, and between two reads of one: a film on S3 comes over the net


@dataclass(frozen=True)
class VideoInfo:
    """What a container says; `width` and `height` in pixels as a viewer shows them, 0 for what it does not say."""

    duration_s: float
    width: int
    height: int
    frame_rate: float
    codec: str
    has_audio: bool


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """One frame: `time_s` from the start, `pixels` (h, w, 3) uint8 RGB, upright."""

    time_s: float
    pixels: NDArray[np.uint8]


def probe(source: str) -> VideoInfo:
    """What the film at that path or URL is.

    Raises RefusedFile `empty`, `not_a_video`, `no_video_stream`, `no_duration` or `damaged`.
    """
    with _opened(source) as container:
        stream = _video_stream(container)
        first = next(_decoded(container, stream), None)
        if first is None:
            raise RefusedFile("damaged", "No frame of this film can be decoded.")
        duration = _duration(container, stream)
        if duration <= 0:
            raise RefusedFile("no_duration", "This film has no duration: it holds a single frame, or none.")
        width, height = _upright_size(first)
        return VideoInfo(
            duration_s=duration,
            width=width,
            height=height,
            frame_rate=float(stream.average_rate or 0),
            codec=str(stream.codec_context.name),
            has_audio=bool(container.streams.audio),
        )


def frames(
    source: str, *, every: int, from_s: float = 0.0, side_px: int = 1280, hardware: str = ""
) -> Iterator[DecodedFrame]:
    """Every `every`-th frame from `from_s` on, its longer side at most `side_px`; what cannot be decoded is left out.

    `hardware` is a decoder of FFmpeg, such as `cuda`; where it cannot help, the processor decodes. Raises what `probe`
    raises.
    """
    with _opened(source, hardware) as container:
        stream = _video_stream(container)
        start = float((stream.start_time or 0) * (stream.time_base or 0))
        if from_s > 0:
            container.seek(int((from_s + start) / float(stream.time_base or 1)), stream=stream)
        for number, frame in enumerate(_decoded(container, stream)):
            time_s = max(float(frame.time or 0) - start, 0.0)
            if number % every == 0 and time_s >= from_s:
                yield DecodedFrame(time_s, _pixels(frame, side_px))


@contextmanager
def _opened(source: str, hardware: str = "") -> Iterator[InputContainer]:
    """The container at a path or URL. Raises RefusedFile."""
    accelerator = HWAccel(device_type=hardware, allow_software_fallback=True) if hardware else None
    try:
        container = av.open(source, options=_OPTIONS, timeout=_OPEN_SECONDS, hwaccel=accelerator)
    except (av.error.InvalidDataError, av.error.EOFError) as error:
        raise RefusedFile("not_a_video", "This is not a film that can be read.") from error
    except (av.error.FileNotFoundError, av.error.HTTPError) as error:
        raise RefusedFile("missing", "The film is not there any more.") from error
    except (FFmpegError, ValueError) as error:
        raise RefusedFile("damaged", f"The film cannot be read ({error}).") from error
    with container:
        if any(name in container.format.name for name in _NO_FILMS):
            raise RefusedFile("not_a_video", "This is a picture or a text, not a film.")
        yield container


def _video_stream(container: InputContainer) -> Any:
    """The first stream with moving pictures: the cover of a song is none."""
    moving = [stream for stream in container.streams.video if "attached_pic" not in _disposition(stream)]
    if not moving:
        raise RefusedFile("no_video_stream", "This file has sound but no picture.")
    moving[0].thread_type = "AUTO"
    return moving[0]


def _disposition(stream: Any) -> str:
    return str(getattr(stream, "disposition", "")).lower()


def _decoded(container: InputContainer, stream: Any) -> Iterator[Any]:
    """The frames that can be decoded, to the end or to where the file breaks off."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        try:
            yield from packet.decode()
        except FFmpegError:  # a damaged stretch; the next key frame may be whole
            continue


def _duration(container: InputContainer, stream: Any) -> float:
    """Of the stream, or of the container where it does not say; 0 when neither knows."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / av.time_base


def _upright_size(frame: Any) -> tuple[int, int]:
    turned = round(frame.rotation / 90) % 2 == 1
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


def _pixels(frame: Any, side_px: int) -> NDArray[np.uint8]:
    """Reduced on the way from the decoder's format, whatever its depth, then turned upright."""
    share = min(1.0, side_px / max(frame.width, frame.height))
    size = {"width": max(round(frame.width * share), 1), "height": max(round(frame.height * share), 1)}
    pixels = frame.reformat(**size, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
