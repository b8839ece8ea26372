"""What moves in front of a film's background: Gaussian mixtures per pixel on small gray frames. Pure.

MOG2 (Zivkovic, ICPR 2004) as OpenCV has it. Three things are done for it that it does not do by itself: the light of
each frame is brought to that of the background (a lamp, a cloud or a camera's own exposure moves nothing); it learns by
time and not by frames; and what fills nearly the whole frame at once is a cut to another scene, which is learnt anew.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_ABSORBED_S = 120.0  # a thing that was put down is background after so long,
_ABSORBED_WEIGHT = 0.105  # when its mixture has a tenth of the weight: -ln(1 - 0.1), by MOG2's background ratio of 0.9
_FIRST_LOOKS = 8  # from which the first background is learnt, quickly
_VARIANCE = 20.0  # squared distance, in variances, from which on a pixel is foreground
_NOISE = 64.0  # of a pixel's variance: films are compressed, and their blocks flicker by this much
_CUT = 0.6  # the share of a frame that no person moves at once
_OPEN = np.ones((3, 3), np.uint8)
_JOIN = np.ones((9, 5), np.uint8)  # parts of one body lie above each other


@dataclass(frozen=True)
class Motion:
    """How much of a frame moves (0-1), and boxes (left, top, width, height in fractions) around what does, the largest
    first; `is_cut` where another scene begins.
    """

    share: float
    boxes: tuple[Box, ...] = ()
    is_cut: bool = False


class MotionFilter:
    """Sees what moves, from one look to the next; spots below `min_area` (a share of the frame) are noise."""

    def __init__(self, *, min_area: float) -> None:
        self._min_area = min_area
        self._model = self._fresh()
        self._looks = 0
        self._last_s = 0.0

    def see(self, gray: Gray, timestamp_s: float) -> Motion:
        """What moves in a gray frame (h, w) uint8 that is shown then."""
        lit = self._lit(np.asarray(cv2.GaussianBlur(gray, (3, 3), 0), np.uint8))
        mask = self._model.apply(lit, learningRate=self._rate(timestamp_s))
        self._looks += 1
        self._last_s = timestamp_s
        if self._looks == 1:
            return Motion(0.0)
        moving = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _OPEN)
        if np.count_nonzero(moving) > _CUT * moving.size:
            return self._begin_anew(lit, timestamp_s)
        return self._motion(np.asarray(cv2.morphologyEx(moving, cv2.MORPH_CLOSE, _JOIN), np.uint8))

    def _begin_anew(self, gray: Gray, timestamp_s: float) -> Motion:
        self._model, self._looks = self._fresh(), 1
        self._model.apply(gray, learningRate=1.0)
        self._last_s = timestamp_s
        return Motion(1.0, is_cut=True)

    def _motion(self, mask: Gray) -> Motion:
        _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(mask)
        height, width = mask.shape
        spots = [tuple(map(int, row)) for row in stats[1:] if row[cv2.CC_STAT_AREA] >= self._min_area * mask.size]
        spots.sort(key=lambda spot: -spot[4])
        boxes = tuple((x / width, y / height, w / width, h / height) for x, y, w, h, _area in spots)
        return Motion(sum(spot[4] for spot in spots) / mask.size, boxes)

    def _rate(self, timestamp_s: float) -> float:
        """How much of the background the next frame is."""
        if self._looks < _FIRST_LOOKS:
            return 1 / (self._looks + 1)
        return min(max(timestamp_s - self._last_s, 0.0) * _ABSORBED_WEIGHT / _ABSORBED_S, 0.1)

    def _lit(self, gray: Gray) -> Gray:
        """In the light of the background: the median ratio to it is taken away."""
        background = self._model.getBackgroundImage() if self._looks else None
        if background is None:
            return gray
        ratio = np.median((background.astype(np.float32) + 8) / (gray.astype(np.float32) + 8))
        return np.asarray(cv2.convertScaleAbs(gray, alpha=float(np.clip(ratio, 0.5, 2.0))), np.uint8)

    @staticmethod
    def _fresh() -> "cv2.BackgroundSubtractorMOG2":
        model = cv2.createBackgroundSubtractorMOG2(history=500, varThreshold=_VARIANCE, detectShadows=False)
        model.setVarInit(_NOISE)
        model.setVarMin(_NOISE)
        model.setNMixtures(3)
        return model
