"""The embedded object engine: people, by OpenCV's histograms of oriented gradients, and other things that move.

The detector (Dalal and Triggs, CVPR 2005; OpenCV's default people detector) knows people who stand or walk, seen whole,
and takes other frames for people. So it looks only at what moves, in the size that the moving spot has. What it is not
sure of may still be a person who bends, or of whom the frame shows a part: a doubtful one, which counts as a person
beside sure looks (videos.grouping) and as an object without them.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import cv2
import numpy as np

from photofinder.contracts import EngineSpec
from videos.engines.base import Box, Detection, Frame, Pixels

_BODY_PX, _WINDOW = 96, (64, 128)  # of the detector: a person of 96 pixels stands in the middle of its window
_SIZES = (0.8, 0.9, 1.0, 1.1)  # of a spot that the body may have: shadows and raised arms belong to spots as well
_ALIKE = 0.75  # the part of both heights that the spot and the body share
_WITHIN = (0.25, 0.75)  # of the spot's width, where the middle of the body is
_DOUBTFUL = 0.2
_LOWEST, _FLATTEST = 0.12, 1.0  # of a person's height in the frame, and of height by width in pixels
_OTHER = 0.5  # what moves and is nobody
_PART = 0.1  # of a large spot's area: what is smaller and near to it is a part of it


class PeopleObjectEngine:
    """People, and things that move and are none. `hit` is the SVM's distance from which on a person is sure."""

    spec = EngineSpec("people", "hog", "2", 0, "moving")

    def __init__(self, *, hit: float = 1.5) -> None:
        self._hit = hit
        self._lock = Lock()
        self._hog: Any = None

    def load(self) -> None:
        """Make the detector once; its weights are part of OpenCV."""
        with self._lock:
            if self._hog is None:
                hog = cv2.HOGDescriptor()
                hog.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector()))
                self._hog = hog

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """What moves in each frame, the surest first."""
        self.load()
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> list[Detection]:
        found = [self._judge(frame.pixels, box) for box in _whole(frame.moving)]
        return sorted(found, key=lambda one: -one.score)

    def _judge(self, pixels: Pixels, box: Box) -> Detection:
        height, width = pixels.shape[:2]
        ratio = box[3] * height / max(box[2] * width, 1)
        distance = self._distance(pixels, box) if ratio >= _FLATTEST and box[3] >= _LOWEST else 0.0
        if distance >= self._hit:
            return Detection("person", float(min(0.5 + (distance - self._hit) / 5, 1.0)), box)
        if ratio >= _FLATTEST or _is_cut_off(box):
            return Detection("person", _DOUBTFUL, box, otherwise="object")
        return Detection("object", _OTHER, box)

    def _distance(self, pixels: Pixels, box: Box) -> float:
        """The best distance to the SVM's plane of a body that fills the spot; 0 for none."""
        around, left, top = _around(pixels, box)
        spot = _in_pixels(pixels, box)
        best = 0.0
        for size in _SIZES:
            scale = _BODY_PX / spot[3] * size
            small = cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            if small.shape[0] >= _WINDOW[1] and small.shape[1] >= _WINDOW[0]:
                places, weights = self._hog.detect(small, hitThreshold=0.0, winStride=(4, 4))
                fitting = [
                    float(weight)
                    for (x, y), weight in zip(places, np.ravel(weights), strict=True)
                    if _fits((left + (x + _WINDOW[0] / 2) / scale, top + (y + 16) / scale, _BODY_PX / scale), spot)
                ]
                best = max([best, *fitting])
        return best


def _whole(boxes: Sequence[Box]) -> list[Box]:
    """The spots without the small ones that are parts of large ones: a shoe, a hand."""
    kept: list[Box] = []
    for box in boxes:
        if not any(_is_part(box, large) for large in kept):
            kept.append(box)
    return kept


def _is_part(box: Box, large: Box) -> bool:
    near = large[2] / 4
    beside = large[0] - near <= box[0] + box[2] / 2 <= large[0] + large[2] + near
    return beside and box[2] * box[3] < _PART * large[2] * large[3]


def _is_cut_off(box: Box) -> bool:
    """Whether the frame ends where the spot does."""
    left, top, width, height = box
    return min(left, top) <= 0.01 or max(left + width, top + height) >= 0.99


def _in_pixels(pixels: Pixels, box: Box) -> Box:
    height, width = pixels.shape[:2]
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


def _around(pixels: Pixels, box: Box) -> tuple[Pixels, int, int]:
    """The spot with what is around it, and where that begins; beyond the frame's edge the edge goes on."""
    x, y, w, h = _in_pixels(pixels, box)
    left, top, right, bottom = (round(at) for at in (x - 0.4 * h, y - 0.35 * h, x + w + 0.4 * h, y + 1.35 * h))
    pad = max(0, -left, -top, right - pixels.shape[1], bottom - pixels.shape[0])
    wide = cv2.copyMakeBorder(pixels, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(wide[top + pad : bottom + pad, left + pad : right + pad], np.uint8), left, top


def _fits(body: tuple[float, float, float], spot: Box) -> bool:
    """Whether a body (the middle across, its top, its height) is what the spot shows."""
    middle, top, height = body
    shared = min(top + height, spot[1] + spot[3]) - max(top, spot[1])
    whole = max(top + height, spot[1] + spot[3]) - min(top, spot[1])
    return shared > _ALIKE * whole and _WITHIN[0] <= (middle - spot[0]) / spot[2] <= _WITHIN[1]
