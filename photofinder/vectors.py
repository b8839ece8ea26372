"""Vector columns, their indexes and the one way to compare: by cosine distance, within one contract; and lookups of
many rows at once.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models.functions import Cast
from numpy.typing import NDArray
from pgvector.django import CosineDistance, HalfVectorField, HnswIndex

FACE_DIMENSIONS = 512
_HALFVEC_HEADER_BYTES = 4  # two int16: the dimensions and a zero, see halfvec_send in pgvector's source
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


def received(sent: Sequence[bytes], dim: int) -> NDArray[np.float32]:
    """Stored vectors (n, dim) as PostgreSQL's `halfvec_send` gives them."""
    halves = np.frombuffer(b"".join(sent), [("header", f"V{_HALFVEC_HEADER_BYTES}"), ("vector", ">f2", (dim,))])
    return halves["vector"].astype(np.float32)


def matrix(
    rows: models.QuerySet[Any], field: str, *columns: str, dim: int = FACE_DIMENSIONS
) -> tuple[list[Any], NDArray[np.float32]]:
    """Of `rows`, in their order, the values of `columns` (tuples) and the vectors (n, dim), read in binary: ten times
    faster than as fields of rows.
    """
    sent = models.Func(models.F(field), function="halfvec_send", output_field=models.BinaryField())
    values, vectors = [], []
    for *row, data in rows.values_list(*columns, sent).iterator(chunk_size=5000):
        values.append(tuple(row))
        vectors.append(data)
    return values, received(vectors, dim)


def is_one_of(field: str, values: Sequence[int] | models.QuerySet[Any, Any]) -> models.Func:
    """The condition that an integer column has one of `values`, or of those that a queryset of one column selects.

    As one array, whatever their number: hundreds of values as parameters of `IN` take longer to send than to look up,
    and a subquery there lets PostgreSQL read all rows of both tables.
    """
    array = ArraySubquery(values) if isinstance(values, models.QuerySet) else models.Value(list(values))
    spelt = {"template": "%(expressions)s)", "arg_joiner": " = ANY("}
    return models.Func(models.F(field), array, output_field=models.BooleanField(), **spelt)


def indexed_distance(field: str, vector: NDArray[np.float32]) -> CosineDistance:
    """The cosine distance to `vector` (d,) of a column of any dimension, spelt as the index of a contract has it."""
    return CosineDistance(Cast(field, HalfVectorField(dimensions=len(vector))), vector)


def nearest(
    rows: models.QuerySet[Row],
    field: str,
    vector: NDArray[np.float32],
    *,
    contract: str,
    within: float | None = None,
    is_exact: bool = False,
) -> models.QuerySet[Row]:
    """Those of `rows` whose `field` holds a vector of that contract, nearest first, each with its cosine `distance`,
    at most `within` when it is given.

    An HNSW index may answer, which gives up where few of the vectors around are of `rows`; when `is_exact` all of
    `rows` are compared instead.
    """
    distance = CosineDistance(field, vector) + models.Value(0.0) if is_exact else CosineDistance(field, vector)
    near: Any = rows.filter(contract=contract, **{f"{field}__isnull": False}).annotate(distance=distance)
    if within is not None:
        near = near.filter(distance__lte=within)
    return near.order_by("distance")  # type: ignore[no-any-return]
