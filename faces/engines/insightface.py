"""SCRFD and ArcFace through InsightFace's packs, on ONNX Runtime."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.alignment import align, head_pose
from faces.engines.candidates import Rows, Unembedded, distinct, rows_of, sizes, unembedded
from faces.engines.onnx_header import OnnxHeader, read_header
from faces.engines.template import TemplateFaceEngine
from faces.engines.weights import version_of
from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable
from photofinder.images import Picture

# SCRFD's input sides are multiples of its coarsest stride.
_STRIDE = 32
# The first look is at 640 pixels, and at 160 for faces that fill the frame, which 640 misses.
_GLANCE_PX, _GLANCE_FACE = 160, 0.4
# What the detector says below its least score, but above this, hints at faces that it cannot quite see.
_HINT_SCORE = 0.2
# It is sure of faces of this many pixels in its input, and misses some that are smaller.
_CLEAR_PX, _SMALL_PX = 26, 20
# A photo that was seen at this part of its own size already is not looked at more closely.
_ENOUGH = 0.8
# A face of 88 pixels (square root of its box's area) fills the 112-pixel crop. Enlarging from 64 costs the networks
# next to nothing (0.3 % of true matches) and saves most of the second, larger decodes.
_CROP_FACE_PX = 64


class InsightFaceEngine(TemplateFaceEngine):
    """Faces by an InsightFace pack of a detector and a recognition network.

    `root` holds models/<pack>/*.onnx; `providers` are ONNX Runtime's, by default CUDA where it is, else the CPU;
    `sides` are the detector's inputs in pixels: the first for every photo, the next ones, of which the first that is
    enough is taken, for photos in which it hints at small faces. The rest is TemplateFaceEngine's.
    """

    def __init__(
        self,
        *,
        pack: str = "buffalo_l",
        root: str = "~/.insightface",
        providers: list[str] | None = None,
        det_score: float = 0.5,
        sides: Sequence[int] = (640, 1280, 1920),
        mirror: bool = False,
        batch_size: int = 32,
        threads: int = 0,
    ) -> None:
        super().__init__(mirror=mirror, batch_size=batch_size, threads=threads)
        self._pack = pack
        self._root = Path(root).expanduser()
        self._providers = providers
        self._det_score = det_score
        self._sides = tuple(sides)
        self._detector: Any = None
        self._recogniser: Any = None

    @cached_property
    def spec(self) -> EngineSpec:
        """The pack's recognition network; the detector is part of the preprocessing, since it places the landmarks."""
        try:
            headers = {path: read_header(path) for path in self._files()}
        except ValueError as error:
            raise EngineUnavailable(f"{error} Remove it; {self._cure}") from error
        detector = next((path for path, header in headers.items() if _is_detector(header)), None)
        recogniser = next((path for path, header in headers.items() if _is_recogniser(header)), None)
        if detector is None or recogniser is None:
            raise EngineUnavailable(f"The pack {self._folder} lacks a detector or a recognition network; {self._cure}")
        dim = headers[recogniser].outputs[0][-1]
        return EngineSpec("insightface", recogniser.stem, version_of(recogniser), dim, self._preprocessing(detector))

    def _preprocessing(self, detector: Path) -> str:
        return "+".join([detector.stem, "arcface112", *(["mirror"] if self._mirror else [])])

    @property
    def _folder(self) -> Path:
        return self._root / "models" / self._pack

    @property
    def _cure(self) -> str:
        return f"`python manage.py download_models {self._pack}` downloads it to {self._root}."

    def _files(self) -> list[Path]:
        """The pack's networks, in the order in which the library takes the first of each kind."""
        if files := sorted(self._folder.glob("*.onnx")):
            return files
        raise EngineUnavailable(f"The InsightFace pack {self._pack} is missing: {self._cure}")

    def _load(self) -> None:
        _ = self.spec  # raises when the pack is missing, which the library would download without asking
        try:
            import onnxruntime
            from insightface.app import FaceAnalysis
        except ImportError as error:
            detail = f"InsightFace is not installed ({error}): `pip install -r requirements.txt` installs it."
            raise EngineUnavailable(detail) from error
        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            onnxruntime.preload_dlls()  # CUDA and cuDNN from pip packages
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # each picture has its own thread
        options.enable_cpu_mem_arena = False  # it keeps what the largest photo took: half the memory, no speed lost
        pack = FaceAnalysis(
            name=self._pack,
            root=str(self._root),
            allowed_modules=["detection", "recognition"],
            providers=self._providers or _best_providers(onnxruntime),
            sess_options=options,
        )
        self._detector, self._recogniser = pack.models["detection"], pack.models["recognition"]

    def _find(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        pixels = picture.pixels(2 * self._sides[0])
        rows = self._glance(pixels)
        if side := self._closer_side(rows, picture):
            pixels = picture.pixels(max(side, _side_for_crops(rows, picture)))
            rows = distinct(np.concatenate([rows, self._detect(pixels, side)]))
        rows = rows[rows[:, 4] >= self._det_score]
        pixels = picture.pixels(_side_for_crops(rows, picture))
        return [_found(row, picture, pixels) for row in rows]

    def _glance(self, pixels: NDArray[np.uint8]) -> Rows:
        """A look at the whole picture, at the usual size and, for faces that fill it, at a small one."""
        pixels = _reduced(pixels, self._sides[0])
        rows = self._detect(pixels, _GLANCE_PX)
        large = sizes(rows, 1.0, 1.0) >= _GLANCE_FACE
        return distinct(np.concatenate([rows[large], self._detect(pixels, self._sides[0])]))

    def _closer_side(self, rows: Rows, picture: Picture) -> int:
        """The size at which to look again, 0 for not at all: where nothing is certain, or hints are too small."""
        scale = self._sides[0] / picture.long_side
        if scale > _ENOUGH or len(self._sides) == 1:
            return 0
        smallest = sizes(rows, picture.width * scale, picture.height * scale).min(initial=_CLEAR_PX)
        if smallest >= _SMALL_PX and (rows[:, 4] >= self._det_score).any():
            return 0
        wanted = self._sides[0] * _CLEAR_PX / max(smallest, 1.0)
        return next((side for side in self._sides[1:] if side >= wanted), self._sides[-1])

    def _detect(self, pixels: NDArray[np.uint8], side: int) -> Rows:
        """Candidates in `pixels`, which are reduced to at most `side` on the long side."""
        pixels = _reduced(pixels, side)
        height, width = pixels.shape[:2]
        canvas = np.zeros((_padded(height), _padded(width), 3), np.uint8)
        canvas[:height, :width] = pixels[:, :, ::-1]
        found, points = self._detector.detect(canvas, input_size=canvas.shape[1::-1], det_thresh=_HINT_SCORE)
        return rows_of(found[:, :4], found[:, 4], points, width, height)

    def _embed(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.asarray(self._recogniser.get_feat(crops), np.float32)


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    if scale >= 1:
        return pixels
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _is_detector(header: OnnxHeader) -> bool:
    """Whether a network gives scores, boxes and landmarks at three or five strides."""
    return len(header.outputs) in (9, 15)


def _is_recogniser(header: OnnxHeader) -> bool:
    """Whether the library takes a network for recognition: a square input of 112 pixels or a multiple of 16 more."""
    if len(header.inputs[0]) != 4 or len(header.outputs) != 1 or not header.outputs[0][-1]:
        return False
    height, width = header.inputs[0][2:]
    return height == width and height >= 112 and height % 16 == 0 and height != 192


def _best_providers(onnxruntime: Any) -> list[Any]:
    """CUDA where ONNX Runtime has it, and the CPU. The exhaustive search would be repeated for every input size."""
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return ["CPUExecutionProvider"]
    return [("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"}), "CPUExecutionProvider"]


def _padded(side: int) -> int:
    return -(-side // _STRIDE) * _STRIDE


def _side_for_crops(rows: Rows, picture: Picture) -> int:
    """The long side at which the smallest face of `rows` needs no enlarging for its crop."""
    if not len(rows):
        return 1
    smallest = float(sizes(rows, picture.width, picture.height).min())
    return round(picture.long_side * min(_CROP_FACE_PX / max(smallest, 1.0), 1.0))


def _found(
    row: NDArray[np.float32], picture: Picture, pixels: NDArray[np.uint8]
) -> tuple[Unembedded, NDArray[np.uint8]]:
    landmarks = row[5:].reshape(5, 2) * np.array(pixels.shape[1::-1], np.float32)
    crop = align(pixels, landmarks)
    return unembedded(row, picture, pixels, crop, head_pose(landmarks)), np.ascontiguousarray(crop[:, :, ::-1])
