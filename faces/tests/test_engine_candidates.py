"""What a detector proposes, cleaned up."""

import numpy as np
import pytest
from PIL import Image

from faces.engines.candidates import ROW_LENGTH, Rows, distinct, rows_of, sizes, unembedded
from faces.tests.photographs import canvas, encoded


def rows(*boxes: tuple[float, float, float, float, float]) -> Rows:
    """Candidates by left, top, right, bottom, score."""
    given = np.array(boxes, np.float32).reshape(-1, 5)
    return np.concatenate([given, np.zeros((len(given), 10), np.float32)], axis=1)


def test_pixels_become_fractions() -> None:
    boxes, points = np.array([[10, 20, 30, 60]], np.float32), np.full((1, 5, 2), 50, np.float32)
    found = rows_of(boxes, np.array([0.7], np.float32), points, 100, 200)
    assert found[0].tolist() == pytest.approx([0.1, 0.1, 0.3, 0.3, 0.7] + [0.5, 0.25] * 5)


def test_of_overlapping_candidates_the_best_stays() -> None:
    found = distinct(rows((0, 0, 0.2, 0.2, 0.6), (0.01, 0, 0.21, 0.2, 0.9), (0.5, 0.5, 0.7, 0.7, 0.7)))
    assert found[:, 4].tolist() == pytest.approx([0.9, 0.7])


def test_neighbours_who_hardly_overlap_both_stay() -> None:
    assert len(distinct(rows((0, 0, 0.2, 0.2, 0.6), (0.15, 0, 0.35, 0.2, 0.9)))) == 2


def test_no_candidates_stay_none() -> None:
    assert distinct(rows()).shape == (0, ROW_LENGTH)


def test_a_size_is_the_root_of_the_area() -> None:
    assert sizes(rows((0, 0, 0.5, 0.5, 1)), 200, 50).tolist() == [50.0]


def test_a_face_at_the_edge_is_cut_to_the_picture() -> None:
    picture = encoded(Image.fromarray(canvas(400, 200)))
    row = rows((-0.1, 0.5, 0.2, 1.2, 0.9))[0]
    make = unembedded(row, picture, picture.pixels(), np.zeros((112, 112, 3), np.uint8), (1.0, 2.0, 3.0))
    face = make(embedding=np.zeros(4, np.float32))
    assert face.box == pytest.approx((0, 0.5, 0.2, 0.5))
    assert face.size_px == pytest.approx((80 * 100) ** 0.5)
    assert (face.yaw, face.pitch, face.roll) == (1.0, 2.0, 3.0)
