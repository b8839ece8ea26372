"""A filter that few images pass is answered by looking at those few, in a library of very many."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faces.models import Event, Photo, UploadBatch
from media_index.models import Image
from media_index.services.contracts import contract_in_use
from media_index.services.filtering import Filters, images_filtered
from media_index.services.neighbours import nearest_images
from media_index.tests.indexed import towards

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine")]
IMAGES, OF_THE_EVENT = 20_000, 100
_IMAGES = """
INSERT INTO media_index_image (sha256, key, format, bytes, width, height, camera, stored_at, ingested_at, indexed_at,
    is_still, rating, caption, index_attempts, index_error)
SELECT lpad(to_hex(i), 64, '0'), '', 'JPEG', 1000, 100, 100, '', now(), now(), now(), false, 0, '', 0, ''
FROM generate_series(1, %s) AS i
"""
_VECTORS = """
INSERT INTO media_index_imageembedding (image_id, contract_id, embedding) SELECT id, %s, %s FROM media_index_image
"""


@pytest.fixture
def library() -> None:
    """Very many images, a few of them photos of an event, one of which superseded another image."""
    contract = contract_in_use()
    with connection.cursor() as cursor:
        cursor.execute(_IMAGES, [IMAGES])
        cursor.execute(f"DROP INDEX media_index_imageembedding_{contract.pk}_hnsw")  # filling it takes a minute
        cursor.execute(_VECTORS, [contract.pk, str(towards(contract, 0).tolist())])
    event = Event.objects.create(slug="gala", name="Gala")
    batch = UploadBatch.objects.create(event=event)
    photos = Image.objects.order_by("pk")[:OF_THE_EVENT]
    Photo.objects.bulk_create(Photo(event=event, batch=batch, image=image) for image in photos)
    with connection.cursor() as cursor:
        for table in ("media_index_image", "media_index_imageembedding", "faces_photo"):
            cursor.execute(f"ANALYZE {table}")


def scans(plan: str) -> list[str]:
    """The large tables that the plan reads from one end to the other."""
    return [line for line in plan.splitlines() if "Seq Scan on media_index" in line]


def passing() -> Any:
    return images_filtered(Filters(event="gala"))


@pytest.mark.usefixtures("library")
def test_the_images_of_an_event_are_looked_up() -> None:
    copy, kept = Image.objects.order_by("pk")[0], Image.objects.order_by("-pk")[0]
    Image.objects.filter(pk=copy.pk).update(superseded_by=kept)
    assert passing().count() == OF_THE_EVENT
    assert passing().filter(pk=kept.pk).exists() and not passing().filter(pk=copy.pk).exists()
    assert scans(passing().explain()) == []


@pytest.mark.usefixtures("library")
def test_only_their_vectors_are_compared() -> None:
    contract = contract_in_use()
    vector = towards(contract, 0, aside=1, distance=0.1)
    with CaptureQueriesContext(connection) as queries:
        near = nearest_images(contract=contract, vector=vector, limit=1000, among=passing().values("pk"))
    assert len(near) == OF_THE_EVENT
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            assert scans("\n".join(line for (line,) in cursor.fetchall())) == []
