"""The nearest images to a vector."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from pgvector.django import CosineDistance

from media_index.models import Image, ImageContract, ImageEmbedding
from photofinder.errors import Problem
from photofinder.vectors import as_array, indexed_distance, is_one_of

Vector = NDArray[np.float32]


def vector_of(image: Image, contract: ImageContract) -> Vector:
    """The image's vector (dim,) of that contract. Raises Problem `not_indexed`."""
    found = ImageEmbedding.objects.filter(image=image, contract=contract).values_list("embedding", flat=True).first()
    if found is None:
        raise Problem("not_indexed", _("This image has not been indexed yet."))
    return as_array(found)


def nearest_images(
    *, contract: ImageContract, vector: Vector, limit: int, among: QuerySet[Image, Any] | None = None
) -> list[tuple[int, float]]:
    """Ids of at most `limit` images with their cosine distances to `vector` (dim,), nearest first; of those `among`,
    a queryset of ids, when it is given.

    All are compared when they are at most settings.IMAGE_EXACT_ROWS. Of more the contract's HNSW index finds nearly
    all; it goes on until enough of them pass the filter (an iterative scan, see DATABASES in settings).
    """
    rows = ImageEmbedding.objects.filter(contract=contract)
    are_few = _are_few(rows if among is None else among)
    if among is not None:
        rows = rows.filter(is_one_of("image_id", among)) if are_few else rows.filter(image__in=among)
    if are_few:
        return _nearest(rows, CosineDistance("embedding", vector), limit)
    with looking_far():
        return _nearest(rows, indexed_distance("embedding", vector), limit)


@contextmanager
def looking_far() -> Iterator[None]:
    """A transaction whose searches in an HNSW index look at settings.IMAGE_EF_SEARCH vectors at a time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(settings.IMAGE_EF_SEARCH)])
        yield


def _are_few(rows: QuerySet[Any, Any]) -> bool:
    return rows.order_by()[: settings.IMAGE_EXACT_ROWS + 1].count() <= settings.IMAGE_EXACT_ROWS


def _nearest(rows: QuerySet[ImageEmbedding], distance: CosineDistance, limit: int) -> list[tuple[int, float]]:
    found = rows.annotate(distance=distance).order_by("distance")[:limit]
    return list(found.values_list("image_id", "distance"))
