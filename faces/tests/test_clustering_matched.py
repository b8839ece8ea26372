"""Clusters keep the ids of the people that they were."""

import numpy as np

from faces.clustering import matched


def match(labels: list[int], owners: list[int], pinned: list[int] | None = None) -> dict[int, int | None]:
    pins = [-1] * len(labels) if pinned is None else pinned
    return matched(np.array(labels), np.array(owners), np.array(pins))


def test_a_cluster_is_the_person_with_whom_it_shares_most_faces() -> None:
    assert match([0, 0, 0, 1], [5, 5, 6, 6]) == {0: 5, 1: 6}


def test_a_person_that_falls_apart_goes_to_the_larger_part() -> None:
    assert match([0, 1, 1], [5, 5, 5]) == {0: None, 1: 5}


def test_people_that_become_one_keep_the_older_id_when_they_are_as_large() -> None:
    assert match([0, 0], [9, 4]) == {0: 4}


def test_new_faces_are_a_new_person() -> None:
    assert match([0, 0], [-1, -1]) == {0: None}


def test_pinned_faces_decide_against_any_number() -> None:
    assert match([0, 0, 0, 1], [5, 5, 5, 5], [-1, -1, 8, -1]) == {0: 8, 1: 5}


def test_a_person_whose_faces_are_pinned_is_no_other_cluster() -> None:
    assert match([0, 1, 1], [5, 5, 5], [5, -1, -1]) == {0: 5, 1: None}


def test_faces_without_a_cluster_match_nobody() -> None:
    assert match([-1, 0], [5, -1]) == {0: None}
