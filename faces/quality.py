"""How good a face is for recognition, as one figure from all its measures."""

from dataclasses import dataclass
from typing import Protocol


class Measures(Protocol):
    """What is measured of a face; see faces.engines.base.DetectedFace."""

    @property
    def det_score(self) -> float: ...
    @property
    def size_px(self) -> float: ...
    @property
    def sharpness(self) -> float: ...
    @property
    def yaw(self) -> float: ...
    @property
    def pitch(self) -> float: ...
    @property
    def roll(self) -> float: ...


@dataclass(frozen=True)
class QualityGates:
    """The least `det_score`, `size_px` and `sharpness`, and the largest angles in degrees, of a good face."""

    det_score: float
    size_px: float
    sharpness: float
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True)
class Quality:
    """`value` 0-1, 0.5 at the gate of the worst measure, which `reason` names: `uncertain`, `too_small`, `blurred` or
    `turned_away`.
    """

    value: float
    reason: str

    @property
    def is_good(self) -> bool:
        """Whether the face passes every gate."""
        return self.value >= 0.5


def assess(face: Measures, gates: QualityGates) -> Quality:
    """The quality of a face by its worst measure: 1 at twice the gate or half the angle, 0.5 at the gate."""
    values = [
        (_at_least(face.det_score, gates.det_score), "uncertain"),
        (_at_least(face.size_px, gates.size_px), "too_small"),
        (_at_least(face.sharpness, gates.sharpness), "blurred"),
        (_at_most(face.yaw, gates.yaw), "turned_away"),
        (_at_most(face.pitch, gates.pitch), "turned_away"),
        (_at_most(face.roll, gates.roll), "turned_away"),
    ]
    value, reason = min(values, key=lambda pair: pair[0])
    return Quality(value, reason)


def _at_least(measure: float, gate: float) -> float:
    return 1.0 if measure >= 2 * gate else max(measure, 0.0) / (2 * gate)


def _at_most(angle: float, gate: float) -> float:
    return 1.0 if 2 * abs(angle) <= gate else gate / (2 * abs(angle))
