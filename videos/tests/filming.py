"""Films that tests make."""

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Paint = Callable[[float], Pixels]


def film(
    path: Path,
    paint: Paint,
    *,
    seconds: float,
    rate: int = 10,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rotation: int = 0,
    times: Iterator[float] | None = None,
    has_sound: bool = False,
) -> Path:
    """A film whose frame at `t` seconds is `paint(t)`, RGB (h, w, 3); with `times` frames are shown then (a variable
    frame rate).
    """
    height, width = paint(0.0).shape[:2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"g": str(rate * 2), "preset": "ultrafast"} if codec == "libx264" else {}
        if rotation:
            stream.set_display_rotation(rotation)
        sound = _sound(container) if has_sound else None
        for shown in times or (number / rate for number in range(round(seconds * rate))):
            frame = av.VideoFrame.from_ndarray(paint(shown), format="rgb24")
            frame.pts, frame.time_base = round(shown * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound:
            _hum(container, sound, seconds)
    return path


def claiming(content: bytes, seconds: float) -> bytes:
    """A Matroska film whose header says that it is so long."""
    place = content.index(b"\x44\x89\x88") + 3  # the element's name and size; its value is in milliseconds
    return content[:place] + struct.pack(">d", seconds * 1000) + content[place + 8 :]


def _sound(container: Any) -> Any:
    return container.add_stream("aac", rate=16_000, layout="mono")


def _hum(container: Any, stream: Any, seconds: float) -> None:
    wave = np.sin(np.arange(int(seconds * 16_000)) * 0.1).astype(np.float32)[None]
    for at in range(0, wave.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, at : at + 1024]), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, at, Fraction(1, 16_000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def room(width: int = 320, height: int = 180) -> Pixels:
    """A place with some texture, the same each time."""
    random = np.random.default_rng(7)
    coarse = random.integers(60, 200, (height // 12 + 1, width // 12 + 1, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(12, axis=0).repeat(12, axis=1)[:height, :width])


def crossing(*spans: tuple[float, float]) -> Paint:
    """A room that a striped block crosses in each of these spans of seconds."""
    still = room()
    stripes = np.tile(np.array([[10, 10, 10], [250, 220, 40]], np.uint8), (120, 30, 1))

    def paint(shown: float) -> Pixels:
        pixels = still.copy()
        for start, stop in spans:
            if start <= shown < stop:
                left = int((shown - start) / (stop - start) * 260)
                pixels[30:150, left : left + 60] = stripes
        return pixels

    return paint
