"""How faces become people: clusters of faces, within what one photo and moderators say. Pure: arrays in, labels out.

Good faces and what moderators pinned form groups (see faces.linkage) down to a limit that adapts to how many people
compete. Faces that are barred from somebody come next, so that they draw nobody with them, and weak faces last.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.calibration import STRICT_RATE, Calibration
from faces.linkage import Evidence, Groups, join_along, neighbours
from faces.neighbours import nearest

# False matches expected per true join. Chosen on labelled portraits and on simulated events of their people and
# sizes; see docs/identity.md.
_FALSE_SHARE = 0.2
# However few people there are, a pair is never as likely as this to be taken for one person by chance.
_LOOSEST_RATE = 1e-3
# A limit that moves the number of allowed false matches by less than this is the same.
_SAME_RATE = 1.05
# Growing ends when fewer than one group in so many has joined another: each turn looks for all neighbours anew.
_FEW = 2000
# Groups among which a weak face looks for its own and for the runner-up.
_RUNNERS = 8

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Sayings:
    """What moderators said.

    `pinned` (n,) is the number of the person that a moderator gave the face to, -1 for none: equal numbers belong
    together, even within one photo, different ones never. A row of `barred` (m, 2) is a face and a pinned number: the
    face is not that person. Where the two contradict each other, `pinned` holds.
    """

    pinned: Numbers
    barred: Numbers

    @classmethod
    def none(cls, count: int) -> "Sayings":
        """Nothing said about so many faces."""
        return cls(np.full(count, -1, np.int64), np.empty((0, 2), np.int64))


def cluster(
    vectors: Vectors, *, photos: Numbers, good: Flags, calibration: Calibration, sayings: Sayings | None = None
) -> Numbers:
    """(n,) the cluster of each face from 0, -1 for a weak face that is nobody's.

    `vectors` (n, d) of length 1; `photos` (n,): two faces of one photo are never together unless pinned to the same
    number; `good` (n,): may found a person. A good face alone is a cluster of one.
    """
    said = sayings or Sayings.none(len(vectors))
    units, whom_not = _units(said.pinned), _whom_not(said)
    founds = np.asarray(good, bool) | (said.pinned >= 0)
    later = np.array([bool(people) for people in whom_not], bool)

    rows = np.unique(units[founds & ~later])

    def start() -> Groups:
        groups = _groups(np.asarray(vectors, np.float32), photos, units, said.pinned, whom_not)
        groups.weigh(Evidence.of_one_shot(calibration))
        _grow(groups, rows)
        groups.count_as_one(np.unique(groups.roots(units)))
        return groups

    groups = _grown(start, rows, calibration)
    if (founds & later).any():
        _grow(groups, np.unique(groups.roots(units[founds])))
    _attach(groups, np.unique(groups.roots(units[founds])), units[~founds], calibration)
    labels = groups.roots(units)
    return _renumbered(np.where(np.isin(labels, labels[founds]), labels, -1))


def matched(labels: Numbers, owners: Numbers, pinned: Numbers) -> dict[int, int | None]:
    """The person that each cluster is, None for a new one: ids change as little as they can.

    `labels`, `owners` and `pinned` (n,) are the cluster of each face, the person it has now and the one that moderators
    gave it to, -1 for none. A cluster with pinned faces is that person; of the others those with most faces in common
    are matched first, ties to the smaller ids, each person once.
    """
    found: dict[int, int | None] = dict.fromkeys(np.unique(labels[labels >= 0]).tolist())
    held = (labels >= 0) & (pinned >= 0)
    found.update(zip(labels[held].tolist(), pinned[held].tolist(), strict=True))
    taken = set(pinned[held].tolist())
    pairs, common = np.unique(np.column_stack([labels, owners]), axis=0, return_counts=True)
    for row in np.lexsort((pairs[:, 0], pairs[:, 1], -common)):
        label, owner = pairs[row].tolist()
        if label >= 0 and owner >= 0 and found[label] is None and owner not in taken:
            found[label] = owner
            taken.add(owner)
    return found


def _units(pinned: Numbers) -> Numbers:
    """(n,) the unit of each face from 0: faces that are pinned to one person are one, all others are by themselves."""
    keys = np.where(pinned >= 0, pinned, int(pinned.max(initial=-1)) + 1 + np.arange(len(pinned)))
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _whom_not(said: Sayings) -> list[set[int]]:
    """Whom each face is not, but for those that are pinned."""
    people: list[set[int]] = [set() for _ in said.pinned]
    for face, person in said.barred.tolist():
        if said.pinned[face] < 0:
            people[face].add(person)
    return people


def _groups(vectors: Vectors, photos: Numbers, units: Numbers, pinned: Numbers, whom_not: list[set[int]]) -> Groups:
    """A group for each unit."""
    count = int(units.max(initial=-1)) + 1
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, units, vectors)
    places: list[set[int]] = [set() for _ in range(count)]
    people, barred = [-1] * count, [set[int]() for _ in range(count)]
    for face, (unit, photo, person) in enumerate(zip(units.tolist(), photos.tolist(), pinned.tolist(), strict=True)):
        places[unit].add(photo)
        people[unit] = person
        barred[unit] |= whom_not[face]
    sizes = np.bincount(units, minlength=count).astype(np.float64)
    return Groups(sums, sizes, photos=places, pinned=people, barred=barred)


def _grown(start: Callable[[], Groups], rows: Numbers, calibration: Calibration) -> Groups:
    """Groups among these rows, grown down to the limit that allows a share of false joins.

    The limit depends on the number of groups, which depends on the limit. The first is for two people to three faces.
    Where there turn out to be more people it is too loose, and all begins again with the stricter one; where there are
    fewer, the groups grow on.
    """
    groups = start()
    rows = np.unique(groups.roots(rows))
    rate = _false_rate(len(rows), 2 * len(rows) / 3)
    groups.weigh(Evidence.at(calibration, rate))
    count = _grow(groups, rows)
    while _false_rate(len(rows), count) * _SAME_RATE < rate:
        groups, rate = start(), _false_rate(len(rows), count)
        groups.weigh(Evidence.at(calibration, rate))
        count = _grow(groups, rows)
    while _false_rate(len(rows), count) > _SAME_RATE * rate:
        rate = _false_rate(len(rows), count)
        groups.weigh(Evidence.at(calibration, rate))
        count = _grow(groups, rows)
    return groups


def _false_rate(faces: int, groups: float) -> float:
    """The false-match rate at which joins by chance are the allowed share of all joins.

    Each of the faces meets a stranger in each of the groups; `faces` - `groups` of them were joined.
    """
    allowed = _FALSE_SHARE * max(faces - groups, 1) / max(faces * groups, 1)
    return min(allowed, _LOOSEST_RATE)


def _grow(groups: Groups, rows: Numbers) -> int:
    """Join groups among these rows until hardly any are near enough; how many there are then."""
    rows = np.unique(groups.roots(rows))
    while True:
        join_along(groups, neighbours(groups, rows))
        left = np.unique(groups.roots(rows))
        if (len(rows) - len(left)) * _FEW <= len(rows):
            return len(left)
        rows = left


def _attach(groups: Groups, people: Numbers, weak: Numbers, calibration: Calibration) -> None:
    """Let weak faces join the nearest of these groups, if it is near and much nearer than the next that it may join."""
    if not len(people) or not len(weak):
        return
    groups.weigh(Evidence.at(calibration, STRICT_RATE))
    others, scores = nearest(groups.means(weak), groups.means(people), _RUNNERS)
    others = people[others]
    scores = np.where(_may_join(groups, weak, others), scores, -1.0)
    order = np.argsort(-scores, axis=1, kind="stable")
    scores = np.pad(np.take_along_axis(scores, order, 1), [(0, 0), (0, 1)], constant_values=-1.0)
    pairs = np.column_stack([weak, np.take_along_axis(others, order[:, :1], 1)])
    gains = groups.gains(pairs)
    sure = (gains >= groups.evidence.limit) & (scores[:, 0] - scores[:, 1] >= calibration.spread)
    rows = np.flatnonzero(sure)
    groups.join(pairs[rows[np.argsort(-gains[rows], kind="stable")]])


def _may_join(groups: Groups, faces: Numbers, others: Numbers) -> Flags:
    """Whether each face (n,) may join each of its groups (n, k)."""
    asked = zip(faces.tolist(), others.tolist(), strict=True)
    found = [[groups.may_join(face, other) for other in row] for face, row in asked]
    return np.array(found, bool).reshape(others.shape)


def _renumbered(labels: Numbers) -> Numbers:
    """The same clusters, numbered from 0 in the order of their first faces."""
    found, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    numbers = np.full(len(found), -1, np.int64)
    known = np.flatnonzero(found >= 0)
    numbers[known[np.argsort(first[known])]] = np.arange(len(known))
    return numbers[inverse]
