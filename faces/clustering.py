"""How faces become people: clusters of faces, within what one photo and moderators say. Pure: arrays in, labels out.

Groups of faces are joined by average linkage, the nearest pair of groups first, as long as they are nearer than chance
would have it among so many faces. Weak faces found nobody and join afterwards.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from faces.calibration import STRICT_RATE, Calibration
from faces.neighbours import nearest

_NEIGHBOURS = 32
_FALSE_JOINS = 1.0
_MARGIN = 0.5

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


@dataclass(frozen=True)
class _Groups:
    """Groups of faces: the sum of their vectors, their number, the person pinned in each (-1 none), and as sparse
    matrices (groups, photos) and (groups, people) where they are and whom they are not.
    """

    sums: Vectors
    sizes: NDArray[np.float32]
    pinned: Numbers
    photos: csr_matrix
    barred: csr_matrix

    def __len__(self) -> int:
        return len(self.sizes)

    def joined(self, into: Numbers) -> "_Groups":
        """The groups after each has gone into the group of a number (0 to the new count - 1)."""
        count = int(into.max(initial=-1)) + 1
        sums = _sparse(into, np.arange(len(into)), (count, len(into))) @ self.sums
        pinned = np.full(count, -1, np.int64)
        np.maximum.at(pinned, into, self.pinned)
        gather = _sparse(into, np.arange(len(into)), (count, len(into)))
        sizes = np.bincount(into, self.sizes, count).astype(np.float32)
        return _Groups(sums, sizes, pinned, gather @ self.photos, gather @ self.barred)

    def may_join(self, one: Numbers, other: Numbers) -> Flags:
        """Whether the groups of each pair may be one person."""
        strangers = (self.pinned[one] >= 0) & (self.pinned[other] >= 0)
        together = _overlap(self.photos, one, other)
        return ~(strangers | together | self._is_barred(one, other) | self._is_barred(other, one))

    def _is_barred(self, one: Numbers, other: Numbers) -> Flags:
        """Whether one of each pair holds a face that is not the person of the other."""
        people = self.pinned[other]
        found = np.zeros(len(one), bool)
        known = people >= 0
        if self.barred.nnz and known.any():
            found[known] = np.asarray(self.barred[one[known], people[known]]).ravel() > 0
        return found


def cluster(
    vectors: Vectors, *, photos: Numbers, good: Flags, calibration: Calibration, sayings: Sayings | None = None
) -> Numbers:
    """(n,) the cluster of each face from 0, -1 for a weak face that is nobody's.

    `vectors` (n, d) of length 1; `photos` (n,): two faces of one photo are never together unless pinned to the same
    number; `good` (n,): may found a person. A good face alone is a cluster of one.
    """
    sayings = sayings or Sayings(np.full(len(vectors), -1, np.int64), np.empty((0, 2), np.int64))
    faces = _faces(np.asarray(vectors, np.float32), photos, sayings)
    founds = good | (sayings.pinned >= 0)
    is_barred = np.zeros(len(vectors), bool)
    is_barred[sayings.barred[:, 0]] = True
    is_barred &= sayings.pinned < 0
    limit = 1 - calibration.distance_at(_FALSE_JOINS / max(int(founds.sum()), 1))

    labels = _by_pins(sayings.pinned)
    rows = np.flatnonzero(founds & ~is_barred)
    labels[rows] = _grown(faces, rows, labels[rows], limit)
    rows = np.flatnonzero(founds)
    labels[rows] = _grown(faces, rows, labels[rows], limit)
    labels[~founds] = -1
    strict = 1 - min(calibration.distance_at(STRICT_RATE), 1 - limit)
    labels = _attached(faces, labels, strict, _MARGIN * calibration.spread)
    return _renumbered(labels)


def matched(labels: Numbers, owners: Numbers, pinned: Numbers) -> dict[int, int | None]:
    """The person that each cluster is, None for a new one: ids change as little as they can.

    `labels`, `owners` and `pinned` (n,) are the cluster of each face, the person it has now and the one that moderators
    gave it to, -1 for none. A cluster with pinned faces is that person; of the others those with most faces in common
    are matched first, ties to the smaller ids, each person once.
    """
    found: dict[int, int | None] = dict.fromkeys(np.unique(labels[labels >= 0]).tolist())
    held = np.unique(np.column_stack([labels, pinned])[(labels >= 0) & (pinned >= 0)], axis=0)
    found.update(dict(held.tolist()))
    free = (labels >= 0) & (owners >= 0) & ~np.isin(labels, held[:, 0]) & ~np.isin(owners, pinned[pinned >= 0])
    pairs, common = np.unique(np.column_stack([labels, owners])[free], axis=0, return_counts=True)
    taken: set[int] = set()
    for row in np.lexsort((pairs[:, 0], pairs[:, 1], -common)):
        label, owner = pairs[row].tolist()
        if found[label] is None and owner not in taken:
            found[label] = owner
            taken.add(owner)
    return found


def _faces(vectors: Vectors, photos: Numbers, sayings: Sayings) -> _Groups:
    """Each face as a group of its own."""
    count = len(vectors)
    places = np.unique(photos, return_inverse=True)[1]
    where = _sparse(np.arange(count), places, (count, int(places.max(initial=-1)) + 1))
    people = int(max(sayings.pinned.max(initial=-1), sayings.barred[:, 1].max(initial=-1))) + 1
    whom_not = _sparse(sayings.barred[:, 0], sayings.barred[:, 1], (count, people))
    return _Groups(vectors, np.ones(count, np.float32), sayings.pinned, where, whom_not)


def _by_pins(pinned: Numbers) -> Numbers:
    """Labels that differ, but for faces that are pinned to one person."""
    keys = np.where(pinned >= 0, pinned, pinned.max(initial=-1) + 1 + np.arange(len(pinned)))
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _grown(faces: _Groups, rows: Numbers, labels: Numbers, limit: float) -> Numbers:
    """The labels of these faces after all groups that are near enough have been joined."""
    if not len(rows):
        return labels
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    groups = _Groups(
        faces.sums[rows], faces.sizes[rows], faces.pinned[rows], faces.photos[rows], faces.barred[rows]
    ).joined(labels)
    while True:
        pairs = _candidates(groups, limit)
        into = _joined_along(groups, pairs, limit)
        if into.max() + 1 == len(groups):
            return labels
        labels, groups = into[labels], groups.joined(into)


def _candidates(groups: _Groups, limit: float) -> Numbers:
    """Pairs (m, 2) of groups whose means are among each other's nearest."""
    means = groups.sums / np.linalg.norm(groups.sums, axis=1, keepdims=True)
    others, _ = nearest(means, means, _NEIGHBOURS + 1)
    one = np.repeat(np.arange(len(groups)), others.shape[1])
    return _distinct(one, others.ravel())


def _joined_along(groups: _Groups, pairs: Numbers, limit: float) -> Numbers:
    """Where each group goes when pairs that are each other's nearest are joined until none is near enough."""
    into = np.arange(len(groups))
    while True:
        pairs, scores = _near(groups, pairs, limit)
        chosen = pairs[_reciprocal(pairs, scores, len(groups))]
        if not len(chosen):
            return into
        step = np.arange(len(groups))
        step[chosen[:, 1]] = chosen[:, 0]
        step = np.unique(step, return_inverse=True)[1]
        groups, into = groups.joined(step), step[into]
        pairs = _distinct(step[pairs[:, 0]], step[pairs[:, 1]])


def _near(groups: _Groups, pairs: Numbers, limit: float) -> tuple[Numbers, NDArray[np.float32]]:
    """Those of the pairs that may be joined, and the mean similarity of their faces."""
    one, other = pairs.T
    scores = np.einsum("ij,ij->i", groups.sums[one], groups.sums[other]) / (groups.sizes[one] * groups.sizes[other])
    near = np.flatnonzero(scores >= limit)
    near = near[groups.may_join(one[near], other[near])]
    return pairs[near], scores[near]


def _reciprocal(pairs: Numbers, scores: NDArray[np.float32], count: int) -> Numbers:
    """The rows of the pairs that are best for both; equal scores are decided by a hash, lest long chains form."""
    ties = (pairs[:, 0] * 2654435761 + pairs[:, 1] * 40503) % 1000003
    order = np.lexsort((ties, scores))
    best = np.full(count, -1, np.int64)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    np.maximum.at(best, pairs[:, 0], ranks)
    np.maximum.at(best, pairs[:, 1], ranks)
    return np.flatnonzero((best[pairs[:, 0]] == ranks) & (best[pairs[:, 1]] == ranks))


def _attached(faces: _Groups, labels: Numbers, limit: float, margin: float) -> Numbers:
    """The labels after faces without one have joined the nearest group, if it is near and much nearer than the next."""
    waiting, rows = np.flatnonzero(labels < 0), np.flatnonzero(labels >= 0)
    if not len(waiting) or not len(rows):
        return labels
    labels = labels.copy()
    labels[rows] = np.unique(labels[rows], return_inverse=True)[1]
    groups = _Groups(
        faces.sums[rows], faces.sizes[rows], faces.pinned[rows], faces.photos[rows], faces.barred[rows]
    ).joined(labels[rows])
    means = groups.sums / np.linalg.norm(groups.sums, axis=1, keepdims=True)
    others, scores = nearest(faces.sums[waiting], means, 8)
    allowed = _may_attach(faces, groups, waiting, others)
    scores = np.where(allowed, scores, -1.0)
    order = np.argsort(-scores, axis=1, kind="stable")
    others, scores = np.take_along_axis(others, order, 1), np.take_along_axis(scores, order, 1)
    second = scores[:, 1] if scores.shape[1] > 1 else np.full(len(waiting), -1.0)
    sure = (scores[:, 0] >= limit) & (scores[:, 0] - second >= margin)
    places = faces.photos.indices[faces.photos.indptr[waiting]]
    taken: set[tuple[int, int]] = set()
    for row in np.lexsort((waiting, -scores[:, 0])):
        key = int(others[row, 0]), int(places[row])
        if sure[row] and key not in taken:
            labels[waiting[row]] = key[0]
            taken.add(key)
    return labels


def _may_attach(faces: _Groups, groups: _Groups, waiting: Numbers, others: Numbers) -> Flags:
    """Whether each of the faces may join each of its groups (n, k)."""
    allowed = np.zeros(others.shape, bool)
    for column, group in enumerate(others.T):
        allowed[:, column] = ~(
            np.asarray(faces.photos[waiting].multiply(groups.photos[group]).sum(axis=1)).ravel().astype(bool)
        )
        people = groups.pinned[group]
        known = people >= 0
        if faces.barred.nnz and known.any():
            allowed[known, column] &= np.asarray(faces.barred[waiting[known], people[known]]).ravel() == 0
    return allowed


def _sparse(rows: Numbers, columns: Numbers, shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def _overlap(matrix: csr_matrix, one: Numbers, other: Numbers) -> Flags:
    """Whether the rows of each pair have a column in common."""
    return np.asarray(matrix[one].multiply(matrix[other]).sum(axis=1)).ravel() > 0


def _distinct(one: Numbers, other: Numbers) -> Numbers:
    """The pairs (m, 2), smaller number first, of different groups, each once."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    keys = np.unique((low * (int(high.max(initial=0)) + 1) + high)[(low != high) & (low >= 0)])
    return np.column_stack(np.divmod(keys, int(high.max(initial=0)) + 1))


def _renumbered(labels: Numbers) -> Numbers:
    """The same clusters, numbered from 0 in the order of their first faces."""
    found, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    known = found >= 0
    numbers = np.full(len(found), -1, np.int64)
    numbers[known] = np.argsort(np.argsort(first[known]))
    return numbers[inverse]
