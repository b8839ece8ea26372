"""Vector columns, their indexes and the one way to compare: by cosine distance, within one contract."""

from typing import Any, TypeVar

import numpy as np
from django.db import models
from numpy.typing import NDArray
from pgvector.django import CosineDistance, HalfVectorField, HnswIndex

FACE_DIMENSIONS = 512
Row = TypeVar("Row", bound=models.Model)


class FaceVectorField(HalfVectorField):
    """A face vector: `halfvec(512)` of length 1, zero-padded when the engine gives fewer dimensions."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dimensions": FACE_DIMENSIONS} | kwargs)


def cosine_index(field: str, name: str) -> HnswIndex:
    """An HNSW index for cosine distance on a half-precision vector column."""
    return HnswIndex(fields=[field], name=name, opclasses=["halfvec_cosine_ops"], m=16, ef_construction=64)


def padded(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """A vector (d,) of at most 512 dimensions filled with zeros to 512: cosine distances stay what they were."""
    return np.pad(vector, (0, FACE_DIMENSIONS - len(vector)))


def as_array(value: Any) -> NDArray[np.float32]:
    """A stored vector as float32 (512,)."""
    return np.asarray(value, np.float32)


def nearest(
    rows: models.QuerySet[Row], field: str, vector: NDArray[np.float32], *, contract: str, within: float | None = None
) -> models.QuerySet[Row]:
    """Those of `rows` whose `field` holds a vector of that contract, nearest first, each with its cosine `distance`,
    at most `within` when it is given.
    """
    near: Any = rows.filter(contract=contract).annotate(distance=CosineDistance(field, vector))
    if within is not None:
        near = near.filter(distance__lte=within)
    return near.order_by("distance")  # type: ignore[no-any-return]
