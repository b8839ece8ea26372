"""A storage that breaks off or falls silent in the middle of a film fails it with the reason."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import av
import numpy as np
import pytest

from photofinder.errors import Problem
from videos import decoding
from videos.clips import Clipping
from videos.decoding import Film, opened
from videos.tests.filming import crossing, film

TAIL = 0.97  # of the file, where the index is


class Breaking(BaseHTTPRequestHandler):
    """Serves a file with ranges, but nothing between `limit` and its tail: the connection ends there."""

    content: ClassVar = b""
    limit: ClassVar = 0

    def do_GET(self) -> None:
        """Some of the file."""
        start = int(self.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
        size = len(self.content)
        is_tail = start > size * TAIL
        if start >= self.limit and not is_tail:
            self.send_error(403)
            return
        self.send_response(206)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(size - start))
        self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.end_headers()
        self.wfile.write(self.content[start : None if is_tail else self.limit])

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@contextmanager
def served(content: bytes, *, share: float) -> Iterator[str]:
    handler = type("Handler", (Breaking,), {"content": content, "limit": int(len(content) * share)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/film.mkv"
    server.shutdown()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("films") / "film.mkv", crossing((6, 9), (50, 54)), seconds=60).read_bytes()


def _looked_at(url: str) -> float:
    last = 0.0
    with Film(url) as film:
        for look in film.looks(start_s=0, every_frames=15, every_s=1.5):
            last = look.timestamp_s
    return last


def test_a_film_is_read_over_http(content: bytes) -> None:
    with served(content, share=1) as url:
        assert _looked_at(url) > 58


def test_a_connection_that_is_lost_is_told(content: bytes) -> None:
    with served(content, share=0.6) as url, pytest.raises(Problem) as lost:
        _looked_at(url)
    assert lost.value.code == "storage_failed"


def test_a_clip_over_a_lost_connection_is_none(content: bytes, tmp_path: Path) -> None:
    with served(content, share=0.6) as url, Clipping(url) as clipping, pytest.raises(Problem) as lost:
        clipping.write(tmp_path / "clip.mp4", start_s=20, end_s=58)
    assert lost.value.code == "storage_failed"


def test_a_server_that_is_silent_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Problem) as refused:
        opened(f"http://127.0.0.1:{silent.getsockname()[1]}/film.mkv")
    assert refused.value.code == "storage_failed"


def test_sound_that_goes_on_after_the_last_frame_is_no_lost_connection(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    pictures = film(tmp_path / "pictures.mkv", crossing((6, 9)), seconds=20)
    with av.open(str(path), "w") as container, av.open(str(pictures)) as source:
        streams: list[Any] = [
            container.add_stream_from_template(source.streams.video[0]),
            container.add_stream("aac", rate=16_000, layout="mono"),
        ]
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = streams[0]
                container.mux(packet)
        noise = np.random.default_rng(1).normal(0, 0.3, (1, 1024)).astype(np.float32)
        for at in range(0, 60 * 16_000, 1024):
            sound = av.AudioFrame.from_ndarray(noise, "fltp", "mono")
            sound.sample_rate, sound.pts = 16_000, at
            container.mux(streams[1].encode(sound))
        container.mux(streams[1].encode())
    with served(path.read_bytes(), share=1) as url:
        assert _looked_at(url) > 18


def test_a_film_that_is_damaged_is_no_lost_connection(content: bytes) -> None:
    damaged = bytearray(content)
    start, end = len(content) // 4, len(content) * 9 // 10
    damaged[start:end] = np.random.default_rng(1).bytes(end - start)
    with served(bytes(damaged), share=1) as url:
        assert _looked_at(url) > 10
