"""Categories in Admin: found, named, merged, browsed, and all that taken back."""

from typing import Any

import pytest
from django.test import Client

from faces.tests.desk import address, signed_in, text
from media_index.admin import categories
from media_index.models import ImageCluster, ImageEmbedding
from media_index.services.categories import categories_join, categories_merge, category_name
from media_index.services.contracts import contract_in_use, engine_of
from media_index.tests.gallery import hung
from photofinder.vectors import as_array

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache")]


@pytest.fixture
def moderator() -> Client:
    return signed_in("moderator")


@pytest.fixture
def clusters() -> list[ImageCluster]:
    """Two red images, two blue ones, a single green one."""
    contract = contract_in_use()
    for colour in ("red", "red", "red", "blue", "blue", "green"):
        image = hung(colour)
        vector = as_array(ImageEmbedding.objects.get(image=image).embedding)
        categories_join(contract=contract, scale=engine_of(contract).scale, vectors={image.pk: vector})
    return list(ImageCluster.objects.current().order_by("-size"))


def _wall(browser: Client, **query: Any) -> Any:
    return browser.get(address("media_index_imagecluster_changelist"), query)


def _shown(answer: Any) -> list[int]:
    return [cluster.pk for cluster, _cover in answer.context["rows"]]


def _decide(browser: Client, **fields: Any) -> Any:
    return browser.post(address("media_index_decide"), fields)


def test_the_wall_shows_the_largest_first_and_single_images_when_asked(
    moderator: Client, clusters: list[ImageCluster]
) -> None:
    assert _shown(_wall(moderator)) == [cluster.pk for cluster in clusters[:2]]
    assert _shown(_wall(moderator, view="all")) == [cluster.pk for cluster in clusters]
    assert _shown(_wall(moderator, view="named")) == []


def test_a_category_is_found_by_its_name(moderator: Client, clusters: list[ImageCluster]) -> None:
    category_name(cluster=clusters[2], name="Green fields")
    assert _shown(_wall(moderator, q="FIELD")) == [clusters[2].pk]
    assert "No category is called “50%_”" in text(_wall(moderator, q="50%_"))
    assert _shown(_wall(moderator, q="\0fields")) == [clusters[2].pk]


def test_a_category_is_named_and_that_is_taken_back(moderator: Client, clusters: list[ImageCluster]) -> None:
    category_name(cluster=clusters[0], name="Red")
    told = _decide(moderator, kind="name", category=clusters[0].pk, name=" Roses ").json()
    assert told["sentence"] == "The category is called “Roses” now."
    assert ImageCluster.objects.get(pk=clusters[0].pk).name == "Roses"
    moderator.post(told["undo"])
    assert ImageCluster.objects.get(pk=clusters[0].pk).name == "Red"


def test_categories_are_merged_under_a_chosen_name_and_taken_apart(
    moderator: Client, clusters: list[ImageCluster]
) -> None:
    red, blue, green = clusters
    category_name(cluster=blue, name="Sky")
    told = _decide(moderator, kind="merge", into=red.pk, others=[blue.pk, green.pk], name="Colours").json()
    assert told["sentence"] == "3 categories are “Colours” now."
    assert list(ImageCluster.objects.current().values_list("name", "size")) == [("Colours", 6)]
    moderator.post(told["undo"])
    assert list(ImageCluster.objects.current().order_by("-size").values_list("name", "size")) == [
        ("", 3), ("Sky", 2), ("", 1),
    ]  # fmt: skip


def test_a_merge_is_undone_later_from_the_page_of_the_category(moderator: Client, clusters: list[ImageCluster]) -> None:
    red, blue, _green = clusters
    categories_merge(into=red, others=[blue])
    page = text(moderator.get(address("media_index_imagecluster_change", red.pk)))
    assert f'data-unmerge="{blue.pk}"' in page
    assert moderator.get(address("media_index_imagecluster_change", blue.pk)).status_code == 302
    _decide(moderator, kind="unmerge", category=blue.pk)
    assert ImageCluster.objects.get(pk=blue.pk).merged_into is None


def test_the_page_of_a_category_shows_its_images_with_similarities(
    moderator: Client, clusters: list[ImageCluster]
) -> None:
    answer = moderator.get(address("media_index_imagecluster_change", clusters[0].pk))
    assert len(answer.context["cards"]) == 3
    assert all(card.similarity.endswith("%") for card in answer.context["cards"])
    assert "data-tagging" in text(answer)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "merge", "name": ""}, "nothing_chosen"),
        ({"kind": "merge", "into": "0", "others": "0"}, "same_category"),
        ({"kind": "merge", "into": "0", "others": "x"}, "malformed"),
        ({"kind": "name", "category": "0", "name": "x" * 201}, "too_long"),
        ({"kind": "unmerge", "category": "0"}, "not_merged"),
    ],
)
def test_nonsense_is_refused(
    moderator: Client, clusters: list[ImageCluster], fields: dict[str, Any], code: str
) -> None:
    sent = {name: clusters[int(value)].pk if value == "0" else value for name, value in fields.items()}
    answer = _decide(moderator, **sent)
    assert (answer.status_code >= 400, answer.json()["code"]) == (True, code)
    assert ImageCluster.objects.current().count() == 3


def test_a_merged_category_is_not_merged_again(moderator: Client, clusters: list[ImageCluster]) -> None:
    red, blue, green = clusters
    categories_merge(into=red, others=[blue])
    answer = _decide(moderator, kind="merge", into=blue.pk, others=green.pk, name="")
    assert (answer.status_code, answer.json()["code"]) == (409, "merged_category")


def test_the_wall_comes_in_pages(
    moderator: Client, clusters: list[ImageCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(categories, "CATEGORIES_PER_PAGE", 1)
    assert _shown(_wall(moderator, page="2")) == [clusters[1].pk]
    assert _shown(_wall(moderator, page="7")) == []


def test_others_see_and_decide_nothing(clusters: list[ImageCluster]) -> None:
    stranger = signed_in("")
    assert _wall(stranger).status_code == 403
    assert stranger.get(address("media_index_imagecluster_change", clusters[0].pk)).status_code == 403
    assert _decide(stranger, kind="name", category=clusters[0].pk, name="Mine").status_code == 403


def test_a_category_that_is_not_there_leads_back(moderator: Client) -> None:
    assert moderator.get(address("media_index_imagecluster_change", 12345)).status_code == 302
