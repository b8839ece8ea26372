"""Categories over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import Caller
from media_index.models import Image, ImageCluster, ImageEmbedding
from media_index.services.categories import categories_join
from media_index.services.centroids import covers_refresh
from media_index.services.contracts import contract_in_use, engine_of
from media_index.tests.gallery import hung
from photofinder.vectors import as_array

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]


def gathered(*images: Image) -> list[ImageCluster]:
    """The categories of these images, the largest first."""
    contract = contract_in_use()
    rows = ImageEmbedding.objects.filter(image__in=images).order_by("image")
    vectors = {row.image_id: as_array(row.embedding) for row in rows}
    categories_join(contract=contract, scale=engine_of(contract).scale, vectors=vectors)
    return list(ImageCluster.objects.current().order_by("-size", "pk"))


def test_it_lists_categories_the_largest_first(caller: Callers) -> None:
    gathered(hung("red"), hung("blue"), hung("blue"))
    page = caller("client").read("media/clusters/").json()
    assert (page["count"], [row["images_count"] for row in page["results"]]) == (2, [2, 1])
    assert set(page["results"][0]) == {"id", "name", "images_count", "kept", "cover_url"}
    assert "/media/thumbs/" in page["results"][0]["cover_url"]


def test_it_shows_the_images_of_a_category_the_most_typical_first(caller: Callers) -> None:
    images = [hung("blue"), hung("blue"), hung(*["blue"] * 9, "red")]
    [blue] = gathered(*images)
    page = caller("client").read(f"media/clusters/{blue.pk}/", page_size=2).json()
    assert (page["count"], len(page["results"])) == (3, 2)
    similarities = [row["similarity"] for row in page["results"]]
    assert similarities == sorted(similarities, reverse=True)
    assert {row["sha256"] for row in page["results"]} == {image.sha256 for image in images[:2]}
    assert caller("client").read(f"media/clusters/{blue.pk + 1000}/").status_code == 404


def test_copies_are_not_shown(caller: Callers) -> None:
    copy, best = hung("blue"), hung("blue")
    [blue] = gathered(copy, best)
    assert blue.cover == copy
    Image.objects.filter(pk=copy.pk).update(superseded_by=best)
    client = caller("client")
    assert client.read(f"media/clusters/{blue.pk}/").json()["count"] == 1
    [row] = client.read("media/clusters/").json()["results"]
    assert row["images_count"] == 1
    assert best.sha256 in row["cover_url"]
    covers_refresh([blue.pk])
    assert ImageCluster.objects.get(pk=blue.pk).cover == best


def test_a_category_is_named(caller: Callers) -> None:
    [blue] = gathered(hung("blue"))
    answer = caller("moderator").patch(f"/api/v1/media/clusters/{blue.pk}/", {"name": " Sky "}, format="json")
    assert (answer.status_code, answer.json()["name"], answer.json()["kept"]) == (200, "Sky", True)
    answer = caller("moderator").patch(f"/api/v1/media/clusters/{blue.pk}/", {"name": "x" * 201}, format="json")
    assert answer.status_code == 400


def test_categories_are_merged_and_taken_apart_again(caller: Callers) -> None:
    red, blue = gathered(hung("red"), hung("red"), hung("blue"))
    organiser = caller("organiser")
    answer = organiser.send(f"media/clusters/{red.pk}/merge/", {"others": [blue.pk]})
    assert (answer.status_code, answer.json()["images_count"]) == (200, 3)
    assert organiser.read("media/clusters/").json()["count"] == 1
    assert organiser.read(f"media/clusters/{blue.pk}/").json()["count"] == 3, "its id means the other one now"
    again = organiser.send(f"media/clusters/{red.pk}/merge/", {"others": [blue.pk]})
    assert (again.status_code, again.json()["code"]) == (409, "merged_category")
    answer = organiser.send(f"media/clusters/{blue.pk}/unmerge/")
    assert (answer.status_code, answer.json()["images_count"]) == (200, 1)
    assert organiser.read("media/clusters/").json()["count"] == 2


def test_a_category_is_not_merged_with_itself_or_with_none(caller: Callers) -> None:
    [blue] = gathered(hung("blue"))
    organiser = caller("organiser")
    path = f"media/clusters/{blue.pk}/merge/"
    assert organiser.send(path, {"others": [blue.pk]}).json()["code"] == "same_category"
    assert organiser.send(path, {"others": [blue.pk + 1000]}).json()["code"] == "not_found"
    assert organiser.send(path, {"others": []}).status_code == 400
    assert organiser.send(f"media/clusters/{blue.pk}/unmerge/").status_code == 409


@pytest.mark.parametrize("role", ["client", "bot", ""])
def test_only_staff_decides(caller: Callers, role: str) -> None:
    [blue] = gathered(hung("blue"))
    path: Any = f"media/clusters/{blue.pk}/"
    assert caller(role).read(path).status_code == (200 if role == "client" else 403)
    assert caller(role).patch(f"/api/v1/{path}", {"name": "Sky"}, format="json").status_code == 403
    assert caller(role).send(f"{path}merge/", {"others": [blue.pk]}).status_code == 403
    assert caller(role).send(f"{path}unmerge/").status_code == 403


def test_lists_ask_the_database_equally_often(caller: Callers) -> None:
    client = caller("client")

    def queries(*images: Image) -> list[int]:
        cluster = gathered(*images)[0]
        counts = []
        for path in ("media/clusters/", f"media/clusters/{cluster.pk}/"):
            with CaptureQueriesContext(connection) as asked:
                assert client.read(path).status_code == 200
            counts.append(len(asked))
        return counts

    few = queries(hung("red"), hung("blue"))
    assert queries(*[hung(colour, tags=["rose"]) for colour in ("red", "red", "green", "yellow", "white")]) == few
