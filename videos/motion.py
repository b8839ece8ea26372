"""Whether something moves: what differs from the background that a still camera sees."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_WIDTH_PX = 320  # of the small gray copy: somebody at the far end of a hall is some 10 pixels high in it
_SHADOW = 127  # how OpenCV marks a pixel that is only darker than the background
# A share of the frame so large does not move: the camera turns, the film is cut, or the light goes on.
_WHOLE = 0.7
_MIDDLE, _MOST_GAIN = 110.0, 4.0  # the brightness that every frame is brought to, and by how much at most
_FIRST = 5  # frames that make the first background
# What MOG2 has seen in a place for 10 % of its memory is background to it: the share that is learnt per absorb_s.
_ABSORBED = -math.log(0.9)


@dataclass(frozen=True, eq=False)
class Motion:
    """`foreground` (h, w) bool of the small copy, without shadows; `moving` its share of the frame, 0 when nothing is
    as large as the least area; `is_whole` when the whole picture changed.
    """

    moving: float
    foreground: NDArray[np.bool_]
    is_whole: bool


class MotionFilter:
    """A model of the background (Zivkovic's mixture of Gaussians, MOG2 of OpenCV) that forgets slowly: who stands still
    is foreground for `absorb_s` seconds.

    `threshold` is the squared Mahalanobis distance from which a pixel is foreground, `least_area` the share of the
    frame that the largest connected piece of it must have.
    """

    def __init__(self, *, threshold: float, least_area: float, absorb_s: float) -> None:
        self._least_area, self._absorb_s = least_area, absorb_s
        self._model = cv2.createBackgroundSubtractorMOG2(varThreshold=threshold, detectShadows=True)
        self._seen, self._last_s = 0, 0.0

    def look(self, pixels: NDArray[np.uint8], time_s: float) -> Motion:
        """Compare the next frame, (h, w, 3) uint8 RGB at `time_s`, and learn from it."""
        marks = self._model.apply(_small(pixels), learningRate=self._rate(time_s))
        cleaned = cv2.morphologyEx((marks > _SHADOW).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        foreground = self._large(cleaned)
        moving = float(foreground.mean())
        return Motion(moving, foreground, is_whole=moving >= _WHOLE)

    def _rate(self, time_s: float) -> float:
        """How much of the frame is learnt: all of the first, then ever less, down to what `absorb_s` asks for."""
        passed, self._last_s = max(time_s - self._last_s, 0.0), time_s
        self._seen += 1
        return max(1 / self._seen if self._seen <= _FIRST else 0.0, min(_ABSORBED * passed / self._absorb_s, 1.0))

    def _large(self, mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """The connected pieces that are large enough, if one is."""
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= self._least_area * mask.size]
        return np.asarray(np.isin(labels, large), np.bool_)


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height = max(round(gray.shape[0] * _WIDTH_PX / gray.shape[1]), 1)
    small = cv2.GaussianBlur(cv2.resize(gray, (_WIDTH_PX, height), interpolation=cv2.INTER_AREA), (5, 5), 0)
    gain = _MIDDLE / max(float(np.median(small)), 1.0)  # a camera that opens its iris does not see a new scene
    return cv2.convertScaleAbs(small, alpha=min(gain, _MOST_GAIN))
