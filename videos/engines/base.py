"""The contracts of the engines of video: frames in, objects, sentences and vectors out. No Django, no models."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photofinder.contracts import EngineSpec

Box: TypeAlias = tuple[float, float, float, float]
PERSON, FACE = "person", "face"


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame that is looked at: `time_s` from the start of the film, `pixels` (h, w, 3) uint8 RGB, upright; of the
    motion filter `moving`, the share of the frame, and `foreground` (h2, w2) bool, what is not background.
    """

    time_s: float
    pixels: NDArray[np.uint8]
    moving: float
    foreground: NDArray[np.bool_]


@dataclass(frozen=True)
class Detection:
    """One object: `label` is `person`, `face` or a class of COCO, `confidence` 0-1, `box` left, top, width, height in
    fractions of the frame.
    """

    label: str
    confidence: float
    box: Box


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame and what is in it."""

    frame: Frame
    detections: Sequence[Detection]


@dataclass(frozen=True, eq=False)
class Scene:
    """What captions are made of: the `best` frame, and the objects of all frames from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    best: Seen
    path: Sequence[tuple[float, Sequence[Detection]]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Caption:
    """A sentence in English, which is what text engines read, and in Russian; empty where nobody wrote one."""

    en: str
    ru: str = ""


class ObjectEngine(Protocol):
    """Finds objects. The constructor is cheap; `load` brings in libraries and weights."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """The objects of each frame, surest first; nothing for shadows and light."""


class CaptionEngine(Protocol):
    """Says in words what is seen."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""

    def describe(self, scenes: Sequence[Scene]) -> list[Caption]:
        """A caption for each."""


class TextEngine(Protocol):
    """Turns sentences into vectors."""

    @property
    def spec(self) -> EngineSpec:
        """What this engine's vectors are; cheap, needs no loaded model."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (n, 384), in the order of the texts."""
