"""What a few answers say of many pairs: shares and totals of a population that was sampled in strata, with intervals.

Intervals hold 95 % and are closed formulas, so that the same answers always say the same. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

Z = 1.959964  # of the normal distribution, for 95 %
_FIRST = 5  # answers that each stratum gets before it is known where more of them help most


@dataclass(frozen=True)
class Estimate:
    """A figure, and between which two it lies in 19 of 20 cases; `asked` answers stand behind it."""

    value: float
    low: float
    high: float
    asked: int = 0


@dataclass(frozen=True)
class Stratum:
    """`population` pairs, of which `asked` were answered and `hits` were what is being counted."""

    population: int
    asked: int
    hits: int


def wilson(hits: int, asked: int) -> Estimate:
    """The share of hits.

    Wilson 1927; Brown, Cai and DasGupta 2001, "Interval estimation for a binomial proportion".
    """
    if not asked:
        return Estimate(0.5, 0.0, 1.0)
    share = hits / asked
    middle = (share + Z**2 / (2 * asked)) / (1 + Z**2 / asked)
    half = Z / (1 + Z**2 / asked) * sqrt(share * (1 - share) / asked + Z**2 / (4 * asked**2))
    return Estimate(share, max(middle - half, 0.0), min(middle + half, 1.0), asked)


def total(strata: Sequence[Stratum]) -> Estimate:
    """How many hits all strata hold together.

    Wilson's intervals of the strata joined by MOVER (Zou, Huang and Zhang 2009, "A note on confidence interval
    estimation for a linear function of binomial proportions"), narrowed where much of a stratum was asked about.
    """
    value = below = above = 0.0
    for stratum in strata:
        share = wilson(stratum.hits, stratum.asked)
        left = 1 - min(stratum.asked / stratum.population, 1.0) if stratum.population else 0.0
        value += stratum.population * (share.value if stratum.asked else 0.0)
        below += left * (stratum.population * (share.value - share.low)) ** 2 if stratum.asked else 0.0
        above += left * (stratum.population * (share.high - (share.value if stratum.asked else 0.0))) ** 2
    everything = sum(stratum.population for stratum in strata)
    asked = sum(stratum.asked for stratum in strata)
    return Estimate(value, max(value - sqrt(below), 0.0), min(value + sqrt(above), everything), asked)


def share_found(found: Estimate, missed: Estimate) -> Estimate:
    """Which share `found` is of all there are, found and missed.

    The ratio of the two by MOVER-R (Donner and Zou 2012, "Closed-form confidence intervals for functions of the normal
    mean and standard deviation"), which keeps the skewness that few hits have.
    """
    low, high = _ratio(missed, found)
    everything = found.value + missed.value
    value = found.value / everything if everything else 0.0
    return Estimate(value, 1 / (1 + high), 1 / (1 + low), found.asked + missed.asked)


def allocation(strata: Sequence[Stratum], count: int) -> list[int]:
    """How many of the next `count` questions each stratum gets: a few each, then where they narrow the total most
    (Neyman 1934, with the variance as the answers so far show it).
    """
    given = [0] * len(strata)
    for _ in range(count):
        open_ones = [n for n, of in enumerate(strata) if of.asked + given[n] < of.population]
        if not open_ones:
            break
        poor = [n for n in open_ones if strata[n].asked + given[n] < _FIRST]
        if poor:
            best = min(poor, key=lambda n: strata[n].asked + given[n])
        else:
            best = max(open_ones, key=lambda n: _gain(strata[n], given[n]))
        given[best] += 1
    return given


def _gain(stratum: Stratum, given: int) -> float:
    """By how much one more answer lowers the variance of the total."""
    share = (stratum.hits + 1) / (stratum.asked + 2)  # never 0 or 1: the next answer may be the first of its kind
    asked = stratum.asked + given
    return stratum.population**2 * share * (1 - share) / (asked * (asked + 1))


def _ratio(one: Estimate, other: Estimate) -> tuple[float, float]:
    """The interval of `one` / `other`, both positive."""
    product = one.value * other.value
    low_root = product**2 - one.low * other.high * (2 * one.value - one.low) * (2 * other.value - other.high)
    high_root = product**2 - one.high * other.low * (2 * one.value - one.high) * (2 * other.value - other.low)
    low_under, high_under = other.high * (2 * other.value - other.high), other.low * (2 * other.value - other.low)
    low = (product - sqrt(max(low_root, 0.0))) / low_under if low_under > 0 else 0.0
    high = (product + sqrt(max(high_root, 0.0))) / high_under if high_under > 0 else inf
    return max(low, 0.0), max(high, 0.0)
