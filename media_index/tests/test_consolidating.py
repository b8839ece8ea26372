"""Categories that drifted are put right, and nothing else."""

from typing import Any

import numpy as np
import pytest

from media_index.models import Image, ImageCluster, ImageClusterMember, ImageContract, ImageEmbedding
from media_index.services import consolidating
from media_index.services.categories import categories_leave, categories_merge, category_name, category_unmerge
from media_index.services.consolidating import categories_consolidate
from media_index.services.contracts import contract_in_use
from media_index.splitting import halves
from media_index.tests.indexed import SCALE, Vector, categories, cluster_of, embedded, joined, numbers, towards
from photofinder.vectors import as_array

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine")]
CATEGORY = SCALE.category


@pytest.fixture
def contract() -> ImageContract:
    return contract_in_use()


def put(contract: ImageContract, cluster: ImageCluster | None, *vectors: Vector) -> list[Image]:
    """Images that are in a category, a new one without `cluster`, wherever they belong."""
    images = [embedded(contract, vector) for vector in vectors]
    cluster = cluster or ImageCluster.objects.create(contract=contract, centroid=vectors[0])
    for image in images:
        ImageClusterMember.objects.create(image=image, cluster=cluster, contract=contract, similarity=0)
    ImageCluster.objects.filter(pk=cluster.pk).update(settled=False)
    return images


def around(contract: ImageContract, direction: int, count: int, distance: float = 0.02) -> list[Vector]:
    """Vectors near an axis, each in another direction from it."""
    return [towards(contract, direction, aside=20 + turn, distance=distance) for turn in range(count)]


def state() -> list[Any]:
    """All that consolidation may change."""
    clusters = ImageCluster.objects.order_by("pk").values_list("pk", "size", "cover", "length", "name", "settled")
    members = ImageClusterMember.objects.order_by("pk").values_list("pk", "cluster", "similarity")
    centroids = [as_array(cluster.centroid).tolist() for cluster in ImageCluster.objects.order_by("pk")]
    return [*clusters, *members, *centroids]


def test_a_category_that_falls_into_two_is_split(contract: ImageContract) -> None:
    left = put(contract, None, *around(contract, 0, 4))
    right = put(contract, cluster_of(left[0], contract), *around(contract, 1, 6))
    assert categories_consolidate() == 0
    assert categories(contract) == [set(numbers(left)), set(numbers(right))]
    assert sorted(ImageCluster.objects.values_list("size", flat=True)) == [4, 6]


def test_the_sample_does_not_depend_on_how_vectors_are_numbered(
    contract: ImageContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consolidating, "_SAMPLE", 30)
    monkeypatch.setattr(consolidating._Consolidation, "_leave", lambda self, cluster: False)  # only halves part
    left = put(contract, None, *around(contract, 0, 30))
    right = put(contract, cluster_of(left[0], contract), *around(contract, 1, 30))
    for odd, images in enumerate((left, right)):
        for number, row in enumerate(ImageEmbedding.objects.filter(image__in=images)):
            ImageEmbedding.objects.filter(pk=row.pk).update(id=10**6 + 2 * number + odd)
    assert categories_consolidate() == 0
    assert categories(contract) == [set(numbers(left)), set(numbers(right))]


def test_the_larger_half_keeps_the_category(contract: ImageContract) -> None:
    left = put(contract, None, *around(contract, 0, 2))
    right = put(contract, cluster_of(left[0], contract), *around(contract, 1, 6))
    before = cluster_of(right[0], contract)
    categories_consolidate()
    assert cluster_of(right[0], contract) == before


def test_a_member_that_drifted_away_leaves_and_founds_one(contract: ImageContract) -> None:
    images = put(contract, None, *around(contract, 0, 4), towards(contract, 1))
    categories_consolidate()
    assert categories(contract) == [set(numbers(images[:4])), {images[4].pk}]


def test_a_member_that_drifted_away_joins_the_one_it_is_near(contract: ImageContract) -> None:
    images = put(contract, None, *around(contract, 0, 4), towards(contract, 1))
    other = put(contract, None, *around(contract, 1, 3))
    categories_consolidate()
    assert categories(contract) == [set(numbers(images[:4])), {images[4].pk, *numbers(other)}]


def test_two_that_met_are_merged_into_the_larger(contract: ImageContract) -> None:
    large = put(contract, None, *around(contract, 0, 5))
    small = put(contract, None, *around(contract, 0, 2, distance=0.05))
    expected = cluster_of(large[0], contract)
    categories_consolidate()
    assert categories(contract) == [set(numbers(large + small))]
    assert ImageCluster.objects.get() == expected


def test_two_that_met_stay_apart_where_members_would_not_fit(contract: ImageContract) -> None:
    first = put(contract, None, *[towards(contract, 0, aside=1, distance=CATEGORY * 0.9)] * 3)
    second = put(contract, None, *[towards(contract, 0, aside=2, distance=CATEGORY * 0.9)] * 3)
    categories_consolidate()
    assert len(categories(contract)) == 2
    assert cluster_of(first[0], contract) != cluster_of(second[0], contract)


def test_a_named_category_takes_another_in_and_is_never_taken(contract: ImageContract) -> None:
    small = put(contract, None, *around(contract, 0, 2))
    category_name(cluster=cluster_of(small[0], contract), name="Sea")
    put(contract, None, *around(contract, 0, 5, distance=0.04))
    categories_consolidate()
    cluster = ImageCluster.objects.get()
    assert (cluster.name, cluster.size) == ("Sea", 7)


def test_two_named_categories_stay_two(contract: ImageContract) -> None:
    for name in ("Sea", "Shore"):
        (image, *_) = put(contract, None, *around(contract, 0, 2))
        category_name(cluster=cluster_of(image, contract), name=name)
    categories_consolidate()
    assert ImageCluster.objects.count() == 2


def test_what_people_merged_is_not_split(contract: ImageContract) -> None:
    sea, forest = joined(contract, *around(contract, 0, 1), *around(contract, 1, 1))
    joined(contract, *around(contract, 0, 3), *around(contract, 1, 3))
    categories_merge(into=cluster_of(sea, contract), others=[cluster_of(forest, contract)])
    categories_consolidate()
    assert [len(images) for images in categories(contract)] == [8]


def test_sizes_centroids_similarities_and_covers_are_refreshed(contract: ImageContract) -> None:
    images = put(contract, None, *around(contract, 0, 3, distance=0.1), towards(contract, 0))
    categories_consolidate()
    cluster = ImageCluster.objects.get()
    assert (cluster.size, cluster.cover) == (4, images[3])
    assert_in_order(contract)


def test_twice_in_a_row_changes_nothing(contract: ImageContract) -> None:
    put(contract, None, *around(contract, 0, 4), *around(contract, 1, 6), towards(contract, 2))
    put(contract, None, *around(contract, 1, 3))
    categories_consolidate()
    before = state()
    categories_consolidate()
    assert state() == before


def test_looking_again_at_everything_changes_nothing(contract: ImageContract) -> None:
    put(contract, None, *around(contract, 0, 4), *around(contract, 1, 6), towards(contract, 2))
    put(contract, None, *around(contract, 1, 3))
    categories_consolidate()
    before = state()
    ImageCluster.objects.update(settled=False)
    categories_consolidate()
    assert state() == before


def test_only_what_changed_is_looked_at(contract: ImageContract, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = joined(contract, towards(contract, 0), towards(contract, 1))
    categories_consolidate()
    looked: list[int] = []
    step = consolidating._Consolidation.bring_in_order

    def noted(self: Any, pk: int) -> None:
        looked.append(pk)
        step(self, pk)

    monkeypatch.setattr(consolidating._Consolidation, "bring_in_order", noted)
    joined(contract, towards(contract, 0, aside=30, distance=0.01))
    categories_consolidate()
    assert set(looked) == {cluster_of(old, contract).pk}


def test_a_run_that_meets_its_deadline_says_what_is_left(contract: ImageContract, settings: Any) -> None:
    joined(contract, towards(contract, 0), towards(contract, 1))
    settings.CATEGORY_CONSOLIDATION_SECONDS = -1
    assert categories_consolidate() == 2
    settings.CATEGORY_CONSOLIDATION_SECONDS = 60
    assert categories_consolidate() == 0


@pytest.mark.django_db(transaction=True)
def test_a_run_that_breaks_off_goes_on_where_it_was(contract: ImageContract, monkeypatch: pytest.MonkeyPatch) -> None:
    put(contract, None, *around(contract, 0, 4), *around(contract, 1, 6))
    put(contract, None, *around(contract, 1, 3))
    with monkeypatch.context() as broken:
        broken.setattr(consolidating, "covers_refresh", _crash)
        with pytest.raises(RuntimeError):
            categories_consolidate()
    assert categories_consolidate() == 0
    assert_in_order(contract)
    assert len(categories(contract)) == 2


def test_large_categories_are_split_by_a_sample(contract: ImageContract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consolidating, "_SAMPLE", 10)
    left = put(contract, None, *around(contract, 0, 15))
    right = put(contract, cluster_of(left[0], contract), *around(contract, 1, 20))
    categories_consolidate()
    assert categories(contract) == [set(numbers(left)), set(numbers(right))]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_sizes_centroids_and_memberships_stay_right(contract: ImageContract, seed: int) -> None:
    random = np.random.default_rng(seed)
    images: list[Image] = []
    for _ in range(12):
        _something(contract, random, images)
    assert ImageClusterMember.objects.count() == len(images)
    _assert_sizes(contract)
    assert categories_consolidate() == 0
    assert_in_order(contract)
    before = state()
    categories_consolidate()
    assert state() == before


def _something(contract: ImageContract, random: np.random.Generator, images: list[Image]) -> None:
    """One of the things that happen to categories."""
    clusters = list(ImageCluster.objects.current().order_by("pk"))
    merged = list(ImageCluster.objects.exclude(merged_into=None))
    match random.choice(["join", "join", "join", "merge", "unmerge", "name", "consolidate", "leave"]):
        case "merge" if len(clusters) > 1:
            into, other = random.choice(len(clusters), 2, replace=False)
            categories_merge(into=clusters[into], others=[clusters[other]])
        case "unmerge" if merged:
            category_unmerge(cluster=merged[0])
        case "name" if clusters:
            category_name(cluster=clusters[0], name=str(random.choice(["", "Sea"])))
        case "consolidate":
            categories_consolidate()
        case "leave" if images:
            gone = images.pop()
            categories_leave(image_ids=[gone.pk])
            gone.delete()
        case _:
            images += joined(contract, *_clustered(contract, random))


def _clustered(contract: ImageContract, random: np.random.Generator) -> list[Vector]:
    centres = np.eye(contract.dim)[random.integers(0, 6, 8)]
    vectors = centres + random.normal(0, 0.07, centres.shape)
    return list(np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32))


def _assert_sizes(contract: ImageContract) -> None:
    for cluster in ImageCluster.objects.filter(contract=contract, merged_into=None):
        assert cluster.size == cluster.members.count()


def assert_in_order(contract: ImageContract) -> None:
    """Every category says of its members what is true."""
    _assert_sizes(contract)
    for cluster in ImageCluster.objects.filter(contract=contract, merged_into=None, size__gt=0):
        rows = ImageEmbedding.objects.filter(contract=contract, image__memberships__cluster=cluster)
        vectors = {row.image_id: as_array(row.embedding) for row in rows}
        mean = np.sum(list(vectors.values()), axis=0)
        assert as_array(cluster.centroid) == pytest.approx(mean / np.linalg.norm(mean), abs=2e-3)
        cosines = {image: float(as_array(cluster.centroid) @ vector) for image, vector in vectors.items()}
        for member in cluster.members.all():
            assert member.similarity == pytest.approx(SCALE.similarity(1 - cosines[member.image_id]), abs=0.01)
        assert cluster.cover_id and cosines[cluster.cover_id] >= max(cosines.values()) - 0.002


def test_halves_of_one_lump_lie_near_and_of_two_far() -> None:
    random = np.random.default_rng(0)
    lump = random.normal(0, 0.05, (200, 16)) + np.eye(16)[0]
    two = np.vstack([lump[:150], random.normal(0, 0.05, (30, 16)) + np.eye(16)[1]])
    for vectors, apart in ((lump, False), (two, True)):
        units = np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
        (first, second), is_second = halves(units)
        assert (1 - first @ second > 0.5) == apart
        assert is_second.sum() <= len(units) / 2
    assert is_second.tolist() == [False] * 150 + [True] * 30


def test_halves_of_equal_vectors_are_no_halves() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32)[:1], 5, axis=0)
    _centroids, is_second = halves(vectors)
    assert not is_second.any()


def _crash(*args: Any) -> None:
    raise RuntimeError("as if killed")
