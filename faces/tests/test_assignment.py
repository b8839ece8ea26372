"""Whose face it is, as pure geometry."""

import numpy as np

from faces.assignment import assign

NORTH, EAST = np.eye(2, dtype=np.float32)


def _near(vector: np.ndarray, degrees: float) -> np.ndarray:
    """The vector turned a little; its distance is 1 - cos(degrees)."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    return np.asarray(turn @ vector, np.float32)


def _assign(faces: list[np.ndarray], limit: float = 0.1, taken: tuple[int, ...] = ()) -> list[int | None]:
    allowed = np.array([[person not in taken for person in range(2)]] * len(faces))
    return assign(np.array(faces), np.full(len(faces), limit, np.float32), np.array([NORTH, EAST]), allowed)


def test_it_gives_each_face_to_the_nearest_person() -> None:
    assert _assign([_near(EAST, 5), _near(NORTH, 5)]) == [1, 0]


def test_it_leaves_a_face_that_is_near_nobody() -> None:
    assert _assign([_near(NORTH, 45)]) == [None]


def test_it_never_puts_a_person_into_a_photo_twice() -> None:
    assert _assign([_near(NORTH, 9), _near(NORTH, 3)]) == [None, 0]


def test_it_spares_people_who_are_in_the_photo_already() -> None:
    assert _assign([_near(NORTH, 3)], taken=(0,)) == [None]


def test_it_asks_more_of_a_face_with_a_stricter_limit() -> None:
    faces, limits = np.array([_near(NORTH, 9), _near(EAST, 9)]), np.array([0.1, 0.001], np.float32)
    assert assign(faces, limits, np.array([NORTH, EAST]), np.ones((2, 2), bool)) == [0, None]


def test_it_takes_an_event_without_people() -> None:
    nobody = np.empty((0, 2), np.float32)
    assert assign(np.array([NORTH]), np.ones(1, np.float32), nobody, np.ones((1, 0), bool)) == [None]


def test_it_takes_a_photo_without_faces() -> None:
    nothing = np.empty((0, 2), np.float32)
    assert assign(nothing, np.empty(0, np.float32), np.array([NORTH]), np.ones((0, 1), bool)) == []
