"""Pairs of an event's faces: how many lie at each distance, and which ones a moderator may be asked about."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.db.models import BigIntegerField, F, Func, Max, QuerySet, Value
from numpy.typing import NDArray

from faces.curves import BINS, FAR_RATE, Spectrum
from faces.models import Decision, Event, Face
from faces.services.people import current_calibration, current_contract
from photofinder.vectors import matrix

FACES_LOOKED_AT = 2500  # chosen at random from larger events: three million pairs in a fifth of a second
_BLOCK = 500  # rows of distances at a time
_HASH_RANGE = 2**31
_KEPT_SECONDS = 600

Numbers = NDArray[np.int64]
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Pairs:
    """Pairs from different photos no farther apart than the reach: the ids of their faces, their distance, and whether
    the product holds them to be one person. Each stands for `scale` pairs of the event, which has `count` in all.
    """

    one: Numbers
    other: Numbers
    distances: NDArray[np.float64]
    same: NDArray[np.bool_]
    scale: float
    count: float

    @cached_property
    def keys(self) -> list[tuple[int, int]]:
        """The ids of the faces, smaller first, as a check keeps them."""
        return list(zip(self.one.tolist(), self.other.tolist(), strict=True))

    def spectrum(self, limit: float) -> Spectrum:
        """How many pairs of the event lie at each distance."""
        found = np.histogram(self.distances, bins=BINS, range=(0, limit))[0] * self.scale
        return Spectrum(limit, found, max(self.count - float(found.sum()), 0.0))


def reach() -> float:
    """The distance beyond which nobody is asked: all pairs are taken to be two people there."""
    return current_calibration().distance_at(FAR_RATE)


def good_faces(event: Event) -> QuerySet[Face]:
    """The faces that can be compared and found people."""
    return _comparable(event).filter(quality__gte=settings.FACE_QUALITY_GOOD)


def owned_faces(event: Event) -> QuerySet[Face]:
    """The faces that can be compared and are somebody's."""
    return _comparable(event).filter(person__isnull=False)


def pairs_near(faces: QuerySet[Face], *, seed: int) -> Pairs:
    """The pairs within reach of these faces, or of as many of them as are looked at, which the seed chooses."""
    total = faces.count()
    rows, vectors = matrix(_chosen(faces, total, seed).order_by("pk"), "vector__embedding", "pk", "photo", "person")
    vectors = vectors[:, vectors.any(axis=0)]  # the zeros that fill shorter vectors up tell nothing
    ids, photos, people = (np.array([row[n] or -1 for row in rows], np.int64) for n in range(3))
    one, other, distances, count = _within(vectors, photos, reach())
    scale = total * (total - 1) / max(len(ids) * (len(ids) - 1), 1)
    same = (people[one] == people[other]) & (people[one] > 0)
    return Pairs(ids[one], ids[other], distances, same, scale, count * scale)


def event_spectrum(event: Event) -> Spectrum:
    """How many pairs of the event's good faces lie at each distance; kept until its faces or people change."""
    return _kept(event, "spectrum", lambda: pairs_near(good_faces(event), seed=event.pk).spectrum(reach()))


def stratum_counts(event: Event, edges: tuple[float, ...]) -> list[int]:
    """How many pairs that the product holds to be two people lie between these distances; kept like the spectrum."""

    def counted() -> list[int]:
        pairs = pairs_near(owned_faces(event), seed=event.pk)
        found = np.histogram(pairs.distances[~pairs.same], bins=edges)[0] * pairs.scale
        return [round(number) for number in found]

    return _kept(event, "strata", counted)


def _comparable(event: Event) -> QuerySet[Face]:
    # Neighbouring frames of a film are almost the same picture, and say nothing of how alike two pictures are.
    here = Face.objects.photographed().filter(photo__event=event)
    faces: QuerySet[Face] = here.filter(contract=current_contract(), dismissed=False)
    return faces


def _chosen(faces: QuerySet[Face], total: int, seed: int) -> QuerySet[Face]:
    """About FACES_LOOKED_AT of them. A hash of the id chooses, as neighbouring ids are often of one photo."""
    if total <= FACES_LOOKED_AT:
        return faces
    hashed = Func(F("pk"), Value(seed), function="hashint8extended", output_field=BigIntegerField())
    numbered = faces.annotate(ticket=hashed.bitand(_HASH_RANGE - 1))
    return numbered.filter(ticket__lt=int(_HASH_RANGE * FACES_LOOKED_AT / total))


def _within(
    vectors: NDArray[np.float32], photos: Numbers, limit: float
) -> tuple[Numbers, Numbers, NDArray[np.float64], int]:
    """Rows and distances of the pairs from different photos that are that near, and how many pairs there are in all."""
    ones, others, distances, count = [], [], [], 0
    for start in range(0, len(vectors), _BLOCK):
        block = 1 - vectors[start : start + _BLOCK] @ vectors[start:].T
        is_pair = np.triu(photos[start : start + _BLOCK, None] != photos[None, start:], 1)
        one, other = np.nonzero(is_pair & (block < limit))
        ones.append(one + start)
        others.append(other + start)
        distances.append(np.maximum(block[one, other], 0.0).astype(np.float64))
        count += int(is_pair.sum())
    if not distances:
        nothing = np.empty(0, np.int64)
        return nothing, nothing, np.empty(0), 0
    return np.concatenate(ones), np.concatenate(others), np.concatenate(distances), count


def _kept(event: Event, what: str, make: Callable[[], Kept]) -> Kept:
    """What was made before, for the event as it is now."""
    now = Event.objects.values_list("revision", "settled_revision").get(pk=event.pk)
    last = Decision.objects.filter(events=event).aggregate(last=Max("pk"))["last"]
    key = f"faces:{what}:{event.pk}:{now}:{last}:{current_contract()}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    made: Kept | None = cache.get(digest)
    if made is None:
        made = make()
        cache.set(digest, made, _KEPT_SECONDS)
    return made
