"""What moves is seen, and what only changes its light is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from videos.motion import Motion, MotionFilter

Gray = NDArray[np.uint8]
_RNG = np.random.default_rng(3)
_ROOM = np.clip(_RNG.integers(60, 180, (10, 16)).repeat(9, axis=0).repeat(10, axis=1), 0, 255).astype(np.uint8)


def _room(light: float = 1.0) -> Gray:
    noise = _RNG.normal(0, 1.5, _ROOM.shape)
    return np.clip(_ROOM * light + noise, 0, 255).astype(np.uint8)


def _with_block(left: int, light: float = 1.0) -> Gray:
    gray = _room(light)
    gray[20:70, left : left + 16] = 20
    return gray


def _seen(*frames: Gray) -> list[Motion]:
    motion = MotionFilter(min_area=0.001)
    return [motion.see(gray, number * 1.5) for number, gray in enumerate(frames)]


def test_nothing_moves_in_a_still_room() -> None:
    assert [seen.share for seen in _seen(*[_room() for _ in range(30)])] == [0.0] * 30


def test_what_comes_in_moves_where_it_is() -> None:
    *_, seen = _seen(*[_room() for _ in range(10)], _with_block(80))
    assert 0.03 < seen.share < 0.1
    left, top, width, height = seen.boxes[0]
    assert abs(left - 80 / 160) < 0.04 and abs(width - 16 / 160) < 0.06
    assert abs(top - 20 / 90) < 0.04 and abs(height - 50 / 90) < 0.06


def test_what_stays_becomes_background() -> None:
    frames = [_room() for _ in range(10)] + [_with_block(80) for _ in range(200)]
    assert _seen(*frames)[-1].share == 0


@pytest.mark.parametrize("quiet", [10, 600])
def test_who_comes_after_a_quiet_time_and_stands_still_is_seen_as_long(quiet: int) -> None:
    seen = _seen(*[_room() for _ in range(quiet)], *[_with_block(80) for _ in range(40)])
    assert all(one.share > 0.02 for one in seen[quiet:])


def test_what_comes_slowly_is_seen_though_no_two_looks_differ_by_much() -> None:
    stripes = np.where(np.arange(50)[:, None] % 10 < 5, 15, 240)

    def frame(shown: float) -> Gray:
        gray = _ROOM.astype(np.float64)
        gray[20:70, 80:96] += (stripes - gray[20:70, 80:96]) * shown
        return gray.astype(np.uint8)

    seen = _seen(*[frame(0) for _ in range(10)], *[frame(step / 40) for step in range(1, 41)])
    assert max(one.share for one in seen) > 0.02


def test_the_light_of_the_room_moves_nothing() -> None:
    lights = [1.0] * 10 + [1.05, 1.1, 1.15, 1.2, 1.1, 1.0, 0.9, 0.8, 0.85]
    assert max(seen.share for seen in _seen(*[_room(light) for light in lights])) < 0.01


def test_somebody_is_seen_in_another_light() -> None:
    *_, seen = _seen(*[_room() for _ in range(10)], _with_block(80, light=1.15))
    assert seen.share > 0.02


def test_a_cut_to_another_scene_is_no_motion_of_anything() -> None:
    other = [255 - _room() for _ in range(10)]
    seen = _seen(*[_room() for _ in range(10)], *other)
    assert seen[10] == Motion(1.0)
    assert [one.share for one in seen[12:]] == [0.0] * 8
