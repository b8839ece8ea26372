"""Whose face is it? Pure: distances in, persons out."""

import numpy as np
from numpy.typing import NDArray


def assign(
    faces: NDArray[np.float32],
    limits: NDArray[np.float32],
    centroids: NDArray[np.float32],
    allowed: NDArray[np.bool_],
) -> list[int | None]:
    """For each face of one photo the row of its person in `centroids`, or None.

    `faces` (n, d) and `centroids` (m, d) hold unit vectors, `limits` (n,) the largest cosine distance at which each
    face may join, `allowed` (n, m) whom each may join at all. The closest pairs are joined first, and a person is given
    one face of a photo at most: nobody stands in a photo twice.
    """
    found: list[int | None] = [None] * len(faces)
    if not len(centroids) or not len(faces):
        return found
    distances = 1.0 - faces @ centroids.T
    free = set(range(len(centroids)))
    rows, columns = np.nonzero((distances <= limits[:, None]) & allowed)
    for pair in np.argsort(distances[rows, columns], kind="stable"):
        face, person = int(rows[pair]), int(columns[pair])
        if found[face] is None and person in free:
            found[face] = person
            free.discard(person)
    return found
