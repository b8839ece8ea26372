"""Near-duplicates: images that show the same picture as another one, and the groups that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from media_index.components import components
from media_index.engines.base import Pixels, Scale
from media_index.hashing import Hashes, bits, distance
from media_index.likeness import is_candidate, is_duplicate
from media_index.models import DuplicatePair, Image, ImageContract, ImageEmbedding, ImageHash
from media_index.overlap import overlap
from media_index.services.candidates import candidates_by_hash, candidates_by_look, pairs_known
from media_index.services.pictures import pictures_read
from media_index.services.turns import Turn, take_turn
from photofinder.vectors import matrix

Vector = NDArray[np.float32]
_HASHES = ("phash", "dhash", "ahash")


@dataclass(frozen=True)
class Look:
    """What an image is compared by: its thumbnail's pixels, hashes, and vector (dim,) of the contract in use."""

    image_id: int
    pixels: Pixels
    hashes: Hashes
    vector: Vector


class DuplicateFinder:
    """Finds what shows the same picture as new images, whose `pictures` are at hand by their ids.

    It remembers how well pictures lie upon each other, so that looking again in a turn costs little more than the
    questions to the database.
    """

    def __init__(self, contract: ImageContract, scale: Scale, pictures: Mapping[int, Pixels]) -> None:
        self._contract, self._scale, self._pictures = contract, scale, pictures
        self._overlaps: dict[tuple[int, int], float] = {}

    def find(self, look: Look) -> list[DuplicatePair]:
        """The pairs, unsaved, of an image with those that are known; none that is known already, however decided."""
        if look.hashes.is_flat:
            return []
        near = self._candidates(look)
        self._compare(look, list(near))
        return [
            _pair(look.image_id, other, bits_apart, share)
            for other, (bits_apart, apart) in near.items()
            if (share := self._overlaps.get((look.image_id, other))) is not None
            and is_duplicate(
                distance_bits=bits_apart, embedding_distance=apart, overlap=share, is_flat=False, scale=self._scale
            )
        ]

    def _candidates(self, look: Look) -> dict[int, tuple[int, float]]:
        """Bits of pHash and cosine distance to each image that it is worth comparing the pictures of."""
        ids = set(candidates_by_hash(phash=look.hashes.phash))
        ids |= set(candidates_by_look(image_id=look.image_id, vector=look.vector, contract=self._contract))
        ids -= {look.image_id, *pairs_known(image_id=look.image_id, others=ids)}
        hashes = ImageHash.objects.filter(image__in=ids, is_flat=False).values_list("image", "phash")
        differing = {image: distance(look.hashes.phash, int(phash, 2)) for image, phash in hashes}
        rows = ImageEmbedding.objects.filter(contract=self._contract, image__in=list(differing))
        keys, vectors = matrix(rows, "embedding", "image", dim=self._contract.dim)
        apart = dict(zip([image for (image,) in keys], (1 - vectors @ look.vector).tolist(), strict=True))
        return {
            image: (differing[image], apart[image])
            for image in apart
            if is_candidate(
                distance_bits=differing[image], embedding_distance=apart[image], is_flat=False, scale=self._scale
            )
        }

    def _compare(self, look: Look, others: Sequence[int]) -> None:
        """Lay the picture upon those that it was not laid upon before; one whose thumbnail is lost cannot be."""
        new = [other for other in others if (look.image_id, other) not in self._overlaps]
        stored = Image.objects.filter(pk__in=[other for other in new if other not in self._pictures])
        pictures, _lost = pictures_read(list(stored))
        pictures |= {other: self._pictures[other] for other in new if other in self._pictures}
        for other, pixels in pictures.items():
            self._overlaps[look.image_id, other] = overlap(look.pixels, pixels)


def duplicates_add(*, finder: DuplicateFinder, looks: Sequence[Look]) -> None:
    """Write the hashes of new images and the pairs that they make, each as if the ones before were known long since.

    To be called in a transaction, as late as possible: until it ends others wait, so that of two images that come at
    the same time the second one finds the first.
    """
    take_turn(Turn.DUPLICATES)
    for look in looks:
        _hashes_write(look.image_id, look.hashes)
        pairs = finder.find(look)
        pairs_connect(pairs)
        DuplicatePair.objects.bulk_create(pairs, ignore_conflicts=True)


def pairs_connect(pairs: Sequence[DuplicatePair]) -> None:
    """Give pairs that are not open yet their group, joining groups that they connect: the smallest number stays."""
    groups = groups_of({image for pair in pairs for image in (pair.first_id, pair.second_id)})
    numbers = components((groups[pair.first_id], groups[pair.second_id]) for pair in pairs)
    for old, new in numbers.items():
        if old != new:
            pairs_open().filter(group=old).update(group=new)
    for pair in pairs:
        pair.group = numbers[groups[pair.first_id]]


def groups_split(number: int) -> None:
    """Give the parts that a group fell into, as pairs of it were decided, numbers of their own."""
    pairs = list(pairs_open().filter(group=number))
    numbers = components((pair.first_id, pair.second_id) for pair in pairs)
    for pair in pairs:
        pair.group = numbers[pair.first_id]
    DuplicatePair.objects.bulk_update(pairs, ["group"], batch_size=1000)


def groups_of(images: set[int]) -> dict[int, int]:
    """The number of each image's group: its own while it has none."""
    first = pairs_open().filter(first=OuterRef("pk")).values("group")[:1]
    second = pairs_open().filter(second=OuterRef("pk")).values("group")[:1]
    number = Coalesce(Subquery(first), Subquery(second), "pk", output_field=BigIntegerField())
    return dict(Image.objects.filter(pk__in=images).values_list("pk", number))


def pairs_open() -> QuerySet[DuplicatePair]:
    """Pairs that nobody decided."""
    pairs: QuerySet[DuplicatePair] = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN)
    return pairs


def _hashes_write(image_id: int, hashes: Hashes) -> None:
    values = {name: bits(getattr(hashes, name)) for name in _HASHES}
    ImageHash.objects.update_or_create(image_id=image_id, defaults=values | {"is_flat": hashes.is_flat})


def _pair(one: int, other: int, bits_apart: int, share: float) -> DuplicatePair:
    first, second = sorted((one, other))
    return DuplicatePair(first_id=first, second_id=second, distance=bits_apart, similarity=share)
