"""How likely two faces at a distance are one person at an event, and what follows for its threshold. Pure.

Moderators' answers are fitted by logistic regression. Before the first answer the curve is what the engine's own
calibration says, and each answer moves it a little. Together with how many pairs of the event lie at each distance it
says how many strangers, and how many pairs of one person, are nearer than any distance.
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from faces.calibration import DEFAULT_RATE, Calibration

FAR_RATE = 0.05  # of strangers are nearer than the distance beyond which nobody is asked: all are taken to differ there
BINS = 300
ENOUGH = 0.5  # how far off, in powers of ten, a false-match rate may be that is called sure: a factor of 3
_DRAWS = 400
_STEPS = 60
_LEVEL_SPREADS = 1.0  # standard deviation of how far an event's threshold lies from the engine's, in spreads
_SLOPE_SHARE = 1 / 3  # standard deviation of an event's slope, of the engine's
_LEAST_RATE = 1e-15  # has a logarithm
_LEAST_SLOPE = 0.2  # of the engine's: a curve never rises

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """How many pairs of an event's faces lie at each distance: `pairs` (BINS,) of them from 0 to `limit` in equal bins,
    `beyond` farther.
    """

    limit: float
    pairs: Floats
    beyond: float

    @cached_property
    def edges(self) -> Floats:
        """(BINS + 1,) where the bins begin and end."""
        return np.linspace(0, self.limit, len(self.pairs) + 1)

    @cached_property
    def middles(self) -> Floats:
        """(BINS,) of the bins."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def nearer(self, distance: float) -> float:
        """How many pairs are at most that far apart."""
        return float(np.interp(distance, self.edges, np.concatenate([[0.0], np.cumsum(self.pairs)])))


@dataclass(frozen=True)
class Answers:
    """What moderators said: the distances (n,), whether the pairs are one person, and how much each answer weighs."""

    distances: Floats
    same: NDArray[np.bool_]
    weights: Floats

    @cached_property
    def effective(self) -> float:
        """How many answers of equal weight they are worth (Kish 1965)."""
        squares = float((self.weights**2).sum())
        return float(self.weights.sum()) ** 2 / squares if squares else 0.0


@dataclass(frozen=True)
class Curve:
    """The log-odds of being one person: `level` at the distance `centre`, falling by `slope`; both with their
    `covariance` (2, 2).
    """

    centre: float
    level: float
    slope: float
    covariance: Floats

    def chance(self, distances: Floats) -> Floats:
        """0-1 for each distance (n,)."""
        return _chance(self.level - self.slope * (distances - self.centre))

    def drawn(self, distances: Floats) -> Floats:
        """(_DRAWS, n) chances by curves that are as likely as what is known allows; always the same ones."""
        noise = np.random.default_rng(0).standard_normal((_DRAWS, 2)) @ np.linalg.cholesky(self.covariance).T
        slopes = np.maximum(self.slope + noise[:, 1:], self.slope * _LEAST_SLOPE)
        return _chance(self.level + noise[:, :1] - slopes * (distances - self.centre))


@dataclass(frozen=True)
class Proposal:
    """A distance for a false-match rate, with the true-match rate there; each as (value, low, high)."""

    rate: float
    distance: tuple[float, float, float]
    found: tuple[float, float, float]


class Rates:
    """The false-match and the true-match rate at each edge of the spectrum, as the curve says, and how sure that is."""

    def __init__(self, curve: Curve, spectrum: Spectrum) -> None:
        self._edges = spectrum.edges
        chances = np.vstack([curve.chance(spectrum.middles), curve.drawn(spectrum.middles)])
        strangers, own = spectrum.pairs * (1 - chances), spectrum.pairs * chances
        everybody = strangers.sum(axis=1, keepdims=True) + spectrum.beyond
        self._false = _summed(strangers) / np.maximum(everybody, 1e-9)
        self._true = _summed(own) / np.maximum(own.sum(axis=1, keepdims=True), 1e-9)

    def false_at(self, distance: float) -> tuple[float, float, float]:
        """The share of strangers that are nearer."""
        return self._at(self._false, distance)

    def true_at(self, distance: float) -> tuple[float, float, float]:
        """The share of pairs of one person that are nearer."""
        return self._at(self._true, distance)

    def proposal(self, rate: float) -> Proposal:
        """The distance at which so many strangers are nearer."""
        distances = np.array([self._where(row, rate) for row in self._false])
        return Proposal(rate, _with_bounds(distances), self.true_at(float(distances[0])))

    def _where(self, row: Floats, rate: float) -> float:
        """Where one curve reaches the rate; between edges on a logarithmic scale, on which it is nearly straight."""
        after = int(np.searchsorted(row, rate, side="right"))
        if after == 0 or after == len(row):
            return float(self._edges[min(after, len(row) - 1)])
        low, high = np.log(np.maximum(row[after - 1 : after + 1], _LEAST_RATE))
        part = (np.log(rate) - low) / (high - low) if high > low else 0.0
        return float(self._edges[after - 1] + part * (self._edges[after] - self._edges[after - 1]))

    def _at(self, rates: Floats, distance: float) -> tuple[float, float, float]:
        logs = np.log(np.maximum(rates, _LEAST_RATE))
        return _with_bounds(np.exp([np.interp(distance, self._edges, row) for row in logs]))


def fit_curve(answers: Answers, spectrum: Spectrum, calibration: Calibration) -> Curve:
    """The curve of an event.

    Logistic regression whose prior is the engine's calibration: at its threshold one of 10,000 strangers is nearer, and
    likeness falls with its slope. So no answers, or answers that no distance divides, give a curve too. Weights are
    scaled to the number of equal answers that they are worth.
    """
    start = np.array([_level(spectrum, calibration), calibration.slope])
    deviations = np.array([_LEVEL_SPREADS * calibration.slope * calibration.spread, _SLOPE_SHARE * calibration.slope])
    prior = np.diag(deviations**-2.0)
    columns = np.column_stack([np.ones(len(answers.distances)), calibration.threshold - answers.distances])
    weights = answers.weights * (answers.effective / max(float(answers.weights.sum()), 1e-9))
    found, curvature = start, prior
    for _ in range(_STEPS):
        chances = _chance(columns @ found)
        gradient = columns.T @ (weights * (answers.same - chances)) - prior @ (found - start)
        curvature = (columns * (weights * chances * (1 - chances))[:, None]).T @ columns + prior
        step = np.linalg.solve(curvature, gradient)
        found = found + step * min(1.0, float(np.min(deviations / np.maximum(np.abs(step), 1e-12))))
        if np.abs(step / deviations).max() < 1e-9:
            break
    slope = max(float(found[1]), calibration.slope * _LEAST_SLOPE)
    return Curve(calibration.threshold, float(found[0]), slope, np.linalg.inv(curvature).astype(np.float64))


def weighed(bands: NDArray[np.int64], populations: Floats) -> Floats:
    """(n,) weights of answers so that within each band of distance they count as the pairs they were drawn from do:
    how many answers a band has is the design's choice and says nothing, what they are does.
    """
    weights = np.asarray(populations, np.float64).copy()
    for band in np.unique(bands):
        weights[bands == band] /= weights[bands == band].mean()
    return weights


def threshold_of(calibration: Calibration, rate: float, distance: float) -> float:
    """The threshold with which the calibration has this distance at this rate, its spread kept."""
    normal = NormalDist()
    return distance - calibration.spread * (normal.inv_cdf(rate) - normal.inv_cdf(DEFAULT_RATE))


def answers_missing(rates: Rates, distance: float, effective: float) -> int:
    """About how many more answers make the false-match rate at the distance sure; intervals shrink with their root."""
    _, low, high = rates.false_at(distance)
    width = (np.log10(max(high, 1e-12)) - np.log10(max(low, 1e-12))) / 2
    if width <= ENOUGH:
        return 0
    return int(np.ceil(min(max(effective, 10.0) * ((width / ENOUGH) ** 2 - 1), 500) / 10)) * 10


def _level(spectrum: Spectrum, calibration: Calibration) -> float:
    """The log-odds at the engine's threshold with which one of 10,000 strangers is nearer than it, given how many pairs
    lie where; even odds where there are too few pairs to say.
    """
    levels = np.linspace(-12, 12, 481)
    chances = _chance(levels[:, None] - calibration.slope * (spectrum.middles - calibration.threshold))
    strangers = spectrum.pairs * (1 - chances)
    nearer = (strangers * (spectrum.middles <= calibration.threshold)).sum(axis=1)
    rates = nearer / np.maximum(strangers.sum(axis=1) + spectrum.beyond, 1e-9)
    if rates.max() < DEFAULT_RATE:
        return 0.0
    return float(levels[int(np.argmin(np.abs(rates - DEFAULT_RATE)))])


def _chance(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(log_odds, -40, 40)))


def _summed(rows: Floats) -> Floats:
    """(m, n + 1) how much each row (m, n) holds up to each edge."""
    return np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)


def _with_bounds(values: Floats) -> tuple[float, float, float]:
    """The first value, and between which the others lie in 19 of 20 cases."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(min(low, values[0])), float(max(high, values[0]))
