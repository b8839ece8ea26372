"""Faces become people: who is together, and who never is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from faces.calibration import Calibration
from faces.clustering import Sayings, cluster

DIM = 64
# Strangers' similarities in 64 dimensions have a standard deviation of 1/8; one in 10,000 is above 0.465.
CALIBRATION = Calibration(threshold=0.535, spread=0.125, slope=20.0, source="By definition.")


def crowd(sizes: list[int], *, seed: int = 0, alike: float = 0.8) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors (n, DIM) of people with so many faces each, in random order, and whose they are."""
    random = np.random.default_rng(seed)
    owners = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    people = random.standard_normal((len(sizes), DIM))
    vectors = np.sqrt(alike) * people[owners] + np.sqrt(1 - alike) * random.standard_normal((len(owners), DIM))
    return unit(vectors), owners


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def labels_of(
    vectors: NDArray[np.float32],
    *,
    photos: NDArray[np.int64] | None = None,
    good: NDArray[np.bool_] | None = None,
    pinned: dict[int, int] | None = None,
    barred: list[tuple[int, int]] | None = None,
) -> NDArray[np.int64]:
    """The clusters of faces that are good and in a photo each, unless said otherwise."""
    count = len(vectors)
    said = Sayings(np.full(count, -1, np.int64), np.array(barred or [], np.int64).reshape(-1, 2))
    for face, person in (pinned or {}).items():
        said.pinned[face] = person
    return cluster(
        vectors,
        photos=np.arange(count) if photos is None else photos,
        good=np.ones(count, bool) if good is None else good,
        calibration=CALIBRATION,
        sayings=said,
    )


def as_sets(labels: NDArray[np.int64]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels[labels >= 0])}


@pytest.mark.parametrize("sizes", [[1], [1] * 30, [40], [1000], [20] * 10, [1, 2, 3, 30, 1, 1, 300]])
def test_it_finds_the_people(sizes: list[int]) -> None:
    vectors, owners = crowd(sizes)
    assert as_sets(labels_of(vectors)) == as_sets(owners)


def test_nobody_is_nobody() -> None:
    assert labels_of(np.empty((0, DIM), np.float32)).shape == (0,)


def test_clusters_are_numbered_by_their_first_faces() -> None:
    labels = labels_of(crowd([5] * 10)[0])
    assert list(dict.fromkeys(labels.tolist())) == list(range(10))


def test_the_same_input_has_the_same_result_and_another_order_has_the_same_people() -> None:
    vectors, _ = crowd([1, 4, 9, 30] * 5, alike=0.6)
    order = np.random.default_rng(1).permutation(len(vectors))
    labels, shuffled = labels_of(vectors), labels_of(vectors[order])
    assert labels.tolist() == labels_of(vectors).tolist()
    assert as_sets(labels) == {frozenset(order[list(faces)].tolist()) for faces in as_sets(shuffled)}


def test_padding_with_zeros_changes_nothing() -> None:
    vectors, _ = crowd([1, 4, 9, 30] * 5, alike=0.6)
    padded = np.pad(vectors, [(0, 0), (0, 512 - DIM)])
    assert labels_of(padded).tolist() == labels_of(vectors).tolist()


def test_a_burst_of_thousands_is_one_person_and_hides_nobody() -> None:
    vectors, owners = crowd([3000, 5, 5], alike=0.9999)
    vectors[owners == 0] = vectors[owners == 0][0]
    assert as_sets(labels_of(vectors)) == as_sets(owners)


def test_faces_of_one_photo_are_never_together_however_alike() -> None:
    vectors = np.repeat(crowd([1])[0], 5, axis=0)
    assert len(set(labels_of(vectors, photos=np.zeros(5, np.int64)).tolist())) == 5


def test_but_a_moderator_may_put_them_together() -> None:
    vectors = crowd([1, 1])[0]
    assert labels_of(vectors, photos=np.zeros(2, np.int64), pinned={0: 7, 1: 7}).tolist() == [0, 0]


def test_faces_pinned_to_two_people_part_their_look_alikes() -> None:
    vectors, _ = crowd([10])
    labels = labels_of(vectors, pinned={0: 1, 5: 2})
    assert labels[0] != labels[5]


def test_a_barred_face_takes_nobody_with_it() -> None:
    vectors, _ = crowd([10])
    labels = labels_of(vectors, pinned={0: 3}, barred=[(4, 3)])
    assert [label == labels[0] for label in labels] == [face != 4 for face in range(10)]


def test_faces_that_are_barred_from_one_person_may_be_another_one_together() -> None:
    vectors, _ = crowd([10])
    labels = labels_of(vectors, pinned={0: 3}, barred=[(face, 3) for face in (4, 5, 6)])
    assert labels[4] == labels[5] == labels[6] != labels[0]


def test_a_weak_face_founds_nobody_but_joins_somebody_alike() -> None:
    vectors, owners = crowd([10, 10, 1], alike=0.9)
    good = np.ones(len(vectors), bool)
    good[[np.flatnonzero(owners == 0)[0], np.flatnonzero(owners == 2)[0]]] = False
    labels = labels_of(vectors, good=good)
    assert labels[owners == 2].tolist() == [-1]
    assert len(set(labels[owners == 0].tolist())) == 1


def test_a_weak_face_between_two_people_joins_neither() -> None:
    random = np.random.default_rng(0)
    one, other = random.standard_normal((2, DIM))
    twins = unit(np.array([one + 0.5 * other, one - 0.5 * other] * 3))
    between = unit(one[None])
    labels = labels_of(
        np.concatenate([twins, between]),
        photos=np.array([0, 0, 1, 1, 2, 2, 3]),
        good=np.array([True] * 6 + [False]),
    )
    assert labels.tolist() == [0, 1, 0, 1, 0, 1, -1]


def test_of_two_weak_faces_in_one_photo_the_nearer_one_joins() -> None:
    person, noise = np.random.default_rng(0).standard_normal((2, DIM))
    vectors = unit(np.array([person, person, person, person + 0.4 * noise, person + 0.1 * noise]))
    labels = labels_of(vectors, photos=np.array([0, 1, 2, 3, 3]), good=np.array([True] * 3 + [False] * 2))
    assert labels.tolist() == [0, 0, 0, -1, 0]


def test_a_weak_face_stays_where_a_moderator_put_it() -> None:
    vectors, _ = crowd([1, 1])
    assert labels_of(vectors, good=np.array([True, False]), pinned={0: 1, 1: 1}).tolist() == [0, 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 6), st.integers(1, 25))
def test_what_must_not_be_never_is(seed: int, count: int, people: int, photos: int) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(
        random.standard_normal((people, DIM))[random.integers(0, people, count)] * 2
        + random.standard_normal((count, DIM))
    )
    places = random.integers(0, photos, count)
    good = random.random(count) < 0.7
    pinned = np.where(random.random(count) < 0.3, random.integers(0, 4, count), -1)
    barred = np.column_stack([random.integers(0, count, count // 2), random.integers(0, 4, count // 2)])
    said = Sayings(pinned, barred)
    labels = cluster(vectors, photos=places, good=good, calibration=CALIBRATION, sayings=said)

    assert (labels[good | (pinned >= 0)] >= 0).all()
    holders = {}
    for person in set(pinned.tolist()) - {-1}:
        (holders[person],) = set(labels[pinned == person].tolist())
    assert len(set(holders.values())) == len(holders)
    for face, person in barred.tolist():
        assert pinned[face] == person or labels[face] == -1 or labels[face] != holders.get(person)
    for label in set(labels.tolist()) - {-1}:
        for place in set(places[labels == label].tolist()):
            together = (labels == label) & (places == place)
            assert together.sum() == 1 or (
                len(set(pinned[together].tolist()) - {-1}) == 1 and (pinned[together] >= 0).all()
            )
