"""Two pictures lie upon each other when they are copies of one, and not when what they show has changed."""

import cv2
import numpy as np
import pytest
from PIL import Image

from media_index.overlap import SAME_PICTURE, overlap
from media_index.tests.scenes import Pixels, lit, noise, portraits, resized, saved, scene, trimmed

SCENES = range(4)


def same(a: Pixels, b: Pixels) -> bool:
    return overlap(a, b) >= SAME_PICTURE


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_a_picture_saved_again_is_the_same(quality: int) -> None:
    assert all(same(scene(n), saved(scene(n), quality=quality)) for n in SCENES)


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 2.0])
def test_a_resized_picture_is_the_same(share: float) -> None:
    assert all(same(scene(n), resized(scene(n), share)) for n in SCENES)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.12])
def test_a_picture_trimmed_on_every_side_is_the_same_whichever_comes_first(share: float) -> None:
    for n in SCENES:
        assert same(scene(n), trimmed(scene(n), share))
        assert same(trimmed(scene(n), share), scene(n))


def test_a_picture_trimmed_on_one_side_is_the_same() -> None:
    for n in SCENES:
        whole = scene(n)
        assert all(same(whole, part) for part in (whole[:, 48:], whole[:, :-48], whole[32:], whole[:-32]))


def test_two_different_crops_of_one_picture_are_the_same() -> None:
    assert all(same(scene(n)[:-24, :-36], scene(n)[24:, 36:]) for n in SCENES)


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.3])
def test_a_darker_or_brighter_picture_is_the_same(factor: float) -> None:
    assert all(same(scene(n), lit(scene(n), factor)) for n in SCENES)


@pytest.mark.parametrize("power", [0.66, 1.5])
def test_a_picture_of_another_gamma_is_the_same(power: float) -> None:
    for n in SCENES:
        assert same(scene(n), (255 * (scene(n) / 255) ** power).astype(np.uint8))


def test_a_gray_copy_is_the_same() -> None:
    for n in SCENES:
        gray = np.asarray(Image.fromarray(scene(n)).convert("L").convert("RGB"))
        assert same(scene(n), gray)


def test_half_of_a_picture_is_another_picture() -> None:
    assert not any(same(scene(n), trimmed(scene(n), 0.25)) for n in SCENES)


def test_different_pictures_do_not_lie_upon_each_other() -> None:
    assert not any(same(scene(a), scene(b)) for a in SCENES for b in SCENES if a != b)


@pytest.mark.assets
def test_portraits_of_different_people_do_not_lie_upon_each_other() -> None:
    people = portraits(12)
    assert max(overlap(a, b) for i, a in enumerate(people) for b in people[:i]) < SAME_PICTURE / 2


def test_a_scene_in_which_somebody_came_is_another_picture() -> None:
    for n in SCENES:
        later = scene(n).copy()
        later[120:190, 200:260] = resized(scene(n + 100, width=180, height=210), 1 / 3)
        assert not same(scene(n), later)


def test_a_wall_before_which_somebody_came_is_another_picture() -> None:
    wall = noise(150)
    wall[:, :100] = scene(1)[:, :100]
    later = wall.copy()
    cv2.circle(later, (300, 160), 30, (60, 40, 30), -1)
    assert not same(wall, later)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_lies_upon_nothing(level: int) -> None:
    flat = np.full((320, 480, 3), level, np.uint8)
    assert [overlap(flat, flat), overlap(flat, scene(1)), overlap(scene(1), flat)] == [0, 0, 0]


def test_frames_of_noise_do_not_lie_upon_each_other() -> None:
    assert not same(noise(40, seed=1), noise(40, seed=2))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (1500, 3), (3, 1500)])
def test_pictures_of_any_size_are_compared(size: tuple[int, int]) -> None:
    small = scene(1, width=size[0], height=size[1])
    assert 0 <= overlap(small, scene(2)) <= 1
    assert 0 <= overlap(scene(2), small) <= 1
