"""The nearest of many vectors."""

import numpy as np
import pytest
from numpy.typing import NDArray

from faces import neighbours
from faces.neighbours import nearest


def crowd(count: int) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((count // 10, 32))[random.integers(0, count // 10, count)]
    vectors = vectors + 0.5 * random.standard_normal((count, 32))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_the_most_similar_come_first() -> None:
    vectors = crowd(500)
    rows, scores = nearest(vectors[:7], vectors, 5)
    assert rows.tolist() == np.argsort(-(vectors[:7] @ vectors.T), axis=1)[:, :5].tolist()
    assert (np.diff(scores, axis=1) <= 0).all()


def test_fewer_vectors_than_wanted_are_all_found() -> None:
    assert nearest(crowd(10), crowd(10), 33)[0].shape == (10, 10)


def test_no_query_finds_nothing() -> None:
    vectors = crowd(10)
    assert nearest(vectors[:0], vectors, 3)[0].shape == (0, 3)


def test_cells_find_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = crowd(3000)
    exact, _ = nearest(vectors, vectors, 5)
    monkeypatch.setattr(neighbours, "_EXACT", 1000)
    found, _ = nearest(vectors, vectors, 5)
    assert np.mean([len(set(one) & set(other)) / 5 for one, other in zip(exact, found, strict=True)]) > 0.9


def test_identical_vectors_in_cells_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_EXACT", 1000)
    vectors = np.repeat(crowd(10)[:1], 2000, axis=0)
    rows, scores = nearest(vectors, vectors, 33)
    assert (rows >= 0).all()
    assert scores[:, 0] == pytest.approx(1.0, abs=1e-5)
