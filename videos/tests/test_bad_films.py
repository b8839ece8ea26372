"""Whatever a file is, its film ends in a clear state with a reason, and the next one of the same task is indexed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.files.storage import default_storage

from photofinder import storage
from photofinder.errors import Problem
from videos.clips import Clipping
from videos.models import Video
from videos.services.indexing import path_index, site_config, video_reindex, videos_index
from videos.services.sending import video_add_path
from videos.tests.filming import Pixels, claiming, crossing, film, room
from videos.tests.storages import no_room_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "own_storage", "unsent")]
Make = Callable[[Path], object]


@pytest.fixture
def films(settings: Any, tmp_path: Path) -> Path:
    """The folder that films may lie in."""
    folder = tmp_path / "films"
    folder.mkdir()
    settings.VIDEO_ROOTS = [str(folder)]
    return folder


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Five seconds, in two of which something crosses a room."""
    return film(tmp_path_factory.mktemp("good") / "good.mp4", crossing((1, 3)), seconds=5).read_bytes()


def indexed(films: Path, *names: str) -> list[Video]:
    """These films after one task for all of them."""
    added = [video_add_path(path=str(films / name), event=None, by=None)[0] for name in names]
    videos_index(video_ids=[video.pk for video in added])
    return [Video.objects.get(pk=video.pk) for video in added]


def sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=16_000, layout="mono")
        for at in range(0, 32_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 16_000, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def sound_with_a_cover(path: Path) -> None:
    sound_only(path.with_suffix(".m4a"))
    cover = path.with_suffix(".mkv")
    film(cover, lambda _shown: room(), seconds=0.1, codec="mjpeg", pixel_format="yuvj420p")
    with (
        av.open(str(path), "w") as container,
        av.open(str(path.with_suffix(".m4a"))) as sound,
        av.open(str(cover)) as pictures,
    ):
        sources: list[Any] = [pictures.streams.video[0], sound.streams.audio[0]]
        streams: list[Any] = [container.add_stream_from_template(source) for source in sources]
        streams[0].disposition = av.stream.Disposition.attached_pic
        for source, stream in zip(sources, streams, strict=True):
            for packet in source.container.demux(source):
                if packet.dts is not None:
                    packet.stream = stream
                    container.mux(packet)


def script_of_films(path: Path) -> None:
    """A text by which FFmpeg would play the films beside it."""
    path.write_text("ffconcat version 1.0\nfile good.mp4\n")


def no_frames(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        container.start_encoding()


def noise_in_frames(path: Path) -> None:
    """A film whose container is whole, and whose frames are all broken."""
    content = bytearray(film(path, crossing((1, 3)), seconds=4).read_bytes())
    start = content.index(b"mdat") + 4
    end = content.rindex(b"moov") - 4
    content[start:end] = np.random.default_rng(1).bytes(end - start)
    path.write_bytes(content)


def cut_before_its_index(path: Path) -> None:
    content = film(path, crossing(), seconds=4).read_bytes()
    path.write_bytes(content[: content.rindex(b"moov")])


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda path: path.write_text("words"), {"not_a_video"}),
        (lambda path: path.write_bytes(np.random.default_rng(1).bytes(100_000)), {"not_a_video"}),
        (lambda path: path.write_bytes(b"\x00" * 100_000), {"not_a_video"}),
        (cut_before_its_index, {"not_a_video"}),
        (sound_only, {"no_video_stream"}),
        (sound_with_a_cover, {"no_video_stream"}),
        (script_of_films, {"not_a_video"}),
        (no_frames, {"no_video_stream"}),
        (noise_in_frames, {"damaged"}),
    ],
    ids=["words", "noise", "zeros", "cut off", "sound only", "cover", "script", "no frames", "noise in frames"],
)
def test_a_file_that_is_no_film_fails_with_the_reason_and_the_next_is_indexed(
    make: Make, codes: set[str], films: Path, good: bytes
) -> None:
    make(films / "bad.mp4")
    (films / "good.mp4").write_bytes(good)
    bad, fine = indexed(films, "bad.mp4", "good.mp4")
    assert bad.state == "failed"
    assert bad.error_code in codes
    assert bad.error.endswith(".")
    assert not bad.events.exists()
    assert (fine.state, fine.error) == ("ready", "")
    assert fine.events.exists()


def without_its_tail(path: Path) -> None:
    """Matroska has no index that must be there: what was written is a film."""
    content = film(path, crossing((1, 3)), seconds=6).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def without_its_cues(path: Path) -> None:
    """Matroska whose seeking index points nowhere."""
    content = bytearray(film(path, crossing((1, 3)), seconds=4).read_bytes())
    cues = content.rindex(b"\x1c\x53\xbb\x6b")
    content[cues : cues + 40] = b"\xff" * 40
    path.write_bytes(content)


def cut_behind_its_index(path: Path) -> None:
    """Its index tells of twenty seconds, of which three are there."""
    whole = film(path.with_suffix(".mkv"), crossing((0, 3)), seconds=20)
    with Clipping(whole) as clipping:
        clipping.write(path, start_s=0, end_s=20)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"mdat") + 60_000])


def holed(path: Path) -> None:
    """A stretch of the film is zeros, as on a failing disk."""
    content = bytearray(film(path, crossing((1, 3)), seconds=6).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = b"\x00" * 4000
    path.write_bytes(content)


def irregular() -> Iterator[float]:
    """Frames that come ten a second, then once in two seconds, then thirty a second."""
    yield from (number / 10 for number in range(20))
    yield from (2 + number * 2 for number in range(2))
    yield from (6 + number / 30 for number in range(60))


def of_8k(shown: float) -> Pixels:
    """Frames of 7680 x 4320 pixels; of few, for they are large."""
    return np.ascontiguousarray(crossing((0, 2))(shown).repeat(24, axis=0).repeat(24, axis=1))


@pytest.mark.parametrize(
    ("name", "make", "looks"),
    [
        ("tail.mkv", without_its_tail, (320, 180)),
        ("cues.mkv", without_its_cues, (320, 180)),
        ("hole.mkv", holed, (320, 180)),
        ("cut.mp4", cut_behind_its_index, (320, 180)),
        ("vfr.mp4", lambda path: film(path, crossing((1, 3)), seconds=8, times=irregular()), (320, 180)),
        ("10bit.mkv", lambda path: film(path, crossing((1, 3)), seconds=4, pixel_format="yuv420p10le"), (320, 180)),
        ("side.mp4", lambda path: film(path, crossing((1, 3)), seconds=4, rotation=90), (180, 320)),
        ("8k.mp4", lambda path: film(path, of_8k, seconds=2, rate=2), (7680, 4320)),
        ("silent.mp4", lambda path: film(path, crossing((1, 3)), seconds=4), (320, 180)),
        ("loud.mp4", lambda path: film(path, crossing((1, 3)), seconds=4, has_sound=True), (320, 180)),
        ("old.avi", lambda path: film(path, crossing((1, 3)), seconds=4, codec="mpeg4"), (320, 180)),
        ("still.mp4", lambda path: film(path, lambda _shown: room(), seconds=0.1), (320, 180)),
    ],
)
def test_a_film_that_can_be_seen_is_indexed(
    name: str, make: Make, looks: tuple[int, int], films: Path, good: bytes
) -> None:
    make(films / name)
    (films / "good.mp4").write_bytes(good)
    odd, fine = indexed(films, name, "good.mp4")
    assert (odd.state, odd.error) == ("ready", "")
    assert (odd.width, odd.height) == looks
    assert odd.position_s == odd.duration_s > 0
    assert storage.exists(odd.poster_key)
    assert odd.events.exists() or name == "still.mp4"
    assert all(0 <= event.start_s <= event.timestamp_s <= event.end_s + 0.01 for event in odd.events.all())
    assert (fine.state, fine.error) == ("ready", "")


def test_the_times_of_a_film_with_a_variable_frame_rate_are_those_that_a_player_shows(films: Path) -> None:
    film(films / "vfr.mp4", crossing((6, 7.5)), seconds=8, times=irregular())
    (video,) = indexed(films, "vfr.mp4")
    events = list(video.events.all())
    assert events
    assert all(5.4 <= event.start_s <= event.end_s <= 8.1 for event in events)


def test_recordings_put_one_behind_the_other_fail_where_the_clock_jumps(films: Path) -> None:
    parts = [film(films / f"{name}.ts", crossing((1, 3)), seconds=8) for name in "ab"]
    (films / "both.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    (video,) = indexed(films, "both.ts")
    assert (video.state, video.error_code) == ("failed", "clock_jumps")
    assert "0:07" in video.error


def test_single_frames_with_a_wrong_time_are_left_out(films: Path) -> None:
    film(films / "wild.mkv", crossing((1, 3)), seconds=5, times=iter([*(n / 10 for n in range(50)), 2e7]))
    (films / "wild.mkv").write_bytes(claiming((films / "wild.mkv").read_bytes(), 5))
    (video,) = indexed(films, "wild.mkv")
    assert (video.state, len(video.motion)) == ("ready", 5)
    assert video.events.exists()


def test_frames_larger_than_8k_are_refused(films: Path) -> None:
    black = np.zeros((8200, 8200, 3), np.uint8)
    film(films / "huge.avi", lambda _shown: black, seconds=0.1, codec="mjpeg", pixel_format="yuvj420p")
    (video,) = indexed(films, "huge.avi")
    assert (video.state, video.error_code) == ("failed", "too_many_pixels")


@pytest.mark.parametrize("way", ["plain", "dots", "link", "folder link", "relative"])
def test_a_path_outside_the_roots_is_refused_whichever_way_it_is_written(way: str, films: Path, good: bytes) -> None:
    outside = films.parent / "outside"
    outside.mkdir()
    (outside / "secret.mp4").write_bytes(good)
    (films / "link.mp4").symlink_to(outside / "secret.mp4")
    (films / "folder").symlink_to(outside)
    path = {
        "plain": str(outside / "secret.mp4"),
        "dots": f"{films}/../outside/secret.mp4",
        "link": str(films / "link.mp4"),
        "folder link": str(films / "folder" / "secret.mp4"),
        "relative": "films/good.mp4",
    }[way]
    with pytest.raises(Problem) as refused:
        video_add_path(path=path, event=None, by=None)
    assert refused.value.code == "outside_roots"
    with pytest.raises(Problem):
        path_index(path=path, owner="42", config=site_config())
    with pytest.raises(Problem) as too_long:
        video_add_path(path=str(films / ("a" * 300 + ".mp4")), event=None, by=None)
    assert too_long.value.code == "missing"
    assert not Video.objects.exists()


def test_a_path_that_leads_outside_later_fails_in_the_worker(films: Path, good: bytes) -> None:
    (films / "a.mp4").write_bytes(good)
    (films.parent / "secret.mp4").write_bytes(good)
    video, _ = video_add_path(path=str(films / "a.mp4"), event=None, by=None)
    (films / "a.mp4").unlink()
    (films / "a.mp4").symlink_to(films.parent / "secret.mp4")
    videos_index(video_ids=[video.pk])
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "outside_roots")


def test_a_film_that_is_gone_fails_with_the_reason(films: Path, good: bytes) -> None:
    (films / "a.mp4").write_bytes(good)
    video, _ = video_add_path(path=str(films / "a.mp4"), event=None, by=None)
    (films / "a.mp4").unlink()
    videos_index(video_ids=[video.pk])
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "missing")


def test_a_disk_that_is_full_fails_with_the_reason_until_there_is_room(films: Path, good: bytes, settings: Any) -> None:
    for name in ("a.mp4", "b.mp4"):
        (films / name).write_bytes(good)
    roomy = settings.STORAGES
    no_room_for(settings, "frames/")
    first, second = indexed(films, "a.mp4", "b.mp4")
    for video in (first, second):
        assert (video.state, video.error_code) == ("failed", "storage_full")
        assert not video.events.exists()
    left = [path for path in Path(default_storage.path("")).rglob("*") if path.is_file()]
    assert left == []
    settings.STORAGES = roomy
    video_reindex(video_id=first.pk)
    videos_index(video_ids=[first.pk])
    first.refresh_from_db()
    assert (first.state, first.error_code, first.error) == ("ready", "", "")
    assert first.events.exists()


def test_a_disk_that_fills_while_frames_are_written_keeps_what_was_known(
    films: Path, good: bytes, settings: Any
) -> None:
    (films / "a.mp4").write_bytes(good)
    (video,) = indexed(films, "a.mp4")
    known = set(video.events.values_list("pk", flat=True))
    no_room_for(settings, "frames/")
    video_reindex(video_id=video.pk)
    videos_index(video_ids=[video.pk])
    video.refresh_from_db()
    assert (video.state, video.error_code) == ("failed", "storage_full")
    assert set(video.events.values_list("pk", flat=True)) == known
