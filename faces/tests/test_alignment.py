"""Aligning a face by its landmarks, and what they say of the head's pose."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from faces.alignment import ARCFACE_TEMPLATE, CROP_PX, align, head_pose, in_eye_frame, sharpness, similarity_transform

# An average face in space: x to the viewer's right, y down, z towards the viewer, in distances between the eyes.
FACE = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.57, 0.5], [-0.41, 1.06, 0.1], [0.41, 1.06, 0.1]])


def landmarks(yaw: float = 0, pitch: float = 0, roll: float = 0) -> NDArray[np.float32]:
    """The face's landmarks (5, 2) as a camera far away sees them, 100 pixels between the eyes."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(100 * (FACE @ (tilt @ turn @ nod).T)[:, :2] + 300, np.float32)


def test_it_finds_a_turn_a_scale_and_a_shift() -> None:
    angle, scale = np.radians(30), 1.7
    wanted = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.random.default_rng(1).normal(size=(5, 2)).astype(np.float32)
    matrix = similarity_transform(points, (points @ wanted.T + [5, -3]).astype(np.float32))
    np.testing.assert_allclose(matrix, np.column_stack([wanted, [5, -3]]), atol=1e-5)


def test_it_never_mirrors_a_face() -> None:
    mirrored = ARCFACE_TEMPLATE * np.array([-1, 1], np.float32)
    assert np.linalg.det(similarity_transform(mirrored, ARCFACE_TEMPLATE)[:, :2]) > 0


def test_it_survives_landmarks_in_one_point() -> None:
    crop = align(np.zeros((50, 50, 3), np.uint8), np.full((5, 2), 25, np.float32))
    assert crop.shape == (CROP_PX, CROP_PX, 3)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0, 8.0, 20.0])
def test_it_puts_landmarks_where_the_network_expects_them(scale: float) -> None:
    points = ARCFACE_TEMPLATE * scale + 40
    pixels = np.zeros((round(112 * scale) + 80, round(112 * scale) + 80, 3), np.uint8)
    for number, (x, y) in enumerate(points):
        cv2.circle(pixels, (round(x), round(y)), max(round(3 * scale), 1), (0, 0, 50 * (number + 1)), -1)
    crop = align(pixels, points.astype(np.float32))
    for number, (x, y) in enumerate(ARCFACE_TEMPLATE):
        assert crop[round(y), round(x), 2] == pytest.approx(50 * (number + 1), abs=3)


def test_it_does_not_skip_pixels_of_a_large_face() -> None:
    checked = np.indices((1200, 1200)).sum(axis=0) % 2 * 255
    pixels = np.repeat(checked[:, :, None], 3, axis=2).astype(np.uint8)
    crop = align(pixels, ARCFACE_TEMPLATE * 8 + 100)
    assert np.abs(crop.astype(int) - 127).max() < 20


def test_it_is_black_outside_the_picture() -> None:
    crop = align(np.full((60, 60, 3), 255, np.uint8), ARCFACE_TEMPLATE - 50)
    assert (crop[-1, -1] == 0).all()
    assert (crop[50, 55] == 255).all()


def test_a_blurred_crop_is_less_sharp() -> None:
    crop = np.random.default_rng(2).integers(0, 256, (CROP_PX, CROP_PX, 3), dtype=np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(crop, (0, 0), 3), np.uint8)
    assert sharpness(crop) > 10 * sharpness(blurred)
    assert sharpness(np.full_like(crop, 90)) == 0


@pytest.mark.parametrize("angle", [-50, -20, 0, 20, 50])
def test_it_tells_where_a_head_is_turned(angle: float) -> None:
    assert head_pose(landmarks(yaw=angle)) == pytest.approx((angle, 0, 0), abs=3)


@pytest.mark.parametrize("angle", [-35, -15, 15, 35])
def test_it_tells_whether_a_head_looks_up_or_down(angle: float) -> None:
    assert head_pose(landmarks(pitch=angle)) == pytest.approx((0, angle, 0), abs=1)


@pytest.mark.parametrize("angle", [-80, -30, 30, 80])
def test_it_tells_how_a_head_is_tilted(angle: float) -> None:
    assert head_pose(landmarks(roll=angle)) == pytest.approx((0, 0, angle), abs=1)


def test_turns_do_not_disturb_each_other_much() -> None:
    assert head_pose(landmarks(yaw=30, pitch=15, roll=20)) == pytest.approx((30, 15, 20), abs=8)


def test_points_are_seen_from_between_the_eyes() -> None:
    left, right = np.array([10, 10], np.float32), np.array([10, 30], np.float32)  # tilted by a right angle
    seen = in_eye_frame(np.array([[10, 20], [0, 20], [10, 30]], np.float32), left, right)
    np.testing.assert_allclose(seen, np.array([[0, 0], [0, 0.5], [0.5, 0]]), atol=1e-6)
