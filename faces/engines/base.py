"""The contract of a face engine: pictures in, faces out. No Django, no machine learning library."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photofinder.contracts import EngineSpec
from photofinder.images import Picture

Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """One face in one picture.

    `box` is (left, top, width, height) and `landmarks` (5, 2) float32 (eyes, nose, mouth corners, in the order of a
    viewer's left to right), both in fractions of the picture as a viewer shows it; `size_px` the square root of the
    box's area in pixels of the original; `sharpness` the variance of the Laplacian of the aligned gray crop;
    `yaw, pitch, roll` degrees; `embedding` (dim,) float32 of length 1; `cutout` the face with its surroundings for
    people to look at, `photofinder.images.cutout(pixels, box)` of the decoded picture, taken while the engine has the
    pixels at hand, so that nobody decodes the file again (the engine releases the picture's pixels when it is done).
    """

    box: Box
    landmarks: NDArray[np.float32]
    det_score: float
    size_px: float
    sharpness: float
    yaw: float
    pitch: float
    roll: float
    embedding: NDArray[np.float32]
    cutout: NDArray[np.uint8]


class FaceEngine(Protocol):
    """Finds, aligns and embeds faces. The constructor is cheap; `load` brings in libraries and weights."""

    @property
    def spec(self) -> EngineSpec:
        """What this engine's vectors are; cheap, needs no loaded model."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""

    def analyse(self, pictures: Sequence[Picture]) -> list[list[DetectedFace]]:
        """The faces of each picture, in the order of the pictures; embedding is batched over all of them."""
