"""Which images may show the same picture as a new one: those with nearly its hash, and those that look most like it."""

from collections.abc import Collection
from itertools import islice
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value
from numpy.typing import NDArray

from media_index.hashing import bits, neighbours
from media_index.likeness import CANDIDATE_BITS, CANDIDATE_NEIGHBOURS
from media_index.models import DuplicatePair, Image, ImageContract, ImageHash
from media_index.models.vectors import BANDS, HASH_BITS
from media_index.services.neighbours import nearest_images
from photofinder.vectors import is_one_of

Vector = NDArray[np.float32]
_NEAR_HASHES = 1000  # of these those that are shown are looked for: a common picture may have been resolved often
_XOR = f"bit_count(%(expressions)s::bit({HASH_BITS}))"


def candidates_by_hash(*, phash: int) -> dict[int, int]:
    """Shown images whose hashes differ from `phash` in at most CANDIDATE_BITS bits, each with how many these are,
    nearest first and the older image before the younger, at most settings.IMAGE_DUPLICATE_CANDIDATES.
    """
    distances = dict(hashes_near(phash=phash).values_list("image", "distance")[:_NEAR_HASHES])
    shown = set(Image.objects.shown().filter(pk__in=distances).values_list("pk", flat=True))
    found = ((image, distance) for image, distance in distances.items() if image in shown)
    return dict(islice(found, settings.IMAGE_DUPLICATE_CANDIDATES))


def hashes_near(*, phash: int) -> QuerySet[Any]:
    """Hashes that differ from `phash` in at most CANDIDATE_BITS bits, each with its `distance`, nearest first and the
    older image before the younger; see BANDS for how they are found.
    """
    near = Q()
    for number, band in enumerate(BANDS):
        keys = neighbours(band.of(phash), length=band.stop - band.start, differing=band.differing)
        near |= Q(is_one_of(f"band_{number}", keys))
    hashes = ImageHash.objects.filter(near).annotate(distance=_bits_apart(phash)).filter(distance__lte=CANDIDATE_BITS)
    return hashes.order_by("distance", "image")


def candidates_by_look(*, image_id: int, vector: Vector, contract: ImageContract) -> dict[int, float]:
    """Cosine distances of the shown images that are nearest to `vector` (dim,), at most CANDIDATE_NEIGHBOURS."""
    others = Image.objects.shown().exclude(pk=image_id).values("pk")
    return dict(nearest_images(contract=contract, vector=vector, limit=CANDIDATE_NEIGHBOURS, among=others))


def pairs_known(*, image_id: int, others: Collection[int]) -> set[int]:
    """Those of `others` that a pair with the image is known of already, whatever was decided of it."""
    pairs = DuplicatePair.objects.filter(Q(first=image_id, second__in=others) | Q(second=image_id, first__in=others))
    return {id for pair in pairs.values_list("first", "second") for id in pair} - {image_id}


def _bits_apart(phash: int) -> Func:
    value = Value(bits(phash))
    return Func(F("phash"), value, template=_XOR, arg_joiner=" # ", output_field=IntegerField())
