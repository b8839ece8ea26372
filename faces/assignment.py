"""Whose face is it? Pure: distances in, persons out."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

_BLOCK_ROWS = 1000  # of the distance matrix at a time: 20,000 people need 80 MB instead of 1.6 GB


def assign(
    faces: NDArray[np.float32],
    limits: NDArray[np.float32],
    centroids: NDArray[np.float32],
    taken: Collection[int] = (),
) -> list[int | None]:
    """For each face of one photo the row of its person in `centroids`, or None.

    `faces` (n, d) and `centroids` (m, d) hold unit vectors, `limits` (n,) the largest cosine distance at which each
    face may join, `taken` the rows of people who are in the photo already. The closest pairs are joined first, and a
    person is given one face of a photo at most: nobody stands in a photo twice.
    """
    found: list[int | None] = [None] * len(faces)
    if not len(centroids) or not len(faces):
        return found
    distances = 1.0 - faces @ centroids.T
    free = set(range(len(centroids))) - set(taken)
    rows, columns = np.nonzero(distances <= limits[:, None])
    for pair in np.argsort(distances[rows, columns], kind="stable"):
        face, person = int(rows[pair]), int(columns[pair])
        if found[face] is None and person in free:
            found[face] = person
            free.discard(person)
    return found


def close_pairs(centroids: NDArray[np.float32], limit: float) -> list[tuple[int, int]]:
    """The pairs of rows (one, other) of `centroids` (m, d) within the cosine distance `limit`, nearest first."""
    found = []
    for start in range(0, len(centroids), _BLOCK_ROWS):
        distances = 1.0 - centroids[start : start + _BLOCK_ROWS] @ centroids.T
        for row, column in zip(*np.nonzero(distances <= limit), strict=True):
            if start + row < column:
                found.append((float(distances[row, column]), int(start + row), int(column)))
    return [(one, other) for _, one, other in sorted(found)]
