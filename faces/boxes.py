"""Boxes in a photo: which of them show the same face. Pure."""

import numpy as np
from numpy.typing import NDArray

_LEAST_OVERLAP = 0.5  # intersection over union, as Immich matches faces that it detects anew


def same_faces(old: NDArray[np.float64], new: NDArray[np.float64]) -> dict[int, int]:
    """For rows of `new` (n, 4) the row of `old` (m, 4) that shows the same face: largest overlap first, each once.

    A box is left, top, width, height.
    """
    overlaps = _overlaps(np.reshape(new, (-1, 4)), np.reshape(old, (-1, 4)))
    found: dict[int, int] = {}
    rows, columns = np.nonzero(overlaps > _LEAST_OVERLAP)
    for pair in np.argsort(-overlaps[rows, columns], kind="stable"):
        row, column = int(rows[pair]), int(columns[pair])
        if row not in found and column not in found.values():
            found[row] = column
    return found


def _overlaps(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4)."""
    corners = np.minimum(_ends(one)[:, None], _ends(other)[None]) - np.maximum(one[:, None, :2], other[None, :, :2])
    shared = np.clip(corners, 0, None).prod(axis=2)
    areas = one[:, 2:].prod(axis=1)[:, None] + other[:, 2:].prod(axis=1)[None]
    return np.asarray(shared / np.maximum(areas - shared, 1e-12))


def _ends(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(boxes[:, :2] + boxes[:, 2:])
