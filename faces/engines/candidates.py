"""Faces that a detector proposes, as rows of numbers, and what becomes of them. Arrays in, arrays out.

A row is left, top, right, bottom, score and five landmarks x, y, all but the score in fractions of the picture.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from faces.alignment import sharpness
from faces.engines.base import DetectedFace
from photofinder.images import Picture, cutout

Rows: TypeAlias = NDArray[np.float32]
ROW_LENGTH = 15
# A face that still lacks its vector: call it with `embedding`.
Unembedded: TypeAlias = Callable[..., DetectedFace]


def rows_of(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], points: NDArray[np.float32], width: float, height: float
) -> Rows:
    """Rows (n, 15) of boxes (n, 4), scores (n,) and landmarks (n, 5, 2) in pixels of a picture of that size."""
    size = np.array([width, height], np.float32)
    corners, landmarks = boxes.reshape(-1, 2, 2) / size, points.reshape(-1, 5, 2) / size
    flat = [corners.reshape(-1, 4), scores.reshape(-1, 1), landmarks.reshape(-1, 10)]
    return np.concatenate(flat, axis=1).astype(np.float32)


def distinct(rows: Rows, *, overlap: float = 0.4) -> Rows:
    """Rows without those that overlap a better one by more than `overlap` of their union, best first."""
    left = rows[np.argsort(-rows[:, 4], kind="stable")]
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[_overlap(best, left) <= overlap]
    return np.array(kept, np.float32).reshape(-1, ROW_LENGTH)


def sizes(rows: Rows, width: float, height: float) -> NDArray[np.float32]:
    """The square root of each box's area, in pixels of a picture of that size."""
    sides = np.clip(rows[:, 2:4] - rows[:, 0:2], 0, None)
    return np.asarray(np.sqrt(sides[:, 0] * width * sides[:, 1] * height), np.float32)


def unembedded(
    row: NDArray[np.float32],
    picture: Picture,
    pixels: NDArray[np.uint8],
    crop: NDArray[np.uint8],
    pose: tuple[float, float, float],
) -> Unembedded:
    """A candidate of `picture` as a face, with the measures of its aligned `crop`; `pixels` are the picture decoded."""
    left, top, right, bottom = np.clip(row[:4].astype(float), 0.0, 1.0)
    box = (float(left), float(top), float(right - left), float(bottom - top))
    return partial(
        DetectedFace,
        box=box,
        landmarks=row[5:].reshape(5, 2),
        det_score=float(row[4]),
        size_px=float(np.sqrt(box[2] * picture.width * box[3] * picture.height)),
        sharpness=sharpness(crop),
        yaw=pose[0],
        pitch=pose[1],
        roll=pose[2],
        cutout=cutout(pixels, box),
    )


def _overlap(one: NDArray[np.float32], others: Rows) -> NDArray[np.float32]:
    sides = np.minimum(one[2:4], others[:, 2:4]) - np.maximum(one[:2], others[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    areas = [(rows[..., 2:4] - rows[..., :2]).prod(axis=-1) for rows in (one, others)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-12), np.float32)
