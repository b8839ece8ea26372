"""dlib's HOG face detector and ResNet: public-domain weights from pip packages, CPU only."""

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.alignment import align, in_eye_frame, roll_of
from faces.engines.candidates import Rows, Unembedded, distinct, rows_of, sizes, unembedded
from faces.engines.template import TemplateFaceEngine
from faces.engines.weights import version_of
from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable
from photofinder.images import Picture

_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
_CURE = "`pip install -r requirements.txt` installs it."
_DIM = 128
# The detector sees no face below 80 pixels. One smaller than this was found at that size: smaller ones may be unseen.
_SMALL_PX = 95
# Scores (0-1): of a hint at a face, and of a face that is certain.
_HINT, _SURE = 0.4, 0.6
# A closer look is worth its time at so many times the size at least.
_CLOSER = 1.6
# HOG scores run from about -1 to 3; this makes 0.88 of 1 and 0.98 of 2 (see _chance).
_STEEPNESS = 2.0
# The network takes 150 pixels, of which the face's box fills about 100; enlarging from 90 costs it nothing.
_CHIP_PX, _CHIP_PADDING, _CHIP_FACE_PX = 150, 0.25, 90
# An average face in units of the distance between the eyes: how far the base of the nose lies below them and stands
# out, the tip of the nose and the mouth as parts of the way from the eyes to the base, half the width of the mouth.
_BASE_BELOW, _BASE_OUT = 0.77, 0.30
_NOSE_TIP, _MOUTH, _MOUTH_HALF_WIDTH = 0.74, 1.40, 0.41


class DlibFaceEngine(TemplateFaceEngine):
    """Faces by dlib. `sides` are the long sides at which a photo is searched: the first for every photo, up to which
    small ones are enlarged `enlarge` times at most, the second for large photos in which the first look hints at small
    faces; `det_score` is the least score (0-1, 0.5 is dlib's own threshold). The rest is TemplateFaceEngine's.
    """

    def __init__(
        self,
        *,
        sides: tuple[int, int] = (2000, 6000),
        enlarge: float = 2.5,
        det_score: float = 0.45,
        mirror: bool = True,
        batch_size: int = 16,
        threads: int = 0,
    ) -> None:
        super().__init__(mirror=mirror, batch_size=batch_size, threads=threads)
        self._sides = sides
        self._enlarge = enlarge
        self._det_score = det_score
        self._dlib: Any = None
        self._detectors = local()  # a detector keeps the picture it works on: one for each thread
        self._predictor: Any = None
        self._network: Any = None

    @cached_property
    def spec(self) -> EngineSpec:
        """The ResNet; the way its faces are found and aligned is fixed."""
        preprocessing = "hog+chip150+mirror" if self._mirror else "hog+chip150"
        return EngineSpec("dlib", "resnet_v1", version_of(_weights(_NETWORK)), _DIM, preprocessing)

    def _load(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise EngineUnavailable(f"dlib is not installed ({error}): {_CURE}") from error
        self._dlib = dlib
        self._predictor = dlib.shape_predictor(str(_weights(_PREDICTOR)))
        self._network = dlib.face_recognition_model_v1(str(_weights(_NETWORK)))

    def _find(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        rows = self._search(picture)
        if not len(rows):
            return []
        pixels = picture.pixels(_side_for_chips(rows, picture))
        shapes = [self._predictor(pixels, self._rectangle(row, pixels)) for row in rows]
        faces = self._dlib.full_object_detections(shapes)
        chips = self._dlib.get_face_chips(pixels, faces, size=_CHIP_PX, padding=_CHIP_PADDING)
        return [_found(*found, picture, pixels) for found in zip(rows, shapes, chips, strict=True)]

    def _search(self, picture: Picture) -> Rows:
        """Candidates of a picture, without landmarks yet."""
        near = min(self._sides[0], round(picture.long_side * self._enlarge))
        close = min(self._sides[1], picture.long_side)
        rows = self._detect(picture.pixels(near), near)
        if close >= _CLOSER * near and self._hints_at_more(rows, picture, near):
            rows = np.concatenate([rows, self._detect(picture.pixels(close), close)])
        return distinct(rows[rows[:, 4] >= self._det_score])

    def _hints_at_more(self, rows: Rows, picture: Picture, side: int) -> bool:
        """Whether nothing is certain at this long side, or a face no larger than the window was found."""
        scale = side / picture.long_side
        found = sizes(rows, picture.width * scale, picture.height * scale)
        return not (rows[:, 4] >= _SURE).any() or bool((found < _SMALL_PX).any())

    def _detect(self, pixels: NDArray[np.uint8], side: int) -> Rows:
        """Candidates in `pixels`, scaled to `side` on the long side; without landmarks yet.

        On gray pixels: a third faster than on coloured ones and with fewer false faces.
        """
        height, width = pixels.shape[:2]
        scale = side / max(width, height)
        gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        if not 0.99 < scale < 1.01:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
            gray = cv2.resize(gray, size, interpolation=how)
        found, scores, _ = self._detector().run(gray, 0, _raw(_HINT))
        boxes = np.array([(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in found], np.float32).reshape(-1, 4)
        chances = _chance(np.array(scores, np.float32))
        return rows_of(boxes, chances, np.zeros((len(boxes), 5, 2), np.float32), *gray.shape[1::-1])

    def _rectangle(self, row: NDArray[np.float32], pixels: NDArray[np.uint8]) -> Any:
        height, width = pixels.shape[:2]
        left, top, right, bottom = (row[:4] * [width, height, width, height]).round().astype(int).tolist()
        return self._dlib.rectangle(left, top, right - 1, bottom - 1)

    def _detector(self) -> Any:
        if not hasattr(self._detectors, "frontal"):
            self._detectors.frontal = self._dlib.get_frontal_face_detector()
        return self._detectors.frontal

    def _embed(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.array(self._network.compute_face_descriptor(crops), np.float32)


def _weights(name: str) -> Path:
    """A file of the package face_recognition_models, which is not imported: it needs a removed part of setuptools."""
    package = find_spec("face_recognition_models")
    if package is None or package.origin is None:
        raise EngineUnavailable(f"dlib's weights are not installed: {_CURE}")
    return Path(package.origin).parent / "models" / name


def _chance(score: NDArray[np.float32]) -> NDArray[np.float32]:
    """A HOG score (about -1 to 3, found faces above 0) on a scale of 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-_STEEPNESS * score)), np.float32)


def _raw(chance: float) -> float:
    """The HOG score of a chance between 0 and 1; the inverse of _chance."""
    return float(np.log(chance / (1 - chance)) / _STEEPNESS)


def _side_for_chips(rows: Rows, picture: Picture) -> int:
    """The long side at which the smallest face needs no enlarging for its chip."""
    smallest = float(sizes(rows, picture.width, picture.height).min())
    return round(picture.long_side * min(_CHIP_FACE_PX / max(smallest, 1.0), 1.0))


def _found(
    row: NDArray[np.float32], shape: Any, chip: NDArray[np.uint8], picture: Picture, pixels: NDArray[np.uint8]
) -> tuple[Unembedded, NDArray[np.uint8]]:
    points = np.array([(point.x, point.y) for point in shape.parts()], np.float32)
    left, right, base = points[2:4].mean(axis=0), points[0:2].mean(axis=0), points[4]
    landmarks = _five_landmarks(left, right, base)
    row = np.concatenate([row[:5], (landmarks / np.array(pixels.shape[1::-1], np.float32)).ravel()])
    return unembedded(row, picture, pixels, align(pixels, landmarks), _pose(left, right, base)), chip


def _five_landmarks(
    left: NDArray[np.float32], right: NDArray[np.float32], base: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Eyes, tip of the nose and corners of the mouth (5, 2) from the eyes and the base of the nose.

    dlib sees neither the tip of the nose nor the mouth: both are put on the line from between the eyes through the
    base of the nose, at the proportions of an average face.
    """
    middle = (left + right) / 2
    mouth, half = middle + _MOUTH * (base - middle), _MOUTH_HALF_WIDTH * (right - left)
    return np.array([left, right, middle + _NOSE_TIP * (base - middle), mouth - half, mouth + half], np.float32)


def _pose(
    left: NDArray[np.float32], right: NDArray[np.float32], base: NDArray[np.float32]
) -> tuple[float, float, float]:
    """Yaw, pitch and roll (see alignment.head_pose) from the eyes and the base of the nose.

    The pitch is that at which an average nose looks as long as this one. It is longest in a face that looks down by 21
    degrees: one that looks down further is taken for one that does so less.
    """
    x, y = in_eye_frame(base[None], left, right)[0]
    yaw = np.arctan(x / _BASE_OUT)
    length = np.clip(y * np.cos(yaw) / np.hypot(_BASE_BELOW, _BASE_OUT), -1.0, 1.0)
    pitch = np.arccos(length) - np.arctan2(_BASE_OUT, _BASE_BELOW)
    return float(np.degrees(yaw)), float(np.degrees(pitch)), roll_of(left, right)
