"""A face engine without weights for tests of everything around it: its faces are flat coloured squares."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.alignment import ARCFACE_TEMPLATE, CROP_PX
from faces.engines.base import DetectedFace
from photofinder.contracts import EngineSpec
from photofinder.images import Picture, cutout

IDENTITIES = 36
_DIM = 2 * IDENTITIES
_SEARCH_PX = 1600
# Gray is background: a square's strongest and weakest channel differ by more than this.
_COLOURED = 40
_LEAST_PX, _LEAST_FILL = 6, 0.8
_SHARPNESS = 1000.0


class FakeFaceEngine:
    """Finds the squares that `paint_face` draws. The hue is the identity, the saturation the likeness, the brightness
    the detection score; all else is perfect.
    """

    @property
    def spec(self) -> EngineSpec:
        """Of the squares."""
        return EngineSpec("fake", "squares", "1", _DIM, "flat")

    def load(self) -> None:
        """Nothing to load."""

    def analyse(self, pictures: Sequence[Picture]) -> list[list[DetectedFace]]:
        """The squares of each picture, from left to right. Raises RefusedFile `damaged`."""
        return [_faces(picture) for picture in pictures]


def paint_face(
    canvas: NDArray[np.uint8],
    box: tuple[int, int, int],
    identity: int,
    *,
    likeness: float = 1.0,
    det_score: float = 0.9,
) -> None:
    """Draw the face of `identity` (0-35) on a gray RGB canvas (h, w, 3); `box` is left, top, side in pixels.

    `likeness` (0.5-1) is the cosine between the face's vector and the identity's own, `det_score` is 0.4-1.
    """
    left, top, side = box
    hsv = np.array([[[identity * 360 / IDENTITIES, likeness, det_score]]], np.float32)
    colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] * 255
    canvas[top : top + side, left : left + side] = colour.round()


def vector_of(identity: int, likeness: float = 1.0) -> NDArray[np.float32]:
    """The unit vector (72,) of a face of `identity` that is like its own vector to the cosine `likeness`.

    Vectors of different identities are at a right angle.
    """
    vector = np.zeros(_DIM, np.float32)
    vector[identity], vector[IDENTITIES + identity] = likeness, np.sqrt(max(1 - likeness**2, 0.0))
    return vector


def _faces(picture: Picture) -> list[DetectedFace]:
    pixels = picture.pixels(_SEARCH_PX)
    coloured = (pixels.max(axis=2).astype(int) - pixels.min(axis=2) > _COLOURED).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(coloured)
    boxes = sorted(stats[1:].tolist())
    faces = [_face(picture, pixels, box[:4]) for box in boxes if _is_square(*box)]
    picture.release()
    return faces


def _is_square(left: int, top: int, width: int, height: int, area: int) -> bool:
    return min(width, height) >= _LEAST_PX and area >= _LEAST_FILL * max(width, height) ** 2


def _face(picture: Picture, pixels: NDArray[np.uint8], square: Sequence[int]) -> DetectedFace:
    left, top, width, height = square
    middle = pixels[top + height // 3 : top + 2 * height // 3, left + width // 3 : left + 2 * width // 3]
    colour = np.asarray(middle.mean(axis=(0, 1), dtype=np.float32)[None, None] / 255, np.float32)
    hue, likeness, score = cv2.cvtColor(colour, cv2.COLOR_RGB2HSV)[0, 0].tolist()
    identity = round(hue * IDENTITIES / 360) % IDENTITIES
    frame = np.array(pixels.shape[1::-1], np.float32)
    box = (left / frame[0], top / frame[1], width / frame[0], height / frame[1])
    box = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    return DetectedFace(
        box=box,
        landmarks=((ARCFACE_TEMPLATE / CROP_PX * [width, height] + [left, top]) / frame).astype(np.float32),
        det_score=score,
        size_px=float(np.sqrt(box[2] * picture.width * box[3] * picture.height)),
        sharpness=_SHARPNESS,
        yaw=0.0,
        pitch=0.0,
        roll=0.0,
        embedding=vector_of(identity, round(likeness * 20) / 20),
        cutout=cutout(pixels, box),
    )
