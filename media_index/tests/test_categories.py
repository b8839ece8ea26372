"""Images join the category that is nearest, or found one."""

import numpy as np
import pytest

from media_index.engines.fake import FakeImageEngine
from media_index.models import Image, ImageCluster, ImageClusterMember, ImageContract
from media_index.services.categories import (
    categories_join,
    categories_leave,
    categories_merge,
    category_name,
    category_unmerge,
)
from media_index.services.consolidating import categories_consolidate
from media_index.services.contracts import contract_create, contract_in_use
from media_index.tests.indexed import SCALE, categories, cluster_of, joined, numbers, towards
from photofinder.errors import Problem
from photofinder.vectors import as_array

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine")]
NEAR, FAR = SCALE.category * 0.9, SCALE.category * 1.1


@pytest.fixture
def contract() -> ImageContract:
    return contract_in_use()


def test_the_first_image_founds_a_category_and_is_its_cover(contract: ImageContract) -> None:
    (image,) = joined(contract, towards(contract, 0))
    cluster = cluster_of(image, contract)
    assert (cluster.size, cluster.cover, cluster.kept) == (1, image, False)
    assert as_array(cluster.centroid) == pytest.approx(towards(contract, 0))


def test_an_image_within_the_distance_joins_and_one_beyond_founds(contract: ImageContract) -> None:
    first, near = joined(contract, towards(contract, 0), towards(contract, 0, aside=1, distance=NEAR))
    assert cluster_of(near, contract) == cluster_of(first, contract)
    (far,) = joined(contract, towards(contract, 0, aside=2, distance=FAR + 0.1))
    assert cluster_of(far, contract) != cluster_of(first, contract)


def test_it_joins_the_nearest_of_several(contract: ImageContract) -> None:
    joined(contract, towards(contract, 0), towards(contract, 0, aside=1, distance=2 * SCALE.category))
    (image,) = joined(contract, towards(contract, 0, aside=1, distance=0.01))
    assert cluster_of(image, contract) == ImageCluster.objects.order_by("pk")[0]


def test_the_centroid_is_the_mean_of_the_members_with_length_1(contract: ImageContract) -> None:
    vectors = [towards(contract, 0, aside=aside, distance=0.05) for aside in range(1, 6)]
    for vector in vectors:
        joined(contract, vector)
    mean = np.mean(vectors, axis=0)
    cluster = ImageCluster.objects.get()
    assert cluster.size == 5
    assert as_array(cluster.centroid) == pytest.approx(mean / np.linalg.norm(mean), abs=2e-3)


def test_the_similarity_is_that_to_the_centroid(contract: ImageContract) -> None:
    images = joined(contract, towards(contract, 0), towards(contract, 0, aside=1, distance=0.1))
    rows = {row.image: row.similarity for row in ImageClusterMember.objects.select_related("image")}
    apart = 1 - float(as_array(ImageCluster.objects.get().centroid) @ towards(contract, 0))
    assert rows[images[0]] == pytest.approx(SCALE.similarity(apart), abs=0.01)


def test_images_of_one_task_join_each_other(contract: ImageContract) -> None:
    images = joined(contract, *[towards(contract, 3)] * 5)
    assert categories(contract) == [set(numbers(images))]


def test_an_image_that_is_in_a_category_stays_there(contract: ImageContract) -> None:
    (image,) = joined(contract, towards(contract, 0))
    categories_join(contract=contract, scale=SCALE, vectors={image.pk: towards(contract, 5)})
    assert ImageCluster.objects.get().size == 1


def test_categories_of_two_contracts_do_not_meet(contract: ImageContract) -> None:
    other = contract_create(spec=FakeImageEngine(version="2").spec)
    joined(contract, towards(contract, 0))
    joined(other, towards(other, 0))
    assert [cluster.size for cluster in ImageCluster.objects.all()] == [1, 1]


def test_a_deleted_image_leaves_its_category(contract: ImageContract) -> None:
    first, second = joined(contract, towards(contract, 0), towards(contract, 0, aside=1, distance=0.1))
    categories_leave(image_ids=[first.pk])
    first.delete()
    assert ImageCluster.objects.get().size == 1
    categories_consolidate()
    cluster = ImageCluster.objects.get()
    assert as_array(cluster.centroid) == pytest.approx(towards(contract, 0, aside=1, distance=0.1), abs=2e-3)
    assert cluster.cover == second


def test_a_category_without_images_goes(contract: ImageContract) -> None:
    (image,) = joined(contract, towards(contract, 0))
    categories_leave(image_ids=[image.pk])
    categories_consolidate()
    assert not ImageCluster.objects.exists()


class TestNaming:
    """What people call a category."""

    def test_a_name_is_tidied_and_keeps_the_category(self, contract: ImageContract) -> None:
        (image,) = joined(contract, towards(contract, 0))
        category_name(cluster=cluster_of(image, contract), name="  At the \0 sea ")
        assert (cluster_of(image, contract).name, cluster_of(image, contract).kept) == ("At the sea", True)

    def test_without_a_name_it_is_the_engines_again(self, contract: ImageContract) -> None:
        (image,) = joined(contract, towards(contract, 0))
        for name in ("Sea", ""):
            category_name(cluster=cluster_of(image, contract), name=name)
        assert not cluster_of(image, contract).kept

    def test_a_name_that_is_too_long_is_refused(self, contract: ImageContract) -> None:
        (image,) = joined(contract, towards(contract, 0))
        with pytest.raises(Problem, match="at most 200 letters"):
            category_name(cluster=cluster_of(image, contract), name="a" * 201)


class TestMerging:
    """People put categories together, and take that back."""

    @pytest.fixture
    def images(self, contract: ImageContract) -> list[Image]:
        return joined(contract, towards(contract, 0), towards(contract, 1), towards(contract, 2))

    def clusters(self, images: list[Image], contract: ImageContract) -> list[ImageCluster]:
        return [cluster_of(image, contract) for image in images]

    def test_the_images_come_into_one_and_undo_gives_them_back(
        self, contract: ImageContract, images: list[Image]
    ) -> None:
        first, second, third = self.clusters(images, contract)
        categories_merge(into=first, others=[second, third])
        assert self.clusters(images, contract) == [first] * 3
        first.refresh_from_db()
        assert (first.size, first.kept) == (3, True)
        category_unmerge(cluster=second)
        assert self.clusters(images, contract) == [first, second, first]
        assert {row.pk: row.size for row in ImageCluster.objects.current()} == {first.pk: 2, second.pk: 1}
        assert not ImageClusterMember.objects.filter(cluster=second).exclude(came_from=None)

    def test_a_merge_of_merged_ones_is_undone_in_any_order(self, contract: ImageContract, images: list[Image]) -> None:
        first, second, third = self.clusters(images, contract)
        categories_merge(into=second, others=[first])
        categories_merge(into=third, others=[second])
        category_unmerge(cluster=first)
        assert self.clusters(images, contract) == [first, third, third]
        category_unmerge(cluster=second)
        assert self.clusters(images, contract) == [first, second, third]

    def test_undoing_the_outer_merge_keeps_the_inner_one(self, contract: ImageContract, images: list[Image]) -> None:
        first, second, third = self.clusters(images, contract)
        categories_merge(into=second, others=[first])
        categories_merge(into=third, others=[second])
        category_unmerge(cluster=second)
        assert self.clusters(images, contract) == [second, second, third]
        category_unmerge(cluster=first)
        assert self.clusters(images, contract) == [first, second, third]

    def test_a_merged_category_draws_new_images_for_the_other(
        self, contract: ImageContract, images: list[Image]
    ) -> None:
        first, second, third = self.clusters(images, contract)
        categories_merge(into=first, others=[second, third])
        (new,) = joined(contract, towards(contract, 1))
        assert cluster_of(new, contract) == first
        category_unmerge(cluster=second)
        assert cluster_of(new, contract) == second

    def test_a_category_is_not_merged_with_itself(self, contract: ImageContract, images: list[Image]) -> None:
        first, second, _ = self.clusters(images, contract)
        for others in ([first], [second, first], [second, second], []):
            with pytest.raises(Problem, match="two or more different"):
                categories_merge(into=first, others=others)

    def test_a_merged_one_is_not_merged_again(self, contract: ImageContract, images: list[Image]) -> None:
        first, second, third = self.clusters(images, contract)
        categories_merge(into=first, others=[second])
        for into, other in ((third, second), (second, third)):
            with pytest.raises(Problem, match="merged into another one already"):
                categories_merge(into=into, others=[other])
        with pytest.raises(Problem, match="merged into another one already"):
            category_name(cluster=second, name="late")

    def test_categories_of_two_contracts_are_not_merged(self, contract: ImageContract, images: list[Image]) -> None:
        other = contract_create(spec=FakeImageEngine(version="2").spec)
        (foreign,) = joined(other, towards(other, 0))
        with pytest.raises(Problem, match="different engines"):
            categories_merge(into=cluster_of(images[0], contract), others=[cluster_of(foreign, other)])

    def test_what_is_not_merged_cannot_be_unmerged(self, contract: ImageContract, images: list[Image]) -> None:
        with pytest.raises(Problem, match="not merged"):
            category_unmerge(cluster=cluster_of(images[0], contract))
