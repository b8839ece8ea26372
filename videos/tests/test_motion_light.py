"""Shadows, lamps and the ground that a thing has left are nothing that moves."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from videos.motion import Motion, MotionFilter

Gray = NDArray[np.uint8]
_HEIGHT, _WIDTH = 90, 160
_Y, _X = np.mgrid[:_HEIGHT, :_WIDTH].astype(np.float32)


def _textured() -> NDArray[np.float32]:
    tiles = np.random.default_rng(3).integers(70, 190, (10, 16)).astype(np.float32)
    return tiles.repeat(9, axis=0).repeat(10, axis=1)


def _plain() -> NDArray[np.float32]:
    """A wall and a floor, with a line between them."""
    room = np.full((_HEIGHT, _WIDTH), 190, np.float32)
    room[60:] = 110
    return room


ROOMS = pytest.mark.parametrize("room", [_textured(), _plain()], ids=["textured", "plain"])


def _seen(paint: Callable[[int], NDArray[np.float32]], count: int = 24) -> list[Motion]:
    random, motion = np.random.default_rng(5), MotionFilter(min_area=0.001)
    return [
        motion.see(np.clip(paint(number) + random.normal(0, 1.5, _X.shape), 0, 255).astype(np.uint8), number * 1.5)
        for number in range(count)
    ]


def _soft(x: float, y: float, radius: float) -> NDArray[np.float32]:
    """1 in the middle of a round spot, 0 outside, without an edge."""
    return np.asarray(np.exp(-(((_X - x) / radius) ** 2 + ((_Y - y) / radius) ** 2)), np.float32)


def _share(seen: list[Motion]) -> float:
    assert not any(one.share == 1 for one in seen[1:])
    return max(one.share for one in seen)


@ROOMS
def test_a_room_that_grows_dark_and_bright_again_is_still(room: NDArray[np.float32]) -> None:
    assert _share(_seen(lambda number: room * (1 - 0.35 * np.sin(number / 4) ** 2))) == 0


@ROOMS
def test_a_soft_shadow_that_moves_is_nothing(room: NDArray[np.float32]) -> None:
    assert _share(_seen(lambda number: room * (1 - 0.5 * _soft(number * 8 - 20, 55, 18)))) == 0


@ROOMS
def test_a_lamp_that_is_switched_on_and_off_is_nothing(room: NDArray[np.float32]) -> None:
    lamp = 1 + 0.6 * _soft(110, 30, 30)
    assert _share(_seen(lambda number: room * (lamp if 8 <= number < 16 else 1))) == 0


def test_a_hard_shadow_on_what_has_texture_is_nothing() -> None:
    def paint(number: int) -> NDArray[np.float32]:
        light = np.ones_like(_X)
        light[30:, number * 7 : number * 7 + 30] = 0.6
        return np.asarray(_textured() * light, np.float32)

    assert _share(_seen(paint)) == 0


@ROOMS
@pytest.mark.parametrize("shade", [25, 60, 240])
def test_somebody_in_one_colour_is_no_shadow(room: NDArray[np.float32], shade: int) -> None:
    def paint(number: int) -> NDArray[np.float32]:
        picture = room.copy()
        if number >= 4:
            cv2.ellipse(picture, (20 + number * 5, 45), (9, 32), 0, 0, 360, shade, -1)
        return picture

    assert all(one.share > 0.03 for one in _seen(paint)[4:])


@ROOMS
def test_somebody_in_the_light_of_a_lamp_is_seen(room: NDArray[np.float32]) -> None:
    def paint(number: int) -> NDArray[np.float32]:
        picture = room * (1 + 0.6 * _soft(110, 30, 30)) if number >= 4 else room.copy()
        if number >= 12:
            cv2.ellipse(picture, (100, 45), (9, 32), 0, 0, 360, 30, -1)
        return picture

    seen = _seen(paint, 20)
    assert _share(seen[:12]) == 0
    for one in seen[12:]:
        left, _top, width, height = one.boxes[0]
        assert abs(left + width / 2 - 100 / _WIDTH) < 0.03 and width < 0.2 and height > 0.6


def test_where_something_has_left_nothing_moves_for_long() -> None:
    """It stood there from the beginning, so that it was background itself."""

    def paint(number: int) -> NDArray[np.float32]:
        picture = _plain()
        if number < 8:
            picture[30:80, 60:80] = 40
        return picture

    seen = _seen(paint)
    assert sum(one.share > 0 for one in seen[8:]) <= 1
    assert _share(seen[:8]) == 0


def test_somebody_who_stands_is_not_taken_for_the_ground_of_something() -> None:
    def paint(number: int) -> NDArray[np.float32]:
        picture = _textured()
        if number >= 8:
            picture[10:85, 63:92] = 150
        return picture

    assert all(one.share > 0.05 for one in _seen(paint)[8:])
