"""Filters, alone and with what is looked for."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_index.models import Image, ImageEmbedding
from media_index.services.contracts import contract_in_use
from media_index.services.filtering import Filters
from media_index.services.search import media_search
from media_index.services.tagging import images_tag
from media_index.tests.gallery import hung, painted
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]
MAY, JUNE = datetime(2026, 5, 31, 23, 59, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def passing(**filters: Any) -> list[int]:
    """What passes these filters, in the order of the answer."""
    return [hit.image_id for hit in media_search(filters=Filters(**filters), limit=100).hits]


@pytest.mark.parametrize(
    ("filters", "columns", "others"),
    [
        ({"taken_from": date(2026, 6, 1)}, {"taken_at": JUNE}, {"taken_at": MAY}),
        ({"taken_to": date(2026, 5, 31)}, {"taken_at": MAY}, {"taken_at": JUNE}),
        ({"taken_to": date.max}, {"taken_at": MAY}, {"taken_at": None}),
        ({"camera": "Canon"}, {"camera": "Canon EOS 5D"}, {"camera": "Canonical"}),
        ({"camera": "Canon EOS 5D"}, {"camera": "Canon EOS 5D"}, {"camera": "Canon EOS"}),
        ({"rating_min": 3}, {"rating": 3}, {"rating": 2}),
        ({"format": "jpg"}, {"format": "MPO"}, {"format": "PNG"}),
        ({"format": "jpeg"}, {"format": "JPEG"}, {"format": "PNG"}),
        ({"format": "HEIC"}, {"format": "HEIF"}, {"format": "JPEG"}),
        ({"orientation": "portrait"}, {"width": 2, "height": 3}, {"width": 3, "height": 2}),
        ({"orientation": "square"}, {"width": 3, "height": 3}, {"width": 3, "height": 2}),
        ({"bytes_min": 10}, {"bytes": 10}, {"bytes": 9}),
        ({"bytes_max": 10}, {"bytes": 10}, {"bytes": 11}),
        ({"pixels_min": 10**10}, {"width": 100_000, "height": 100_000}, {"width": 99_999, "height": 100_000}),
        ({"pixels_max": 0}, {"width": 0, "height": 5}, {"width": 1, "height": 1}),
    ],
)
def test_a_filter_alone_lists_what_passes(
    filters: dict[str, Any], columns: dict[str, Any], others: dict[str, Any]
) -> None:
    image = hung("red", **columns)
    hung("red", **others)
    assert passing(**filters) == [image.pk]


def test_all_tags_must_be_there_whatever_their_case() -> None:
    both = hung(tags=["Море", "Beach"])
    hung(tags=["море"])
    assert passing(tag=("море", "beach")) == [both.pk]
    assert passing(tag=("МОРЕ", "nobody gave this")) == []


def test_without_filters_the_newest_come_first() -> None:
    old, new, undated = hung(taken_at=MAY), hung(taken_at=JUNE), hung()
    assert passing() == [new.pk, old.pk, undated.pk]


def test_filters_go_with_words_and_pictures() -> None:
    good = hung("red", rating=5, tags=["rose"], camera="Canon")
    hung("red", rating=1, tags=["rose"], camera="Canon")
    hung("red", rating=5, tags=["rose"], camera="Nikon")
    hung("red", rating=5, tags=["tulip"], camera="Canon")
    filters = Filters(rating_min=4, tag=("rose",), camera="Canon")
    questions: list[dict[str, Any]] = [{"words": "rose"}, {"words": "red"}, {"like": painted("red")}, {}]
    for question in questions:
        hits = media_search(**question, filters=filters, limit=9).hits
        assert [hit.image_id for hit in hits] == [good.pk], question


def test_it_answers_in_pages() -> None:
    for _ in range(5):
        hung("red", tags=["rose"])
    questions: list[dict[str, Any]] = [{"words": "rose"}, {"filters": Filters(tag=("rose",))}]
    for question in questions:
        pages = [media_search(**question, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
        assert [len(page.hits) for page in pages] == [2, 2, 1, 0]
        assert {page.total for page in pages} == {5}
        assert len({hit.image_id for page in pages for hit in page.hits}) == 5


@pytest.mark.parametrize("filters", [{"format": "exe"}, {"orientation": "diagonal"}])
def test_it_says_what_no_image_can_be(filters: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        passing(**filters)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize("filters", [{"event": "nowhere"}, {"person": "nobody"}, {"person": "0" * 32}])
def test_it_knows_no_event_or_person_that_is_not_there(filters: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        passing(**filters)
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("share", [0.01, 0.5])
@pytest.mark.parametrize("exact_rows", [0, 100_000])
def test_a_filter_finds_the_same_as_brute_force(share: float, exact_rows: int, settings: Any) -> None:
    """Through the index (no rows are few enough to compare all) and without it."""
    settings.IMAGE_EXACT_ROWS = exact_rows
    settings.IMAGE_SEARCH_CANDIDATES = 10
    vectors, passes = _scattered(600, share)
    query = vectors[0] + 0.2 * np.random.default_rng(8).normal(size=vectors.shape[1])
    like = Image.objects.order_by("pk").first()
    assert like
    ImageEmbedding.objects.filter(image=like).update(embedding=query / np.linalg.norm(query))
    ids = list(Image.objects.order_by("pk").values_list("pk", flat=True))
    distances = 1 - vectors @ query / np.linalg.norm(query)
    nearest = [ids[row] for row in np.argsort(distances) if passes[row] and row]
    found = media_search(like=like, filters=Filters(rating_min=5), limit=10, min_similarity=0)
    wanted = nearest[: len(found.hits)]
    assert len(found.hits) >= min(len(nearest), 9)
    assert {hit.image_id for hit in found.hits} == set(wanted)


def _scattered(count: int, share: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """So many images with random unit vectors, of which that share has five stars."""
    contract, random = contract_in_use(), np.random.default_rng(7)
    vectors = random.normal(size=(count, contract.dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    passes = np.arange(count) % round(1 / share) == 0
    rows = Image.objects.bulk_create(
        Image(sha256=f"{row:064x}", format="JPEG", bytes=1, width=1, height=1, rating=5 * int(passes[row]))
        for row in range(count)
    )
    ImageEmbedding.objects.bulk_create(
        ImageEmbedding(image=image, contract=contract, embedding=vector)
        for image, vector in zip(rows, vectors, strict=True)
    )
    return vectors, passes


def test_a_search_takes_few_queries() -> None:
    for _ in range(3):
        hung("red", tags=["rose"])
    with CaptureQueriesContext(
        connection,
    ) as few:
        media_search(words="red rose", like=painted("red"), limit=9)
    for _ in range(20):
        hung("red", tags=["rose"])
    with CaptureQueriesContext(connection) as many:
        media_search(words="red roses", like=painted("red"), limit=9)
    assert len(many) == len(few)


def test_tags_are_given_in_bulk_to_what_a_filter_found() -> None:
    images = [hung("red") for _ in range(3)]
    images_tag(image_ids=passing(), add=["red ones"])
    assert sorted(passing(tag=("Red Ones",))) == sorted(image.pk for image in images)
