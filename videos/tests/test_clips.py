"""Clips: what is shown from the key frame before the start to the end, as it was, playable from its first bytes."""

import os
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from photofinder.errors import Problem, RefusedFile
from videos.clips import Clipping
from videos.decoding import Film
from videos.models import Video
from videos.services.films import clip_write
from videos.tests.filming import Pixels, film


def clocked(shown: float) -> Pixels:
    """A picture that tells the time: its left half is as bright as there are seconds, its right half as tenths."""
    pixels = np.empty((64, 96, 3), np.uint8)
    pixels[:, :48], pixels[:, 48:] = (20 + 20 * digit for digit in divmod(round(shown * 10), 10))
    return pixels


def told(pixels: Pixels) -> float:
    seconds, tenths = (np.median(half) for half in np.array_split(pixels, 2, axis=1))
    return round((seconds - 20) / 20) + round((tenths - 20) / 20) / 10


@pytest.fixture
def ten_seconds(tmp_path: Path) -> Path:
    """With a key frame every two seconds, and sound."""
    return film(tmp_path / "film.mp4", clocked, seconds=10, has_sound=True)


def clipped(source: Path, start_s: float, end_s: float, name: str = "clip.mp4") -> Path:
    path = source.parent / name
    with Clipping(source) as clipping:
        clipping.write(path, start_s=start_s, end_s=end_s)
    return path


def frames(path: Path) -> list[tuple[float, float]]:
    """When each frame of a film is shown, and what time its picture tells."""
    with Film(path) as shown:
        looks = shown.looks(start_s=0, every_frames=1, every_s=1)
        return [(round(look.timestamp_s, 1), told(look.pixels())) for look in looks]


def test_it_begins_at_the_key_frame_before_and_ends_where_it_was_asked_to(ten_seconds: Path) -> None:
    shown = frames(clipped(ten_seconds, 5.0, 7.5))
    assert shown[0] == (0.0, 4.0)
    assert shown[-1] == (3.4, 7.4)
    assert [round(clock - at, 1) for at, clock in shown] == [4.0] * 35


def test_its_sound_goes_with_its_pictures(ten_seconds: Path) -> None:
    with av.open(str(clipped(ten_seconds, 5.0, 7.5))) as container:
        sound = [frame.time or 0 for frame in container.decode(audio=0)]
    assert 0 <= sound[0] < 0.1
    assert sound[-1] == pytest.approx(3.4, abs=0.15)


def test_nothing_is_encoded_anew(ten_seconds: Path) -> None:
    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    part, whole = packets(clipped(ten_seconds, 4.0, 8.0)), packets(ten_seconds)
    assert part == whole[40:80]


def test_it_can_be_played_before_all_of_it_is_there(ten_seconds: Path) -> None:
    content = clipped(ten_seconds, 0, 9).read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_the_end_of_the_film_ends_the_clip(ten_seconds: Path) -> None:
    assert frames(clipped(ten_seconds, 9.0, 500.0))[-1] == (1.9, 9.9)


@pytest.mark.parametrize("start", [10.1, 5000.0])
def test_there_is_nothing_behind_the_film(ten_seconds: Path, start: float) -> None:
    with pytest.raises(Problem) as refused:
        clipped(ten_seconds, start, start + 1)
    assert refused.value.code == "invalid_range"


def test_frames_that_are_shown_in_another_order_than_they_are_stored_keep_their_times(tmp_path: Path) -> None:
    path = tmp_path / "bframes.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.options = {"g": "20", "bf": "3", "x264-params": "open-gop=1"}
        for number in range(100):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(clocked(number / 10), format="rgb24")))
        container.mux(stream.encode())
    shown = frames(clipped(path, 4.5, 7.0))
    offset = shown[0][1]
    assert offset <= 4.5
    assert [round(clock - at, 1) for at, clock in shown] == [offset] * len(shown)
    assert 6.8 <= shown[-1][1] <= 7.4


def test_a_film_on_its_side_stays_on_its_side(tmp_path: Path) -> None:
    path = film(tmp_path / "side.mp4", clocked, seconds=4, rotation=90)
    with Film(path) as before, Film(clipped(path, 0, 3)) as after:
        assert (after.info.width, after.info.height) == (before.info.width, before.info.height) == (64, 96)


def test_what_mp4_cannot_hold_goes_into_matroska(tmp_path: Path) -> None:
    path = film(tmp_path / "old.avi", clocked, seconds=6, codec="mjpeg", pixel_format="yuvj420p")
    with Clipping(path) as clipping:
        assert clipping.extension == "mkv"
    shown = frames(clipped(path, 2.0, 4.0, "clip.mkv"))
    assert shown[0] == (0.0, 2.0)
    assert len(shown) == pytest.approx(20, abs=1)


def test_the_container_of_the_film_does_not_matter(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", clocked, seconds=6, has_sound=True)
    assert frames(clipped(path, 2.0, 4.0))[0] == (0.0, 2.0)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("words")
    with pytest.raises(RefusedFile) as refused:
        clipped(tmp_path / "notes.mp4", 0, 1)
    assert refused.value.code == "not_a_video"


@pytest.mark.parametrize(("start", "end"), [(2.0, 2.0), (3.0, 2.0), (-1.0, 2.0), (0.0, 601.0), (float("nan"), 3.0)])
def test_ranges_that_make_no_sense_are_refused(start: float, end: float) -> None:
    with pytest.raises(Problem) as refused:
        clip_write(video=Video(key="films/1/film.mp4"), start_s=start, end_s=end)
    assert refused.value.code == "invalid_range"


def test_a_film_that_is_still_being_sent_has_no_clips() -> None:
    with pytest.raises(Problem) as refused:
        clip_write(video=Video(), start_s=0, end_s=1)
    assert refused.value.code == "busy"


def test_the_file_is_gone_when_it_was_read(ten_seconds: Path, settings: Any) -> None:
    settings.VIDEO_ROOTS, settings.VAR_DIR = [str(ten_seconds.parent)], ten_seconds.parent
    left, folder = ten_seconds.parent / "tmp" / "clip-left.mp4", ten_seconds.parent / "tmp"
    folder.mkdir()
    left.touch()
    os.utime(left, (time.time() - 7200,) * 2)
    clip = clip_write(video=Video(path=str(ten_seconds), name="Gala.mp4"), start_s=5, end_s=61)
    assert clip.name == "Gala 0.05–1.01.mp4"
    assert list(folder.iterdir()) == []
    with clip.file:
        (ten_seconds.parent / "copy.mp4").write_bytes(clip.file.read())
    assert frames(ten_seconds.parent / "copy.mp4")[0] == (0.0, 4.0)
