"""Pages of the library ask the database equally often, however many images they show."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from faces.tests.desk import address, signed_in
from media_index.models import Image, ImageCluster, ImageEmbedding, Source
from media_index.services.categories import categories_join
from media_index.services.contracts import contract_in_use, engine_of
from media_index.tests.gallery import found_as, hung
from media_index.tests.indexed import paired
from photofinder.vectors import as_array

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache")]
MOST_QUERIES = 30  # session, user, permissions and messages included


def _grow(images: int) -> None:
    """So many images, each with a tag and two files; two of four are duplicates; a source for every tenth."""
    rows = [hung("red", tags=["sea"], names=[f"{number}.jpg"]) for number in range(images)]
    contract = contract_in_use()
    scale = engine_of(contract).scale
    for number, image in enumerate(rows):
        found_as(image, f"copy/{number}.jpg")
        if number % 4 == 1:
            paired(rows[number - 1], image)
        if number % 10 == 0:
            Source.objects.create(location=f"/archive/{image.pk}")
    embeddings = ImageEmbedding.objects.filter(image__in=rows).order_by("pk")
    vectors = {row.image_id: as_array(row.embedding) for row in embeddings}
    categories_join(contract=contract, scale=scale, vectors=vectors)


def _pages() -> dict[str, str]:
    image, cluster = Image.objects.order_by("pk").first(), ImageCluster.objects.first()
    assert image is not None
    assert cluster is not None
    duplicates = address("media_index_duplicatepair_changelist")
    return {
        "search": address("media_index_image_search"),
        "words": f"{address('media_index_image_search')}?q=sea",
        "image": address("media_index_image_change", image.pk),
        "images": address("media_index_image_changelist"),
        "duplicates": duplicates,
        "copies": f"{duplicates}?view=copies",
        "categories": address("media_index_imagecluster_changelist"),
        "category": address("media_index_imagecluster_change", cluster.pk),
        "sources": address("media_index_source_changelist"),
    }


def _queries(browser: Client, link: str) -> int:
    browser.get(link)  # what is asked once per process or session
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(link).status_code == 200
    return len(queries)


def test_pages_ask_equally_often_for_few_and_for_two_hundred_images() -> None:
    _grow(8)
    browser = signed_in("organiser")
    before = {name: _queries(browser, link) for name, link in _pages().items()}
    _grow(192)
    after: dict[str, Any] = {name: _queries(browser, link) for name, link in _pages().items()}
    assert after == before
    assert max(before.values()) <= MOST_QUERIES
