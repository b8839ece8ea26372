"""The contracts of the engines of a film: frames in, what is in them out; sentences; vectors. No Django in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photofinder.contracts import EngineSpec

Pixels: TypeAlias = NDArray[np.uint8]
Vectors: TypeAlias = NDArray[np.float32]
Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame that something moves in: `pixels` RGB (h, w, 3) upright, when it is shown, how much of it moves (0-1),
    and boxes (left, top, width, height in fractions) around what moves.
    """

    timestamp_s: float
    pixels: Pixels
    motion: float = 0.0
    moving: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Detection:
    """Something seen in a frame: its `label` (a COCO class name such as `person`), how sure that is (0-1), its `box`
    (left, top, width, height in fractions of the frame). Where nobody is ever sure of the label it is called what
    `otherwise` says; empty: then it was a mistake.
    """

    label: str
    score: float
    box: Box
    otherwise: str = ""


@dataclass(frozen=True, eq=False)
class Scene:
    """What an event's best frame shows: the frame, what was seen in it, how many there usually are of each thing, and
    where (x, y in fractions) the largest thing was in each look of the event, from its start to its end.
    """

    frame: Frame
    detections: tuple[Detection, ...]
    counts: dict[str, int]
    path: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Caption:
    """What a scene shows, in a sentence; `russian` is empty where the engine speaks English only."""

    english: str
    russian: str = ""


class ObjectEngine(Protocol):
    """Tells what is in frames; the `dim` of its spec is 0, for it makes no vectors."""

    spec: EngineSpec

    def load(self) -> None:
        """Load what is needed once; raises EngineUnavailable with the command that installs what is missing."""

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """What is in each frame, the surest first."""


class CaptionEngine(Protocol):
    """Says what scenes show; the `dim` of its spec is 0."""

    spec: EngineSpec

    def load(self) -> None:
        """As ObjectEngine.load."""

    def describe(self, scenes: Sequence[Scene]) -> list[Caption]:
        """One sentence for each scene."""


@dataclass(frozen=True)
class TextScale:
    """What cosine distances between a question and a caption mean: at `match` a similarity of 0.5, and so much steeper
    around it as `slope` says.
    """

    match: float
    slope: float

    def similarity(self, distance: float) -> float:
        """The calibrated figure (0-1) of a cosine distance."""
        return float(1 / (1 + np.exp(self.slope * (distance - self.match))))


class TextEngine(Protocol):
    """Turns sentences into vectors."""

    spec: EngineSpec
    scale: TextScale

    def load(self) -> None:
        """As ObjectEngine.load."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, dim) of texts, in their order."""
