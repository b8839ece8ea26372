"""The nearest vectors of each vector, exactly. Pure."""

import numpy as np
from numpy.typing import NDArray

_BLOCK_ROWS = 1000


def nearest(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows in `vectors` (m, d) of the `count` most similar to each of `queries` (n, d), best first, and how much.

    Both (n, min(count, m)); all vectors have length 1 and similarities are cosines.
    """
    count = min(count, len(vectors))
    rows = np.empty((len(queries), count), np.int64)
    found = np.empty((len(queries), count), np.float32)
    for start in range(0, len(queries), _BLOCK_ROWS):
        block = queries[start : start + _BLOCK_ROWS] @ vectors.T
        top = np.argpartition(-block, count - 1, axis=1)[:, :count]
        scores = np.take_along_axis(block, top, 1)
        order = np.argsort(-scores, axis=1, kind="stable")
        rows[start : start + _BLOCK_ROWS] = np.take_along_axis(top, order, 1)
        found[start : start + _BLOCK_ROWS] = np.take_along_axis(scores, order, 1)
    return rows, found
