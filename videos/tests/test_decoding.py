"""Frames come at the times that the film says, upright, and what is no film is refused with the reason."""

from pathlib import Path

import av
import numpy as np
import pytest

from photofinder.errors import RefusedFile
from videos.decoding import FRAME_PX, GRAY_PX, Film
from videos.tests.filming import Pixels, crossing, film, room


def _times(path: Path, start_s: float = 0, every_frames: int = 15, every_s: float = 1.5) -> list[float]:
    with Film(path) as opened:
        looks = opened.looks(start_s=start_s, every_frames=every_frames, every_s=every_s)
        return [round(look.timestamp_s, 3) for look in looks]


def test_it_says_what_the_film_is(tmp_path: Path) -> None:
    path = film(tmp_path / "one.mp4", crossing((1, 2)), seconds=3, rate=25, has_sound=True)
    with Film(path) as opened:
        info = opened.info
    assert (info.width, info.height, info.codec, info.has_sound, info.rotation) == (320, 180, "h264", True, 0)
    assert info.duration_s == pytest.approx(3, abs=0.1)
    assert info.frame_rate == pytest.approx(25, abs=0.5)


def test_one_of_so_many_frames_is_looked_at(tmp_path: Path) -> None:
    path = film(tmp_path / "one.mp4", crossing(), seconds=4)
    assert _times(path, every_frames=10) == [0, 1, 2, 3]
    assert _times(path, every_frames=100, every_s=0.5) == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]


def test_it_goes_on_from_any_second(tmp_path: Path) -> None:
    path = film(tmp_path / "one.mp4", crossing(), seconds=8)
    assert _times(path, start_s=3.7, every_frames=10) == [3.7, 4.7, 5.7, 6.7, 7.7]


def test_times_are_the_containers_where_frames_come_unevenly(tmp_path: Path) -> None:
    shown = [0.0, 0.1, 0.2, 2.0, 2.1, 5.0, 5.4]
    path = film(tmp_path / "uneven.mkv", crossing(), seconds=0, times=iter(shown))
    assert _times(path, every_frames=1) == shown
    assert _times(path, every_frames=100, every_s=1.5) == [0, 2, 5]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_frames_are_turned_upright(tmp_path: Path, degrees: int) -> None:
    plain = film(tmp_path / "plain.mp4", lambda _t: room(), seconds=1)
    turned = film(tmp_path / "turned.mp4", lambda _t: room(), seconds=1, rotation=degrees)
    with Film(plain) as one, Film(turned) as other:
        upright, stored = other.frame_at(0.5), one.frame_at(0.5)
        assert (other.info.height, other.info.width) == upright.shape[:2]
        assert other.info.rotation == degrees
    assert _apart(upright, np.rot90(stored, degrees // 90)) < 3


@pytest.mark.parametrize(
    ("codec", "pixel_format"), [("libx264", "yuv420p10le"), ("libx265", "yuv420p10le"), ("mpeg4", "yuv420p")]
)
def test_other_codecs_and_ten_bits_are_read(tmp_path: Path, codec: str, pixel_format: str) -> None:
    path = film(tmp_path / "other.mp4", lambda _t: room(), seconds=1, codec=codec, pixel_format=pixel_format)
    with Film(path) as opened:
        assert _apart(opened.frame_at(0.5), room()) < 25


@pytest.mark.parametrize("hardware", ["cuda", "no such device"])
def test_the_processor_decodes_where_the_graphics_card_cannot(
    tmp_path: Path, hardware: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = film(tmp_path / "one.mp4", lambda _t: room(), seconds=1)
    with Film(path, hardware=hardware) as opened:
        assert _apart(opened.frame_at(0.5), room()) < 25
    assert "the processor does" in caplog.text or hardware == "cuda"  # where there is CUDA it decodes
    with pytest.raises(RefusedFile):
        Film(tmp_path / "one.txt", hardware=hardware)


def test_large_frames_are_made_small(tmp_path: Path) -> None:
    path = film(tmp_path / "large.mp4", lambda _t: room(3840, 2160), seconds=0.3)
    with Film(path) as opened:
        look = next(opened.looks(start_s=0, every_frames=1, every_s=1))
        assert (opened.info.width, opened.info.height) == (3840, 2160)
    assert look.gray.shape == (GRAY_PX * 9 // 16, GRAY_PX)
    assert look.pixels().shape == (FRAME_PX * 9 // 16, FRAME_PX, 3)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("empty.mp4", b"", "not_a_video"), ("text.mp4", b"no film at all\n" * 99, "not_a_video")],
)
def test_what_is_no_film_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert _refusal(tmp_path / name) == code


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert _refusal(path) == "no_video_stream"


def test_a_film_that_was_cut_off_before_its_index_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "cut.mp4", crossing((0, 3)), seconds=3)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert _refusal(path) == "not_a_video"


def test_of_a_film_that_ends_early_the_frames_before_are_seen(tmp_path: Path) -> None:
    path = film(tmp_path / "cut.mkv", crossing((0, 6)), seconds=6)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1 < len(_times(path, every_frames=5)) < 12


def test_a_broken_part_is_left_out(tmp_path: Path) -> None:
    path = film(tmp_path / "broken.mkv", crossing((0, 10)), seconds=10)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = b"\xff" * 400
    path.write_bytes(data)
    times = _times(path, every_frames=5)
    assert times == sorted(times)
    assert times[0] == 0
    assert times[-1] > 8


def _refusal(path: Path) -> str:
    with pytest.raises(RefusedFile) as refused, Film(path) as opened:
        opened.frame_at(0)
    return refused.value.code


def _apart(one: Pixels, other: Pixels) -> float:
    """The mean difference of gray levels."""
    return float(np.abs(one.astype(np.int16) - other).mean())
