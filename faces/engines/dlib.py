"""dlib's HOG face detector and ResNet: public-domain weights from pip packages, CPU only."""

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.alignment import align, head_pose
from faces.engines.base import EngineSpec
from faces.engines.candidates import Rows, Unembedded, distinct, rows_of, sizes, unembedded
from faces.engines.template import TemplateFaceEngine
from faces.engines.weights import version_of
from photofinder.errors import EngineUnavailable
from photofinder.images import Picture

_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
_CURE = "`pip install -r requirements.txt` installs it."
_DIM = 128
# The detector's window: it sees no smaller face.
_WINDOW_PX = 80
# What the network takes: 150 pixels, of which the face's box fills about 100.
_CHIP_PX, _CHIP_PADDING, _CHIP_FACE_PX = 150, 0.25, 70
# dlib's landmarks: outer and inner corner of the eye on the viewer's right, of the one on the left, base of the nose.
# The same in space, in units of the distance between the eyes (see alignment.FIVE_POINT_MODEL).
_LANDMARKS_MODEL = np.array(
    [[0.73, 0.0, 0.12], [0.27, 0.0, 0.0], [-0.73, 0.0, 0.12], [-0.27, 0.0, 0.0], [0.0, 0.77, -0.3]], np.float64
)
# From between the eyes to the base of the nose is 1; on that line lie the tip of the nose and the mouth.
_NOSE_TIP, _MOUTH = 0.74, 1.49
_MOUTH_HALF_WIDTH = 0.41


class DlibFaceEngine(TemplateFaceEngine):
    """Faces by dlib. `side` is the long side at which a photo is searched first, `enlarge` how far small photos are
    scaled up to it; `det_score` the least score (0-1, 0.5 is dlib's own threshold).
    """

    def __init__(
        self,
        *,
        side: int = 1600,
        enlarge: float = 2.5,
        det_score: float = 0.45,
        mirror: bool = True,
        batch_size: int = 16,
        threads: int = 0,
    ) -> None:
        super().__init__(mirror=mirror, batch_size=batch_size, threads=threads)
        self._side = side
        self._enlarge = enlarge
        self._det_score = det_score
        self._dlib: Any = None
        self._detectors = local()  # a detector keeps the picture it works on: one for each thread
        self._predictor: Any = None
        self._network: Any = None

    @cached_property
    def spec(self) -> EngineSpec:
        """The ResNet; the way its faces are found and aligned is fixed."""
        path = _weights(_NETWORK)
        return EngineSpec(
            "dlib", "resnet_v1", version_of(path), _DIM, "hog+chip150+mirror" if self._mirror else "hog+chip150"
        )

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
        near, close = (min(side, round(picture.long_side * self._enlarge)) for side in self._sides)
        rows = self._detect(picture.pixels(near), near)
        if min(close, picture.long_side) >= _CLOSER * near and self._hints_at_more(rows, picture, near):
            rows = np.concatenate([rows, self._detect(picture.pixels(close), min(close, picture.long_side))])
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
            gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=how)
        found, scores, _ = self._detector().run(gray, 0, _raw(self._det_score))
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
    landmarks = _five_landmarks(points)
    row = np.concatenate([row[:5], (landmarks / np.array(pixels.shape[1::-1], np.float32)).ravel()])
    return unembedded(row, picture, pixels, align(pixels, landmarks), head_pose(points, _LANDMARKS_MODEL)), chip


def _five_landmarks(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Eyes, tip of the nose and corners of the mouth (5, 2) from dlib's landmarks (5, 2).

    The eyes are the middle of their corners. dlib sees neither the tip of the nose nor the mouth: both are put on the
    line from between the eyes through the base of the nose, at the proportions of an average face.
    """
    left, right, base = points[2:4].mean(axis=0), points[0:2].mean(axis=0), points[4]
    middle = (left + right) / 2
    mouth, half = middle + _MOUTH * (base - middle), _MOUTH_HALF_WIDTH * (right - left)
    return np.array([left, right, middle + _NOSE_TIP * (base - middle), mouth - half, mouth + half], np.float32)
