"""YOLOv8 on ONNX Runtime: the things of COCO, or those that a model was trained for, in whole frames.

Pictures are made ready and boxes are read as Ultralytics does it, whose `yolo export format=onnx` writes what is run.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.engines.weights import version_of
from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable
from videos.engines.base import Box, Detection, Frame, Pixels

_FLOOR = 0.25  # how sure the network must be, as in Ultralytics; how sure one must once be is IndexerConfig.classes
_OVERLAP = 0.7  # of two boxes of a class (intersection over union), from which on they are the same thing
_MOST = 300  # things in a frame, as in Ultralytics
_SIDE = 640  # of a model that takes any
_GRAY = 114  # of the bars, as in training
_CURE = "`yolo export model=yolov8n.pt format=onnx` writes one, see docs/video-engines.md."
_COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,"
    "parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,"
    "suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,"
    "tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,"
    "hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,"
    "cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
)


class Yolov8ObjectEngine:
    """Things by the YOLOv8 detector in the file `model`.

    `providers` are ONNX Runtime's, by default CUDA where it is, else the CPU. Safe to share between threads.
    """

    def __init__(self, *, model: str | Path, providers: list[str] | None = None) -> None:
        self._path = Path(model).expanduser()
        self._providers = providers
        self._lock = Lock()
        self._network: _Network | None = None

    @cached_property
    def spec(self) -> EngineSpec:
        """See ObjectEngine; its version is a digest of the file."""
        if not self._path.is_file():
            raise EngineUnavailable(f"No YOLOv8 model is at {self._path}. {_CURE}")
        return EngineSpec("yolov8", self._path.stem, version_of(self._path), 0, "letterbox")

    def load(self) -> None:
        """Load the model once; raises EngineUnavailable with what to do about a file that is missing or another."""
        self._loaded()

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """What is in each frame, the surest first."""
        network = self._loaded()
        boxed = [_Letterbox.of(frame.pixels, network.size) for frame in frames]
        rows = network.run([letterbox.pixels for letterbox in boxed])
        return [_things(found, letterbox, network.names) for found, letterbox in zip(rows, boxed, strict=True)]

    def _loaded(self) -> "_Network":
        with self._lock:
            if self._network is None:
                _ = self.spec  # raises when the file is missing
                self._network = _Network(self._path, self._providers)
            return self._network


@dataclass(frozen=True, eq=False)
class _Letterbox:
    """A frame made to fit, with gray bars around it; where in `pixels` it is."""

    pixels: Pixels
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, frame: Pixels, size: tuple[int, int]) -> "_Letterbox":
        """That frame in a picture of that size (width, height)."""
        height, width = frame.shape[:2]
        share = min(size[0] / width, size[1] / height)
        inner = (max(round(width * share), 1), max(round(height * share), 1))
        if inner != (width, height):
            frame = np.asarray(cv2.resize(frame, inner, interpolation=cv2.INTER_LINEAR), np.uint8)
        left, top = ((outer - side) // 2 for outer, side in zip(size, inner, strict=True))
        pixels = np.full((size[1], size[0], 3), _GRAY, np.uint8)
        pixels[top : top + inner[1], left : left + inner[0]] = frame
        return cls(pixels, left, top, *inner)

    def in_frame(self, box: NDArray[np.float32]) -> Box:
        """A box (left, top, width, height) of its pixels in fractions of the frame, cut off at its edges."""
        x, y, width, height = box.tolist()
        left, right = (min(max((at - self.left) / self.width, 0.0), 1.0) for at in (x, x + width))
        top, bottom = (min(max((at - self.top) / self.height, 0.0), 1.0) for at in (y, y + height))
        return left, top, right - left, bottom - top


class _Network:
    """The session of a model, and what its file says of it: `size` of pictures (width, height), `names` of classes."""

    def __init__(self, path: Path, providers: list[str] | None) -> None:
        self._path = path
        self._session = _session(path, providers)
        taken = self._session.get_inputs()[0]
        if len(taken.shape) != 4:
            raise self._is_none(f"its input is {taken.shape}, no pictures")
        batch, _channels, *sides = taken.shape
        self._input, self._type = taken.name, np.float16 if taken.type == "tensor(float16)" else np.float32
        self._batch = batch if isinstance(batch, int) else 0
        try:
            self.size, self.names = self._said(sides)
        except (ValueError, SyntaxError, TypeError, LookupError) as error:
            raise self._is_none(f"its metadata cannot be read: {error}") from error
        self._try()

    def run(self, pictures: Sequence[Pixels]) -> Iterator[NDArray[np.float32]]:
        """Rows (anchors, 4 + classes) of each picture: all at once, or as many as the model takes."""
        size = self._batch or max(len(pictures), 1)
        for at in range(0, len(pictures), size):
            part = np.stack(pictures[at : at + size])
            count = len(part)
            if self._batch > count:
                part = np.concatenate([part, np.zeros((size - count, *part.shape[1:]), np.uint8)])
            inputs = np.ascontiguousarray(part.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
            outputs = self._session.run(None, {self._input: inputs.astype(self._type, copy=False)})[0]
            yield from np.asarray(outputs, np.float32).transpose(0, 2, 1)[:count]

    def _said(self, sides: Sequence[Any]) -> tuple[tuple[int, int], list[str]]:
        """Size and names; Ultralytics writes both into the metadata, and the size only there when any will do."""
        said = {name: text for name, text in self._session.get_modelmeta().custom_metadata_map.items() if text}
        asked = ast.literal_eval(said.get("imgsz", f"[{_SIDE}, {_SIDE}]"))
        height, width = (side if isinstance(side, int) else int(asked[at]) for at, side in enumerate(sides))
        names = ast.literal_eval(said["names"]) if "names" in said else _COCO.split(",")
        return (width, height), [str(names[number]) for number in range(len(names))]

    def _try(self) -> None:
        """Another kind of network, or another YOLO, is found here, not in results."""
        width, height = self.size
        try:
            count = next(self.run([np.zeros((height, width, 3), np.uint8)])).shape[1]
        except Exception as error:
            raise self._is_none(f"it fails with a black picture: {error}") from error
        if count != 4 + len(self.names):
            raise self._is_none(f"it gives {count} numbers a box, not 4 and one for each of {len(self.names)} names")

    def _is_none(self, why: str) -> EngineUnavailable:
        return EngineUnavailable(f"{self._path} is no YOLOv8 detector ({why}). {_CURE}")


def _session(path: Path, providers: list[str] | None) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        detail = f"ONNX Runtime is not installed ({error}): pip install -r requirements.txt installs it."
        raise EngineUnavailable(detail) from error
    there = onnxruntime.get_available_providers()
    if "CUDAExecutionProvider" in there:
        onnxruntime.preload_dlls()  # CUDA and cuDNN from pip packages
    best = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in there]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; it warns of every shape that it cannot see through
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers or best)
    except Exception as error:
        raise EngineUnavailable(f"{path} cannot be run ({error}). {_CURE}") from error


def _things(rows: NDArray[np.float32], letterbox: _Letterbox, names: Sequence[str]) -> list[Detection]:
    """Of the rows of one picture: (x, y) of the middle, width, height in its pixels, and how sure each class is."""
    classes = rows[:, 4:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), 4 + classes]
    sure = scores > _FLOOR
    rows, classes, scores = rows[sure], classes[sure], scores[sure]
    corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, 2:4]], axis=1)
    kept = _distinct(corners, scores, classes)
    found = [(letterbox.in_frame(corners[one]), one) for one in kept]
    return [Detection(names[classes[one]], min(float(scores[one]), 1.0), box) for box, one in found if box[2] * box[3]]


def _distinct(
    corners: NDArray[np.float32], scores: NDArray[np.float32], classes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Which rows remain, the surest first, when boxes of one class that overlap are one thing."""
    if not len(corners):
        return np.empty(0, np.int64)
    kept = cv2.dnn.NMSBoxesBatched(corners.tolist(), scores.tolist(), classes.tolist(), _FLOOR, _OVERLAP)
    order = np.ravel(kept).astype(np.int64)
    return order[np.argsort(-scores[order], kind="stable")][:_MOST]
