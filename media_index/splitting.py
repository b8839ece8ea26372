"""Whether vectors fall into two groups: spherical 2-means."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_ROUNDS = 20  # until nothing moves: two groups that lie apart take three or four


def halves(vectors: Vectors) -> tuple[Vectors, NDArray[np.bool_]]:
    """Of unit `vectors` (n, d) the centroids of two groups (2, d), unit length, and which rows belong to the second
    one (n,), the smaller.

    Always the same for the same rows in the same order: it begins with the vector that is farthest from the mean and
    the one that is farthest from that.
    """
    first = vectors[(vectors @ vectors.mean(axis=0)).argmin()]
    centroids = np.stack([first, vectors[(vectors @ first).argmin()]])
    is_second = np.zeros(len(vectors), bool)
    for _ in range(_ROUNDS):
        before, is_second = is_second, _nearer_to_second(vectors, centroids)
        if (is_second == before).all():
            break
        centroids = np.stack([_mean(vectors[~is_second]), _mean(vectors[is_second])])
    if is_second.sum() * 2 > len(vectors):
        return centroids[::-1], ~is_second
    return centroids, is_second


def unit(vector: Vectors) -> Vectors:
    """The vector with length 1; zero stays zero."""
    scaled: Vectors = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return scaled


def _nearer_to_second(vectors: Vectors, centroids: Vectors) -> NDArray[np.bool_]:
    cosines = vectors @ centroids.T
    nearer: NDArray[np.bool_] = cosines[:, 1] > cosines[:, 0]
    return nearer


def _mean(vectors: Vectors) -> Vectors:
    return unit(vectors.sum(axis=0))
