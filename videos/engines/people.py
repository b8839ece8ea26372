"""The embedded object engine: OpenCV's HOG people detector where something moves.

HOG with a linear SVM (Dalal and Triggs, CVPR 2005) knows upright people from all sides, but by itself it misses half of
them and takes bottles and door frames for people. So it looks only where something moves, and what moves, stands
upright and is large enough is kept as a doubtful person, which counts only beside a certain one (videos.grouping).
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import cv2
import numpy as np

from photofinder.contracts import EngineSpec
from videos.engines.base import Box, Detection, Frame, Pixels

_MARGIN = 0.25  # of a box, around it: HOG wants surroundings
_HEIGHTS_PX = (160, 224)  # of what is looked at: the detector's window of 64 x 128 has a person of 96 pixels in it
_DOUBTFUL = 0.2
_UPRIGHT = (1.3, 5.0)  # how many times as high as wide people are in pixels
_LEAST_HEIGHT = 0.15  # of the frame
_OTHER = 0.5  # what moves and is nobody


class PeopleObjectEngine:
    """People, and things that move and are none. `hit` is the SVM's distance from which a person is certain."""

    spec = EngineSpec("people", "hog", "1", 0, "moving")

    def __init__(self, *, hit: float = 0.8) -> None:
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
        found = [self._judge(frame.pixels, box) for box in frame.moving]
        return sorted(found, key=lambda one: -one.score)

    def _judge(self, pixels: Pixels, box: Box) -> Detection:
        height, width = pixels.shape[:2]
        score = self._person_score(_around(pixels, box))
        if score >= self._hit:
            return Detection("person", min(0.5 + (score - self._hit) / 2, 1.0), box)
        ratio = box[3] * height / max(box[2] * width, 1)
        if _UPRIGHT[0] <= ratio <= _UPRIGHT[1] and box[3] >= _LEAST_HEIGHT:
            return Detection("person", _DOUBTFUL, box)
        return Detection("object", _OTHER, box)

    def _person_score(self, crop: Pixels) -> float:
        """The best distance to the SVM's plane, 0 for none."""
        best = 0.0
        for side in _HEIGHTS_PX:
            share = side / crop.shape[0]
            small = cv2.resize(crop, (max(round(crop.shape[1] * share), 72), side), interpolation=cv2.INTER_AREA)
            _boxes, weights = self._hog.detectMultiScale(small, winStride=(4, 4), scale=1.1)
            best = max([best, *np.ravel(weights).tolist()])
        return best


def _around(pixels: Pixels, box: Box) -> Pixels:
    height, width = pixels.shape[:2]
    x, y, w, h = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    left, right = int(max(x - w * _MARGIN, 0)), int(min(x + w * (1 + _MARGIN), width))
    top, bottom = int(max(y - h * _MARGIN, 0)), int(min(y + h * (1 + _MARGIN), height))
    return np.ascontiguousarray(pixels[top : max(bottom, top + 2), left : max(right, left + 2)])
