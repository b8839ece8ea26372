"""Whether what looks new in a picture is a thing, or light, or the ground that a thing has left. Pure.

Light and soft shadows change how bright a surface is, and leave its edges where they were: the gradients of the
logarithm of brightness stay the same. A thing covers the edges behind it and brings its own outline. Where a thing that
was background has gone, the outline is in the background and no more in the picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Numbers = NDArray[np.float32]

_DARKEST = 16.0  # added to brightness, so that the noise of dark places is no texture
_EDGE = 0.12  # of a gradient: brightness that changes by an eighth from one pixel to the next
_CHANGED = 0.06  # the share of a spot whose edges come or go when it is a thing: its outline at least
_TEXTURE = 0.005  # of the background's gradients on average, above which they are more than noise
_ALIKE = 0.85  # correlation of gradients under a shadow
_OUTLINE = 0.08  # by which inside and outside of a thing differ along its outline,
_LEFT, _LEFT_HULL = 2.0, 1.5  # and how much more in the background than in the picture where it has gone
_AROUND = np.ones((3, 3), np.uint8)
_NEAR = (5, 5)


@dataclass(frozen=True, eq=False)
class Edges:
    """The logarithm of a picture's brightness, and its gradients `x` and `y`, all (h, w) float32."""

    logarithm: Numbers
    x: Numbers
    y: Numbers

    @classmethod
    def of(cls, gray: Gray) -> "Edges":
        """Of a gray picture (h, w) uint8."""
        logarithm = np.log(gray.astype(np.float32) + np.float32(_DARKEST))
        across, down = (cv2.Sobel(logarithm, cv2.CV_32F, *by, ksize=3, scale=0.125) for by in ((1, 0), (0, 1)))
        return cls(logarithm, np.asarray(across, np.float32), np.asarray(down, np.float32))


def is_light(now: Edges, before: Edges, spot: Mask) -> bool:
    """Whether only the light has changed in a spot (a mask, 0 or 1) between two pictures."""
    wide = cv2.dilate(spot, _AROUND) > 0
    change = np.hypot(now.x - before.x, now.y - before.y)[wide]
    if float(np.mean(change > _EDGE)) < _CHANGED:
        return True
    inside = cv2.erode(spot, _AROUND, iterations=2) > 0
    return bool(inside.any()) and _are_alike(now, before, inside)


def has_left(now: Edges, before: Edges, spot: Mask) -> bool:
    """Whether a spot is the ground of a thing that was part of the background and has gone.

    By the outline of the spot, and by that of its convex hull: of a thing whose colour the background has in places
    only pieces are found, and where one ends inside the thing there is no outline now.
    """
    here, there = _outline(now.logarithm, spot), _outline(before.logarithm, spot)
    if there < max(_OUTLINE, _LEFT * here):
        return False
    hull = _hull(spot)
    return _outline(before.logarithm, hull) > _LEFT_HULL * _outline(now.logarithm, hull)


def _are_alike(now: Edges, before: Edges, inside: NDArray[np.bool_]) -> bool:
    """Correlation of the gradients in a textured place: 1 where only brightness differs."""
    first = np.concatenate([now.x[inside], now.y[inside]])
    second = np.concatenate([before.x[inside], before.y[inside]])
    if float(np.abs(second).mean()) < _TEXTURE:
        return False
    norms = float(np.linalg.norm(first) * np.linalg.norm(second))
    return norms > 0 and float(first @ second) / norms > _ALIKE


def _hull(spot: Mask) -> Mask:
    hull = np.zeros_like(spot)
    points = np.ascontiguousarray(np.argwhere(spot)[:, ::-1], np.int32)
    return np.asarray(cv2.fillConvexPoly(hull, cv2.convexHull(points), 1), np.uint8)


def _outline(logarithm: Numbers, spot: Mask) -> float:
    """By how much what lies within the outline of a spot differs from what lies beside it, on average."""
    within = spot.astype(np.float32)
    line = cv2.dilate(spot, _AROUND) - cv2.erode(spot, _AROUND) > 0
    inner, outer = (_mean_near(logarithm, mask)[line] for mask in (within, 1 - within))
    return float(np.abs(inner - outer).mean()) if line.any() else 0.0


def _mean_near(values: Numbers, mask: Numbers) -> Numbers:
    """Of the values in a mask, around each pixel."""
    total, count = cv2.blur(values * mask, _NEAR), cv2.blur(mask, _NEAR)
    return np.asarray(total / np.maximum(count, np.float32(1e-3)), np.float32)
