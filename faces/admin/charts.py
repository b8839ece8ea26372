"""Curves as SVG: lines, bands and marks in the coordinates of a chart that a template draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces.curves import Curve, Spectrum

WIDTH, HEIGHT = 720.0, 260.0  # of the plot in the units of its viewBox; labels lie outside
_POINTS = 90
_BARS = 60
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Where values lie along a side of the plot of that length; it `falls` for heights, counted from above in SVG."""

    first: float
    last: float
    length: float
    falls: bool = False

    def at(self, values: Floats) -> Floats:
        """The places of these values."""
        parts = (values - self.first) / (self.last - self.first)
        return np.asarray((1 - parts if self.falls else parts) * self.length, np.float64)


def curve_chart(curve: Curve, spectrum: Spectrum, marks: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """The chance of being one person over distance with its band, over how many pairs lie where; `marks` are named
    distances.
    """
    across, up = Axis(0, spectrum.limit, WIDTH), Axis(0, 1, HEIGHT, falls=True)
    distances = np.linspace(0, spectrum.limit, _POINTS)
    low, high = np.quantile(curve.drawn(distances), [0.025, 0.975], axis=0)
    places = across.at(distances)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "line": _points(places, up.at(curve.chance(distances))),
        "band": _points(np.r_[places, places[::-1]], up.at(np.r_[high, low[::-1]])),
        "bars": _bars(spectrum),
        "marks": [{"kind": kind, "x": f"{float(across.at(np.array([at]))[0]):.1f}"} for kind, at in marks],
        "across": [(f"{float(across.at(np.array([value]))[0]):.1f}", value) for value in _ticks(spectrum.limit)],
        "up": [(f"{float(up.at(np.array([value]))[0]):.1f}", value) for value in (0.0, 0.25, 0.5, 0.75, 1.0)],
    }


def _bars(spectrum: Spectrum) -> list[dict[str, str]]:
    """How many pairs lie at each distance, as roots: the few near ones must be seen beside the many far ones."""
    counts = np.sqrt(spectrum.pairs.reshape(_BARS, -1).sum(axis=1))
    heights = counts / max(float(counts.max()), 1e-9) * HEIGHT * 0.55
    step = WIDTH / _BARS
    return [
        {
            "x": f"{n * step + 1:.1f}",
            "y": f"{HEIGHT - height:.1f}",
            "width": f"{step - 2:.1f}",
            "height": f"{height:.1f}",
        }
        for n, height in enumerate(heights)
        if height > 0
    ]


def _ticks(limit: float) -> list[float]:
    """Round distances, about six of them."""
    raw = limit / 6
    power = 10 ** np.floor(np.log10(raw))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda value: abs(value - raw))
    return [round(float(value), 4) for value in np.arange(0, limit, step)]


def _points(across: Floats, up: Floats) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, up, strict=True))
