"""One figure for how good a face is."""

from dataclasses import dataclass, replace

import pytest

from faces.quality import QualityGates, assess

GATES = QualityGates(det_score=0.5, size_px=40, sharpness=40, yaw=60, pitch=50, roll=60)


@dataclass(frozen=True)
class Measured:
    """A face that is twice as good as every gate."""

    det_score: float = 1.0
    size_px: float = 80
    sharpness: float = 80
    yaw: float = 30
    pitch: float = -25
    roll: float = 0


def test_twice_every_gate_is_best() -> None:
    assert assess(Measured(), GATES).value == 1.0


@pytest.mark.parametrize(
    ("measure", "gate", "reason"),
    [
        ("det_score", 0.5, "uncertain"),
        ("size_px", 40, "too_small"),
        ("sharpness", 40, "blurred"),
        ("yaw", -60, "turned_away"),
        ("pitch", 50, "turned_away"),
        ("roll", 60, "turned_away"),
    ],
)
def test_it_is_half_at_the_gate_of_the_worst_measure_and_names_it(measure: str, gate: float, reason: str) -> None:
    quality = assess(replace(Measured(), **{measure: gate}), GATES)
    assert (quality.value, quality.reason, quality.is_good) == (0.5, reason, True)


@pytest.mark.parametrize("change", [{"size_px": 39.9}, {"yaw": 60.1}, {"sharpness": 0}, {"det_score": -1}])
def test_it_is_not_good_beyond_a_gate(change: dict[str, float]) -> None:
    quality = assess(replace(Measured(), **change), GATES)
    assert 0 <= quality.value < 0.5
    assert not quality.is_good


def test_the_worst_measure_decides() -> None:
    quality = assess(replace(Measured(), size_px=30, sharpness=10), GATES)
    assert (quality.value, quality.reason) == (0.125, "blurred")


def test_a_gate_of_nothing_is_always_passed() -> None:
    assert assess(replace(Measured(), sharpness=0), replace(GATES, sharpness=0)).value == 1.0
