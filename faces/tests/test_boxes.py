"""Which detections show the same face."""

import numpy as np

from faces.boxes import same_faces


def test_it_pairs_the_boxes_that_overlap_most() -> None:
    old = np.array([[0, 0, 10, 10], [20, 0, 10, 10]])
    new = np.array([[21, 0, 10, 10], [1, 1, 10, 10], [50, 50, 10, 10]])
    assert same_faces(old, new) == {0: 1, 1: 0}


def test_it_gives_a_box_away_once() -> None:
    assert same_faces(np.array([[0, 0, 10, 10]]), np.array([[1, 0, 10, 10], [0, 0, 10, 10]])) == {1: 0}


def test_it_takes_less_than_half_for_another_face() -> None:
    assert same_faces(np.array([[0, 0, 10, 10]]), np.array([[6, 0, 10, 10]])) == {}


def test_it_takes_a_photo_without_faces() -> None:
    assert (
        same_faces(np.array([]), np.array([[0, 0, 1, 1]])) == same_faces(np.array([[0, 0, 1, 1]]), np.array([])) == {}
    )
