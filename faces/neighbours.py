"""The nearest of many unit vectors: exactly among few, nearly so among many. Pure."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

# Among more vectors than these only the cells around a query are searched: comparing all takes n squared.
_EXACT = 20_000
_BLOCK = 1000  # queries at a time: their similarities to 20,000 vectors take 80 MB
# A cell for so many vectors, and so many cells that a query looks into; recall is measured in benchmarks.identity.
_CELL, _PROBES = 100, 8
_ROUNDS = 2  # of k-means for the cells' centres
_SEED = 0


def nearest(queries: Vectors, vectors: Vectors, count: int) -> tuple[Numbers, Vectors]:
    """The rows of the `count` most similar of `vectors` (m, d) to each of `queries` (n, d), best first, and how much.

    Both (n, min(count, m)). All vectors have length 1, similarities are cosines. Among very many vectors some of the
    farther ones may be missed; where fewer were found at all, the last ones repeat the first.
    """
    count = min(count, len(vectors))
    if len(vectors) <= _EXACT:
        return _exactly(queries, vectors, count)
    return _by_cells(queries, vectors, count)


def _exactly(queries: Vectors, vectors: Vectors, count: int) -> tuple[Numbers, Vectors]:
    found = [_top(queries[start : start + _BLOCK] @ vectors.T, count) for start in range(0, len(queries), _BLOCK)]
    if not found:
        return np.empty((0, count), np.int64), np.empty((0, count), np.float32)
    return np.concatenate([rows for rows, _ in found]), np.concatenate([scores for _, scores in found])


def _by_cells(queries: Vectors, vectors: Vectors, count: int) -> tuple[Numbers, Vectors]:
    """Each query is compared with the vectors in the cells whose centres are nearest to it."""
    centres = _centres(vectors)
    inhabited, home = np.unique(_exactly(vectors, centres, 1)[0][:, 0], return_inverse=True)
    centres = centres[inhabited]
    order = np.argsort(home, kind="stable")
    starts = np.searchsorted(home[order], np.arange(len(centres) + 1))
    probes = _exactly(queries, centres, min(_PROBES, len(centres)))[0]
    each = probes.shape[1]
    rows = np.full((len(queries), each * count), -1, np.int32)
    scores = np.full(rows.shape, -2.0, np.float32)
    asked = np.argsort(probes, axis=None, kind="stable")
    bounds = np.searchsorted(probes.ravel()[asked], np.arange(len(centres) + 1))
    for cell in range(len(centres)):
        members = order[starts[cell] : starts[cell + 1]]
        visits = asked[bounds[cell] : bounds[cell + 1]]
        for start in range(0, len(visits), _BLOCK):
            some, probe = np.divmod(visits[start : start + _BLOCK], each)
            top, similar = _top(queries[some] @ vectors[members].T, min(count, len(members)))
            columns = probe[:, None] * count + np.arange(top.shape[1])
            rows[some[:, None], columns], scores[some[:, None], columns] = members[top], similar
    return _best_of(rows, scores, count)


def _centres(vectors: Vectors) -> Vectors:
    """Directions (m / _CELL, d) around which the vectors lie, by k-means on some of them."""
    random = np.random.default_rng(_SEED)
    some = vectors[np.sort(random.choice(len(vectors), len(vectors) // 4, replace=False))]
    centres = some[np.sort(random.choice(len(some), len(vectors) // _CELL, replace=False))]
    for _ in range(_ROUNDS):
        home = _exactly(some, centres, 1)[0][:, 0]
        sums = centres * 1e-3  # a cell that is empty stays where it is
        np.add.at(sums, home, some)
        centres = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(centres, np.float32)


def _best_of(rows: NDArray[np.int32], scores: Vectors, count: int) -> tuple[Numbers, Vectors]:
    found = [_top(scores[start : start + _BLOCK], count) for start in range(0, len(scores), _BLOCK)]
    best = np.concatenate([top for top, _ in found])
    chosen = np.take_along_axis(rows, best, 1).astype(np.int64)
    return np.where(chosen < 0, chosen[:, :1], chosen), np.concatenate([similar for _, similar in found])


def _top(scores: Vectors, count: int) -> tuple[Numbers, Vectors]:
    """The columns of the `count` highest in each row, highest first, and those."""
    if count == 1:
        top = scores.argmax(axis=1)[:, None]
        return top, np.take_along_axis(scores, top, 1)
    top = np.argpartition(scores, scores.shape[1] - count, axis=1)[:, scores.shape[1] - count :]
    found = np.take_along_axis(scores, top, 1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(top, order, 1), np.take_along_axis(found, order, 1)
