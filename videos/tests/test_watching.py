"""A film is watched from any second on, and what is settled is given while the rest is still open."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from videos.config import IndexerConfig
from videos.decoding import Film
from videos.engines.base import Detection, Frame
from videos.tests.filming import crossing, film
from videos.watching import Stretch, Watcher


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "crossed.mp4", crossing((6, 9), (20, 24)), seconds=32)


def detect(frames: Sequence[Frame]) -> list[list[Detection]]:
    return [[Detection("object", 0.9, box) for box in frame.moving[:1]] for frame in frames]


def watched(path: Path, start_s: float = 0.0, seconds: float = 1e9, stop: int = 10**6) -> list[Stretch]:
    stretches = []
    with Film(path) as opened:
        for stretch in Watcher(IndexerConfig(), detect, seconds=seconds).watch(opened, start_s=start_s):
            stretches.append(stretch)
            if len(stretches) == stop:
                break
    return stretches


def spans(stretches: Sequence[Stretch]) -> list[tuple[float, float]]:
    return [(group.start_s, group.end_s) for stretch in stretches for group in stretch.groups]


def test_what_crosses_a_room_is_an_event_each_time(crossed: Path) -> None:
    ((first, first_end), (second, second_end)) = spans(watched(crossed))
    assert 6 <= first <= 7.6 and 8 <= first_end <= 10.6
    assert 20 <= second <= 21.6 and 23 <= second_end <= 25.6


def test_in_small_stretches_it_is_the_same(crossed: Path) -> None:
    stretches = watched(crossed, seconds=0)
    assert spans(stretches) == spans(watched(crossed))
    assert len(stretches) > 10
    untils = [stretch.until_s for stretch in stretches]
    assert untils == sorted(untils)
    assert untils[-1] == math.inf


def test_every_look_has_its_motion_once(crossed: Path) -> None:
    times = [at for stretch in watched(crossed, seconds=0) for at, _share in stretch.motion]
    assert times == sorted(set(times))
    assert len(times) == 22


def test_wherever_it_is_broken_off_it_goes_on_to_the_same_events(crossed: Path) -> None:
    whole = spans(watched(crossed))
    for count in range(1, 20, 3):
        before = watched(crossed, seconds=0, stop=count)
        after = watched(crossed, start_s=before[-1].until_s)
        starts = [start for start, _end in spans(before) + spans(after)]
        assert len(starts) == len(whole), count
        assert all(abs(start - right) <= 1.6 for start, (right, _end) in zip(starts, whole, strict=True)), count
