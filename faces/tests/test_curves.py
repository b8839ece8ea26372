"""The chance of being one person over distance: against events whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from faces.calibration import Calibration
from faces.curves import (
    BINS,
    FAR_RATE,
    Answers,
    Rates,
    Spectrum,
    answers_missing,
    fit_curve,
    threshold_of,
    weighed,
)

ENGINE = Calibration(threshold=0.51, spread=0.13, slope=25.0, source="a test")
NOBODY = Answers(np.empty(0), np.empty(0, bool), np.empty(0))
STRANGERS, OWN = 400_000, 8000
BANDS = 8
Floats = NDArray[np.float64]


class World:
    """An event whose strangers are nearer than the engine's calibration says by `shift`."""

    def __init__(self, seed: int, shift: float) -> None:
        rng = np.random.default_rng(seed)
        self.strangers = rng.normal(0.993 - shift, 0.13, STRANGERS)
        self.own = np.maximum(rng.normal(0.38 - shift / 2, 0.13, OWN), 0)
        self.limit = ENGINE.distance_at(FAR_RATE)
        pairs = np.histogram(np.r_[self.strangers, self.own], bins=BINS, range=(0, self.limit))[0].astype(float)
        self.spectrum = Spectrum(self.limit, pairs, STRANGERS + OWN - pairs.sum())
        self._rng = rng

    def answers(self, per_stratum: int) -> Answers:
        """As calibration asks: equally many of each distance, and of what a careless clustering holds them to be."""
        distances = np.r_[self.strangers, self.own]
        same = np.arange(len(distances)) >= STRANGERS
        said = np.where(
            same, self._rng.random(len(same)) < 0.9, (self._rng.random(len(same)) < 0.02) & (distances < 0.6)
        )
        start = ENGINE.threshold - 3 * ENGINE.spread
        bands = np.floor((distances - start) / (self.limit - start) * BANDS).astype(np.int64)
        chosen, worth = [], []
        for stratum in range(2 * BANDS):
            rows = np.flatnonzero((bands == stratum // 2) & (said == bool(stratum % 2)))
            picked = self._rng.choice(rows, min(per_stratum, len(rows)), replace=False)
            chosen += picked.tolist()
            worth += [len(rows) / max(len(picked), 1)] * len(picked)
        return Answers(distances[chosen], same[chosen], weighed(bands[chosen], np.array(worth)))

    def rate_at(self, distance: float) -> float:
        return float((self.strangers <= distance).mean())


def test_without_answers_the_engines_threshold_holds() -> None:
    world = World(1, 0.0)
    rates = Rates(fit_curve(NOBODY, world.spectrum, ENGINE), world.spectrum)
    assert rates.proposal(1e-4).distance[0] == pytest.approx(ENGINE.threshold, abs=0.02)
    value, low, high = rates.false_at(ENGINE.threshold)
    assert low < value < high
    assert high / low > 10  # and nobody is told that it is sure


def test_a_few_answers_move_it_a_little() -> None:
    world = World(2, 0.15)
    before = Rates(fit_curve(NOBODY, world.spectrum, ENGINE), world.spectrum).proposal(1e-3).distance
    few = Rates(fit_curve(world.answers(1), world.spectrum, ENGINE), world.spectrum).proposal(1e-3).distance
    many = Rates(fit_curve(world.answers(20), world.spectrum, ENGINE), world.spectrum).proposal(1e-3).distance
    truth = float(np.quantile(world.strangers, 1e-3))
    assert abs(many[0] - truth) < abs(before[0] - truth)
    assert many[2] - many[1] < few[2] - few[1] < before[2] - before[1]


@pytest.mark.parametrize("same", [True, False])
def test_answers_that_no_distance_divides_give_a_curve_too(same: bool) -> None:
    world = World(3, 0.0)
    distances = np.linspace(0.2, 0.7, 40)
    one_sided = Answers(distances, np.full(40, same), np.ones(40))
    parted = Answers(distances, distances < 0.45, np.ones(40))
    for answers in (one_sided, parted):
        curve = fit_curve(answers, world.spectrum, ENGINE)
        chances = curve.chance(np.linspace(0, 1, 50))
        assert np.isfinite(curve.covariance).all()
        assert (np.diff(chances) <= 0).all()


@pytest.mark.parametrize("shift", [0.0, 0.1, -0.05])
def test_intervals_hold_the_truth(shift: float) -> None:
    held, found, worlds = np.zeros(2), np.zeros(2), 24
    for seed in range(worlds):
        world = World(seed, shift)
        rates = Rates(fit_curve(world.answers(6), world.spectrum, ENGINE), world.spectrum)
        for number, rate in enumerate((1e-3, 1e-4)):
            proposal = rates.proposal(rate)
            held[number] += proposal.distance[1] <= np.quantile(world.strangers, rate) <= proposal.distance[2]
            truth = (world.own <= proposal.distance[0]).mean()
            found[number] += proposal.found[1] <= truth <= proposal.found[2]
    assert (held / worlds >= 0.87).all()
    assert (found / worlds >= 0.87).all()


def test_a_proposed_distance_has_about_the_rate_that_was_asked_for() -> None:
    rates = []
    for seed in range(8):
        world = World(seed, 0.1)
        proposal = Rates(fit_curve(world.answers(12), world.spectrum, ENGINE), world.spectrum).proposal(1e-3)
        rates.append(world.rate_at(proposal.distance[0]))
    assert 0.5e-3 < float(np.median(rates)) < 2e-3


def test_weights_undo_the_choice_of_strata() -> None:
    """Of a band's pairs one in ten is held to be two people, but half of the answers are about those."""
    weights = weighed(np.array([0, 0, 1, 1]), np.array([90.0, 10.0, 5.0, 5.0]))
    assert weights.tolist() == [1.8, 0.2, 1.0, 1.0]
    assert Answers(np.zeros(2), np.zeros(2, bool), np.array([1.8, 0.2])).effective == pytest.approx(4 / 3.28)


def test_a_replaced_threshold_has_the_chosen_distance_at_the_chosen_rate() -> None:
    for rate in (1e-3, 1e-4, 1e-5):
        fresh = replace(ENGINE, threshold=threshold_of(ENGINE, rate, 0.42))
        assert fresh.distance_at(rate) == pytest.approx(0.42)


def test_more_answers_are_asked_for_as_long_as_it_is_unsure() -> None:
    world = World(4, 0.0)
    missing = []
    for per_stratum in (1, 6, 40):
        answers = world.answers(per_stratum)
        rates = Rates(fit_curve(answers, world.spectrum, ENGINE), world.spectrum)
        missing.append(answers_missing(rates, ENGINE.threshold, answers.effective))
    assert min(missing[:2]) > 20
    assert missing[2] == 0


def test_an_event_of_no_pairs_has_a_curve() -> None:
    empty = Spectrum(ENGINE.distance_at(FAR_RATE), np.zeros(BINS), 0.0)
    rates = Rates(fit_curve(NOBODY, empty, ENGINE), empty)
    assert np.isfinite(rates.proposal(1e-4).distance).all()
    assert rates.false_at(0.5)[0] < 1e-12
