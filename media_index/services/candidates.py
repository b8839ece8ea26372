"""Which images may show the same picture as a new one: those with nearly its hash, and those that look most like it."""

from collections.abc import Collection

import numpy as np
from django.conf import settings
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value
from numpy.typing import NDArray

from media_index.hashing import BAND_BITS, bits, neighbours
from media_index.likeness import CANDIDATE_BITS, CANDIDATE_NEIGHBOURS
from media_index.models import DuplicatePair, Image, ImageContract, ImageHash
from media_index.models.vectors import BANDS, HASH_BITS, band
from media_index.services.neighbours import nearest_images

Vector = NDArray[np.float32]
_XOR = f"bit_count(%(expressions)s::bit({HASH_BITS}))"


def candidates_by_hash(*, phash: int) -> QuerySet[ImageHash]:
    """Hashes of shown images that differ from `phash` in at most CANDIDATE_BITS bits, each with its `distance`, nearest
    first and the older image before the younger, at most settings.IMAGE_DUPLICATE_CANDIDATES.

    Multi-index hashing (Norouzi et al., CVPR 2012): two of 64 bits that differ in 7 or fewer differ in at most one bit
    of one of four bands, so 17 exact keys for each of the four indexes find all of them.
    """
    near = Q()
    for number in range(BANDS):
        key = phash >> HASH_BITS - (number + 1) * BAND_BITS & (1 << BAND_BITS) - 1
        near |= Q(**{f"band_{number}__in": neighbours(key)})
    hashes = ImageHash.objects.filter(is_flat=False).alias(
        **{f"band_{number}": band(number) for number in range(BANDS)}
    )
    hashes = hashes.filter(near).annotate(distance=_bits_apart(phash)).filter(distance__lte=CANDIDATE_BITS)
    shown = hashes.filter(image__superseded_by=None, image__is_still=False)
    found: QuerySet[ImageHash] = shown.order_by("distance", "image")[: settings.IMAGE_DUPLICATE_CANDIDATES]
    return found


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
