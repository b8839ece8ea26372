"""Groups of faces that grow: the pair with the strongest evidence for one person first, within what must not be. Pure.

The evidence is the log-likelihood ratio of the two-covariance model (probabilistic linear discriminant analysis with
one variance between people and one within). It knows that the mean of many faces is more certain than a single face, so
that one limit serves two faces, a face and a large group, and two large groups; one on mean similarities does not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.calibration import Calibration
from faces.neighbours import nearest

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]

_NEIGHBOURS = 32
# A group of so many times the size of another one hardly changes when it takes that in, and may take several at once.
_LARGER = 8
# So alike are two pictures of one moment; two of one person hardly ever are.
_ONE_SHOT = 0.85
# Nearer than this the limit never is: a face has 1 with itself, and in bursts almost that.
_MOST_KINSHIP = 0.95
_BLOCK_PAIRS = 50_000  # at a time: of 512 dimensions they take 200 MB


@dataclass(frozen=True)
class Evidence:
    """How strongly similarities (cosines) speak for one person, where two faces of similarity `limit` are on the verge.

    Likeness is similarity on a scale where strangers have 0 on average and a face has 1 with itself. `kinship`, what it
    is for two faces of one person, is taken to be the limit's: the faces about which there is doubt are the worse ones.
    """

    strangers: float
    kinship: float

    @classmethod
    def at(cls, calibration: Calibration, rate: float) -> "Evidence":
        """The evidence whose verge is at this false-match rate; the median of strangers stands for their mean."""
        middle = calibration.distance_at(0.5)
        return cls(1 - middle, min(1 - calibration.distance_at(rate) / middle, _MOST_KINSHIP))

    @classmethod
    def of_one_shot(cls, calibration: Calibration) -> "Evidence":
        """The evidence that faces are nearly the same picture: bursts, copies, crops."""
        return cls(1 - calibration.distance_at(0.5), _ONE_SHOT)

    @property
    def limit(self) -> float:
        """The evidence of two faces on the verge."""
        similarity = self.strangers + (1 - self.strangers) * self.kinship
        two, one = self.within(np.array([2.0, 1.0]), np.array([2 + 2 * similarity, 1.0]))
        return float(two - 2 * one)

    def within(self, sizes: Reals, squares: Reals) -> Reals:
        """How well groups (n,) of `sizes` faces hold together; `squares` are the squared lengths of their sums."""
        likeness = (squares - self.strangers * sizes**2) / (1 - self.strangers)
        noise = 1 - self.kinship
        spread = noise + self.kinship * sizes
        return np.asarray((likeness * self.kinship / (noise * spread) - np.log(spread / noise)) / 2)


class Groups:
    """Groups of faces, one a row, until they join others.

    `sums` (n, d) are the sums of their faces' vectors, `sizes` (n,) the numbers of their faces; `photos` where each is,
    `pinned` (n,) who a moderator said it is (-1 none), `barred` who it is not.
    """

    def __init__(
        self,
        sums: Vectors,
        sizes: Reals,
        *,
        photos: list[set[int]],
        pinned: list[int],
        barred: list[set[int]],
    ) -> None:
        self.sums = sums.copy()
        self.sizes = sizes.copy()
        self._photos = [set(places) for places in photos]
        self._pinned = list(pinned)
        self._barred = [set(people) for people in barred]
        self._into = np.arange(len(sums))
        self._squares = np.einsum("ij,ij->i", sums, sums, dtype=np.float64)
        self.evidence = Evidence(strangers=0.0, kinship=0.5)
        self._within = np.zeros(len(sums))

    def weigh(self, evidence: Evidence) -> None:
        """Let this evidence count from now on."""
        self.evidence = evidence
        self._within = evidence.within(self.sizes, self._squares)

    def count_as_one(self, rows: Numbers) -> None:
        """Let each of these groups count as the one face that it is nearly: its faces tell no more than one does."""
        self.sums[rows] = self.means(rows)
        self.sizes[rows] = self._squares[rows] = 1.0

    def roots(self, rows: Numbers) -> Numbers:
        """The groups in which these are now."""
        while (self._into[rows] != rows).any():
            rows = self._into[rows]
        return rows

    def means(self, rows: Numbers) -> Vectors:
        """The directions (m, d) of groups, of length 1."""
        lengths = np.sqrt(np.maximum(self._squares[rows], 1e-12)).astype(np.float32)
        return np.asarray(self.sums[rows] / lengths[:, None], np.float32)

    def gains(self, pairs: Numbers) -> Reals:
        """The evidence (m,) that the groups of each pair (m, 2) are one person."""
        gains = np.empty(len(pairs))
        for start in range(0, len(pairs), _BLOCK_PAIRS):
            one, other = pairs[start : start + _BLOCK_PAIRS].T
            products = np.einsum("ij,ij->i", self.sums[one], self.sums[other])
            squares = self._squares[one] + self._squares[other] + 2 * products
            together = self.evidence.within(self.sizes[one] + self.sizes[other], squares)
            gains[start : start + _BLOCK_PAIRS] = together - self._within[one] - self._within[other]
        return gains

    def may_join(self, one: int, other: int) -> bool:
        """Whether two groups may be one person: never in one photo, and by no moderator's word two people."""
        first, second = self._pinned[one], self._pinned[other]
        if first >= 0 and second >= 0 and first != second:
            return False
        if first in self._barred[other] or second in self._barred[one]:
            return False
        return self._photos[one].isdisjoint(self._photos[other])

    def join(self, pairs: Numbers) -> tuple[list[int], list[int]]:
        """Join pairs (m, 2), the first ones first; the groups that grew, and the positions of pairs that may not."""
        grown: set[int] = set()
        refused = []
        for position, (one, other) in enumerate(pairs.tolist()):
            if self._into[one] != one or self._into[other] != other:
                continue
            if not self.may_join(one, other):
                refused.append(position)
                continue
            large, small = (one, other) if self.sizes[one] >= self.sizes[other] else (other, one)
            self._take_in(large, small)
            grown.add(large)
        rows = sorted(grown)
        self._squares[rows] = np.einsum("ij,ij->i", self.sums[rows], self.sums[rows], dtype=np.float64)
        self._within[rows] = self.evidence.within(self.sizes[rows], self._squares[rows])
        return rows, refused

    def _take_in(self, large: int, small: int) -> None:
        self._into[small] = large
        self.sums[large] += self.sums[small]
        self.sizes[large] += self.sizes[small]
        self._photos[large] |= self._photos[small]
        self._barred[large] |= self._barred[small]
        self._pinned[large] = max(self._pinned[large], self._pinned[small])


def neighbours(groups: Groups, rows: Numbers) -> Numbers:
    """Pairs (m, 2) of these groups of which one's mean is among the nearest to the other's."""
    means = groups.means(rows)
    others, _ = nearest(means, means, _NEIGHBOURS + 1)
    return _distinct(np.repeat(rows, others.shape[1]), rows[others.ravel()])


def join_along(groups: Groups, pairs: Numbers) -> None:
    """Join the groups of pairs, strongest evidence first, down to its limit.

    All pairs that are the best for both their groups are joined at once: the order among them makes no difference.
    """
    gains = groups.gains(pairs)
    while len(near := np.flatnonzero(gains >= groups.evidence.limit)):
        pairs, gains = pairs[near], gains[near]
        chosen = _best(pairs, gains, groups.sizes)
        grown, refused = groups.join(pairs[chosen])
        keep = np.ones(len(pairs), bool)
        keep[chosen[refused]] = False
        pairs, gains = _followed(groups, pairs[keep], gains[keep], grown)


def _best(pairs: Numbers, gains: Reals, sizes: Reals) -> Numbers:
    """The positions, strongest first, of pairs that are best for both, or for one that is small beside the other."""
    best = np.full(len(sizes), -np.inf)
    np.maximum.at(best, pairs.ravel(), np.repeat(gains, 2))
    for_one, for_other = (gains[:, None] == best[pairs]).T
    one, other = sizes[pairs].T
    chosen = (for_one & for_other) | (for_one & (other >= _LARGER * one)) | (for_other & (one >= _LARGER * other))
    rows = np.flatnonzero(chosen)
    return rows[np.lexsort((pairs[rows, 1], pairs[rows, 0], -gains[rows]))]


def _followed(groups: Groups, pairs: Numbers, gains: Reals, grown: list[int]) -> tuple[Numbers, Reals]:
    """The pairs, each once, and their evidence, after groups have grown."""
    pairs = groups.roots(pairs)
    has_grown = np.zeros(len(groups.sizes), bool)
    has_grown[grown] = True
    changed = has_grown[pairs].any(axis=1)
    fresh = _distinct(*pairs[changed].T)
    return np.concatenate([pairs[~changed], fresh]), np.concatenate([gains[~changed], groups.gains(fresh)])


def _distinct(one: Numbers, other: Numbers) -> Numbers:
    """The pairs (m, 2) of different numbers, the smaller one first, each once."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    count = int(high.max(initial=0)) + 1
    return np.column_stack(np.divmod(np.unique((low * count + high)[low != high]), count))
