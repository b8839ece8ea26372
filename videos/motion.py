"""What moves in front of a film's background: Gaussian mixtures per pixel on small gray frames. Pure.

MOG2 (Zivkovic, ICPR 2004) as OpenCV has it. Four things are done for it that it does not do by itself: the light of
each frame is brought to that of the background (a lamp, a cloud or a camera's own exposure moves nothing); it learns by
time and not by frames; what fills nearly the whole frame at once is a cut to another scene, which is learnt anew; and a
spot that is only shadow or light, or where something has left, is known from then on (videos.shadows).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videos.shadows import Edges, has_left, is_light

Gray = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_ABSORBED_S = 120.0  # a thing that was put down is background after so long,
_ABSORBED_WEIGHT = 0.105  # when its mixture has a tenth of the weight: -ln(1 - 0.1), by MOG2's background ratio of 0.9
_VARIANCE = 20.0  # squared distance, in variances, from which on a pixel is foreground
_NOISE = 36.0  # of a pixel's variance: films are compressed, and their blocks flicker by this much
_CUT = 0.6  # the share of a frame that no person moves at once
_LEARNT_S = 10.0  # of absence at most: whoever appears after a long gap is not background at once
_STILL = 8.0  # by which pixels differ from the last look, in the mean of a spot, when nothing moves there
_MOST_SPOTS = 30
_OPEN = np.ones((3, 3), np.uint8)
_JOIN = np.ones((9, 5), np.uint8)  # parts of one body lie above each other


@dataclass(frozen=True)
class Motion:
    """How much of a frame moves (0-1), and boxes (left, top, width, height in fractions) around what does, the largest
    first. A scene that begins moves as a whole (1), and without boxes.
    """

    share: float
    boxes: tuple[Box, ...] = ()


class MotionFilter:
    """Sees what moves, from one look to the next; spots below `min_area` (a share of the frame) are noise."""

    def __init__(self, *, min_area: float) -> None:
        self._min_area = min_area
        self._model = self._fresh()
        self._rest: Gray | None = None  # the last look, as long as nothing moved in it
        self._last: Gray = np.zeros((0, 0), np.uint8)
        self._last_s = 0.0
        self._known = self._last  # beside the background: what it looks like in another light, or bare
        self._is_known = np.zeros((0, 0), bool)

    def see(self, gray: Gray, timestamp_s: float) -> Motion:
        """What moves in a gray frame (h, w) uint8 that is shown then."""
        soft = np.asarray(cv2.GaussianBlur(gray, (3, 3), 0), np.uint8)
        if self._last.shape != soft.shape:
            return self._begin(soft, timestamp_s, 0.0)
        if self._rest is not None and cv2.absdiff(soft, self._rest).max() < _STILL:
            self._last_s = timestamp_s  # there was nothing to learn
            return Motion(0.0)
        background = np.asarray(self._model.getBackgroundImage(), np.uint8)
        lit = _lit(soft, background)
        moving = self._moving(lit, timestamp_s)
        if np.count_nonzero(moving) > _CUT * moving.size:
            return self._begin(soft, timestamp_s, 1.0)
        motion = self._motion(lit, background, moving)
        self._last, self._last_s = lit, timestamp_s
        self._rest = None if motion.boxes else soft
        return motion

    def _begin(self, gray: Gray, timestamp_s: float, share: float) -> Motion:
        self._model = self._fresh()
        self._model.apply(gray, learningRate=1.0)
        self._last, self._last_s, self._rest = gray, timestamp_s, None
        self._known, self._is_known = gray.copy(), np.zeros(gray.shape, bool)
        return Motion(share)

    def _moving(self, lit: Gray, timestamp_s: float) -> Gray:
        """What is neither background nor known beside it, without specks."""
        rate = min(max(timestamp_s - self._last_s, 0.0), _LEARNT_S) * _ABSORBED_WEIGHT / _ABSORBED_S
        mask = np.asarray(self._model.apply(lit, learningRate=rate), np.uint8)
        near = cv2.absdiff(lit, self._known) < (_VARIANCE * _NOISE) ** 0.5
        mask[near & self._is_known] = 0
        return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _OPEN), np.uint8)

    def _motion(self, lit: Gray, background: Gray, moving: Gray) -> Motion:
        joined = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, _JOIN)
        _count, labels, stats, _centres = cv2.connectedComponentsWithStats(joined)
        least = self._min_area * moving.size
        large = [label for label in range(1, len(stats)) if stats[label, cv2.CC_STAT_AREA] >= least]
        large.sort(key=lambda label: -stats[label, cv2.CC_STAT_AREA])
        spots = [(labels == label).astype(np.uint8) for label in large[:_MOST_SPOTS]]
        things = self._things(spots, lit, background) if spots else []
        boxes = tuple(_box(spot) for spot in things)
        return Motion(sum(int(spot.sum()) for spot in things) / moving.size, boxes)

    def _things(self, spots: list[Gray], lit: Gray, background: Gray) -> list[Gray]:
        """The spots that are things; the others are known from now on."""
        now, before = Edges.of(lit), Edges.of(background)
        resting = cv2.absdiff(lit, self._last)
        things = []
        for spot in spots:
            is_still = float(resting[spot > 0].mean()) < _STILL
            if is_light(now, before, spot) or (is_still and has_left(now, before, spot)):
                self._remember(lit, spot)
            else:
                things.append(spot)
        return things

    def _remember(self, lit: Gray, spot: Gray) -> None:
        place = cv2.dilate(spot, _OPEN, iterations=2) > 0
        self._known[place] = lit[place]
        self._is_known |= place

    @staticmethod
    def _fresh() -> "cv2.BackgroundSubtractorMOG2":
        model = cv2.createBackgroundSubtractorMOG2(history=500, varThreshold=_VARIANCE, detectShadows=False)
        model.setVarInit(_NOISE)
        model.setVarMin(_NOISE)
        model.setNMixtures(3)
        return model


def _lit(gray: Gray, background: Gray) -> Gray:
    """In the light of the background: the median ratio to it is taken away."""
    ratio = np.median((background.astype(np.float32) + 8) / (gray.astype(np.float32) + 8))
    return np.asarray(cv2.convertScaleAbs(gray, alpha=float(np.clip(ratio, 0.5, 2.0))), np.uint8)


def _box(spot: Gray) -> Box:
    left, top, width, height = cv2.boundingRect(spot)
    return left / spot.shape[1], top / spot.shape[0], width / spot.shape[1], height / spot.shape[0]
