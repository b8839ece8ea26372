"""Rows of the media index for a benchmark, written in bulk: images, their hashes and vectors, categories."""

import struct
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray
from pgvector import HalfVector

from benchmarks.gallery import Gallery, Vectors, unit
from media_index.models import Image, ImageCluster, ImageContract

RARE_EVERY, CENTROIDS_EVERY = (
    100,
    20,
)  # one image in 100 is of the rare camera, a library has one category for 20 images
_CHUNK = 10_000
# All columns that are not named here are as in the first row, which the models made.
_IMAGES = """
INSERT INTO media_index_image
SELECT (jsonb_populate_record(first, jsonb_build_object(
    'id', number, 'sha256', encode(sha256(number::text::bytea), 'hex'),
    'taken_at', timestamptz '2020-01-01' + number * interval '1 minute',
    'camera', CASE WHEN number %% %(rare)s = 0 THEN 'rare' ELSE 'common' END, 'rating', number %% 2 * 5
))).* FROM media_index_image AS first, generate_series(2, %(rows)s) AS number WHERE first.id = 1
"""
_MEMBERS = """
INSERT INTO media_index_imageclustermember (contract_id, image_id, cluster_id, similarity, joined_at)
SELECT %s, new.image, new.cluster, 1, now() FROM unnest(%s::bigint[], %s::bigint[]) AS new (image, cluster)
"""
_VECTOR_COLUMNS = "media_index_imageembedding (image_id, contract_id, embedding)"
_HASH_COLUMNS = "media_index_imagehash (image_id, phash, dhash, ahash, is_flat)"
_HASH_ROW = np.dtype(
    [("n", ">i2"), ("l0", ">i4"), ("id", ">i8")]
    + [part for i in "123" for part in ((f"l{i}", ">i4"), (f"bits{i}", ">i4"), (f"hash{i}", ">u8"))]
    + [("l4", ">i4"), ("flat", "u1")]
)


def contract_make(dim: int) -> int:
    """The id of a contract of that many dimensions; it has no index yet."""
    return ImageContract.objects.create(name=f"benchmark/{dim}", dim=dim, in_use=True).pk


def images_write(rows: int) -> None:
    """`rows` images: image number i was taken i minutes after 2020 began, half of them are rated."""
    Image.objects.create(
        pk=1, sha256="0" * 64, format="JPEG", bytes=20_000_000, width=6000, height=4000, ingested_at=timezone.now()
    )
    run(_IMAGES, {"rows": rows, "rare": RARE_EVERY})


def vectors_write(gallery: Gallery, contract: int, first: int = 1) -> float:
    """A vector for each image, by COPY; rows per second."""
    return _copy(_VECTOR_COLUMNS, (_vector_rows(at + first, v, contract) for at, v in gallery.chunks()))


def vectors_insert(vectors: Vectors, contract: int) -> float:
    """Vectors for images that have none yet, each in a statement of its own, rolled back; rows per second."""
    sql = "INSERT INTO media_index_imageembedding (image_id, contract_id, embedding) VALUES (%s, %s, %s)"
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        started = time.perf_counter()
        for number, vector in enumerate(vectors):
            cursor.execute(sql, [10**9 + number, contract, HalfVector(vector).to_text()])
        seconds = time.perf_counter() - started
        cursor.execute("ROLLBACK")
    return len(vectors) / seconds


def hashes_write(gallery: Gallery) -> float:
    """Hashes for each image, by COPY with the bands' indexes in place; rows per second."""
    hashes = gallery.hashes
    return _copy(_HASH_COLUMNS, (_hash_rows(at + 1, hashes[at : at + _CHUNK]) for at in range(0, len(hashes), _CHUNK)))


def centroids_of(gallery: Gallery) -> Vectors:
    """The means (n, d) of as many scenes as there are categories in such a library."""
    count = max(len(gallery.vectors) // CENTROIDS_EVERY, 1)
    sums = np.zeros((int(gallery.scenes[-1]) + 1, gallery.vectors.shape[1]), np.float32)
    for at, vectors in gallery.chunks():
        scenes, firsts = np.unique(gallery.scenes[at : at + len(vectors)], return_index=True)
        sums[scenes] += np.add.reduceat(vectors, firsts)  # a scene's images stand together
    return unit(sums[np.unique(gallery.scenes)[:count]])


def categories_write(centroids: Vectors, contract: int) -> None:
    """Categories around these centroids; the first has the smallest id."""
    ImageCluster.objects.bulk_create(
        (
            ImageCluster(contract_id=contract, centroid=HalfVector(c), size=CENTROIDS_EVERY, length=15)
            for c in centroids
        ),
        batch_size=1000,
    )


def members_write(gallery: Gallery, contract: int) -> None:
    """The images of the scenes that have a category, in it."""
    scenes = np.unique(gallery.scenes)
    first = ImageCluster.objects.order_by("pk").values_list("pk", flat=True)[0]
    numbers = np.searchsorted(scenes, gallery.scenes)  # a scene may have no image
    images = np.flatnonzero(numbers < ImageCluster.objects.count())
    for some in np.array_split(images, max(len(images) // _CHUNK, 1)):
        run(_MEMBERS, [contract, (some + 1).tolist(), (numbers[some] + first).tolist()])


def run(sql: str, values: Any = None) -> list[Any]:
    """Run a statement; the rows that it answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def _vector_rows(first: int, vectors: Vectors, contract: int) -> NDArray[np.void]:
    dim = vectors.shape[1]
    row = [("n", ">i2"), ("l1", ">i4"), ("id", ">i8"), ("l2", ">i4"), ("contract", ">i8"), ("l3", ">i4")]
    rows = np.zeros(len(vectors), [*row, ("dim", ">i2"), ("zero", ">i2"), ("v", ">f2", dim)])
    rows["n"], rows["l1"], rows["l2"], rows["l3"], rows["dim"] = 3, 8, 8, 4 + 2 * dim, dim
    rows["id"], rows["contract"], rows["v"] = np.arange(first, first + len(vectors)), contract, vectors
    return rows


def _hash_rows(first: int, hashes: NDArray[np.uint64]) -> NDArray[np.void]:
    rows = np.zeros(len(hashes), _HASH_ROW)
    rows["n"], rows["l0"], rows["id"], rows["l4"] = 5, 8, np.arange(first, first + len(hashes)), 1
    for i in "123":
        rows[f"l{i}"], rows[f"bits{i}"], rows[f"hash{i}"] = 12, 64, hashes
    return rows


def _copy(columns: str, chunks: Iterable[NDArray[np.void]]) -> float:
    started, rows = time.perf_counter(), 0
    with connection.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0))
        for chunk in chunks:
            copy.write(chunk.tobytes())
            rows += len(chunk)
        copy.write(struct.pack(">h", -1))
    return rows / (time.perf_counter() - started)
