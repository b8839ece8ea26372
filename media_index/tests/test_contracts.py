"""Vectors of one engine are used while those of another grow beside them."""

from io import StringIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_index.engines.fake import FakeImageEngine
from media_index.management.commands import reembed_images
from media_index.models import Image, ImageCluster, ImageClusterMember, ImageContract, ImageEmbedding
from media_index.services import contracts, indexing
from media_index.services.carrying import names_carry
from media_index.services.categories import categories_join, categories_merge, category_name
from media_index.services.contracts import (
    contract_create,
    contract_in_use,
    contracts_drop,
    contracts_live,
    contracts_switch,
    engine_of,
    images_complete,
    images_missing,
    images_reembed,
)
from media_index.services.importing import _put_in
from media_index.services.indexing import images_index
from media_index.services.neighbours import nearest_images, vector_of
from media_index.tests.gallery import painted
from media_index.tests.indexed import cluster_of, embedded, indexed, ingested, joined, numbers, towards
from photofinder.errors import EngineUnavailable, Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine")]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The images that are sent through the index."""
    messages: list[int] = []
    monkeypatch.setattr(contracts, "enqueue", lambda path, ids, chunk: messages.extend(ids))
    return messages


@pytest.fixture
def newer(settings: Any, chosen_engine: Any) -> Any:
    """Choose another version of the engine, where the settings still know the old one."""

    def choose() -> Any:
        settings.IMAGE_ENGINES = settings.IMAGE_ENGINES | {"old": settings.ENGINES["image"]}
        return chosen_engine("fake", version="2", grid=5)

    return choose


def indexes(contract: ImageContract) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE %s", [f"%_{contract.pk}_hnsw"])
        return {name for (name,) in cursor.fetchall()}


class TestContracts:
    """Rows of contracts, and who makes their vectors."""

    def test_the_first_is_that_of_the_chosen_engine(self) -> None:
        contract = contract_in_use()
        assert (contract.name, contract.in_use) == (FakeImageEngine().spec.contract, True)
        assert contract_in_use() == contract == contract_create(spec=FakeImageEngine().spec)

    def test_each_has_indexes_of_its_own(self) -> None:
        first = contract_in_use()
        embedded(first, towards(first, 0))
        second = contract_create(spec=FakeImageEngine(version="2", grid=5).spec)
        assert len(indexes(first)) == len(indexes(second)) == 2

    def test_its_engine_is_found_among_those_of_the_settings(self, newer: Any) -> None:
        old = contract_in_use()
        chosen = newer()
        assert engine_of(old).spec.contract == old.name
        assert [contract.name for contract, _engine in contracts_live()] == [old.name, chosen.spec.contract]

    def test_an_engine_that_nobody_knows_is_unavailable(self) -> None:
        with pytest.raises(EngineUnavailable, match="No engine in the settings"):
            engine_of(ImageContract(name="gone", dim=3))

    def test_when_the_old_engine_is_gone_the_new_one_goes_on(self, settings: Any, chosen_engine: Any) -> None:
        contract_in_use()
        chosen = chosen_engine("fake", version="2")
        settings.IMAGE_ENGINES = {}
        assert [engine for _contract, engine in contracts_live()] == [chosen]


class TestNeighbours:
    """The nearest vectors, exactly or by the index."""

    @pytest.fixture(params=["exact", "index"])
    def contract(self, request: Any, settings: Any) -> ImageContract:
        settings.IMAGE_EXACT_ROWS = 10_000 if request.param == "exact" else 0
        return contract_in_use()

    def test_they_come_nearest_first_with_their_distances(self, contract: ImageContract) -> None:
        images = [embedded(contract, towards(contract, 0, aside=1, distance=apart)) for apart in (0.3, 0.0, 0.1)]
        found = nearest_images(contract=contract, vector=towards(contract, 0), limit=2)
        assert [pk for pk, _distance in found] == [images[1].pk, images[2].pk]
        assert [distance for _pk, distance in found] == pytest.approx([0.0, 0.1], abs=1e-3)

    def test_only_those_of_the_contract_and_the_filter_are_found(self, contract: ImageContract) -> None:
        images = [embedded(contract, towards(contract, 0)) for _ in range(30)]
        other = contract_create(spec=FakeImageEngine(version="2").spec)
        embedded(other, towards(other, 0))
        among = Image.objects.filter(pk__in=numbers(images[25:])).values("pk")
        found = nearest_images(contract=contract, vector=towards(contract, 0), limit=10, among=among)
        assert {pk for pk, _distance in found} == set(numbers(images[25:]))

    def test_an_index_finds_what_comparing_all_finds(self, settings: Any) -> None:
        contract, random = contract_in_use(), np.random.default_rng(0)
        vectors = random.normal(0, 1, (500, contract.dim)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        for vector in vectors:
            embedded(contract, vector)
        found: dict[int, list[int]] = {}
        with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")  # of so few it compares all
            for rows_compared in (10_000, 0):
                settings.IMAGE_EXACT_ROWS = rows_compared
                near = nearest_images(contract=contract, vector=vectors[7], limit=10)
                found[rows_compared] = [pk for pk, _distance in near]
            cursor.execute(f"EXPLAIN {queries.captured_queries[-2]['sql']}")
            plan = str(cursor.fetchall())
        assert found[0] == found[10_000]
        assert f"media_index_imageembedding_{contract.pk}_hnsw" in plan

    def test_an_image_without_a_vector_is_said_to_have_none(self, contract: ImageContract) -> None:
        with pytest.raises(Problem, match="not been indexed"):
            vector_of(ingested(painted("red")), contract)


class TestReembedding:
    """From one engine's vectors to another's."""

    def test_new_images_are_embedded_for_both(self, newer: Any) -> None:
        old, chosen = contract_in_use(), newer()
        (image,) = indexed(painted("red"))
        assert {row.contract.name for row in image.embeddings.all()} == {old.name, chosen.spec.contract}
        assert image.memberships.count() == 2

    def test_it_switches_when_the_last_image_has_a_new_vector(self, newer: Any, sent: list[int]) -> None:
        images = indexed(painted("red"), painted("blue"))
        old, chosen = contract_in_use(), newer()
        assert images_reembed() == 2
        assert sent == numbers(images)
        for image in images:
            assert not contracts_switch() and contract_in_use() == old
            images_index(image_ids=[image.pk])
        assert contracts_switch()
        assert contract_in_use().name == chosen.spec.contract
        assert not contracts_switch()
        assert ImageEmbedding.objects.filter(contract=old).count() == 2

    def test_a_run_that_was_killed_is_sent_again_for_the_rest(self, newer: Any, sent: list[int]) -> None:
        images = indexed(painted("red"), painted("blue"))
        newer()
        images_reembed()
        images_index(image_ids=[images[0].pk])
        sent.clear()
        assert images_reembed() == 1
        assert sent == [images[1].pk]

    def test_an_image_that_cannot_be_read_is_not_waited_for_and_sent_again_later(
        self, newer: Any, sent: list[int]
    ) -> None:
        (image,) = indexed(painted("red"))
        newer()
        images_reembed()
        Image.objects.filter(pk=image.pk).update(index_error="gone")
        assert contracts_switch()
        assert images_reembed() == 1

    def test_imported_vectors_get_categories_before_they_are_in_use(self, newer: Any, sent: list[int]) -> None:
        (image,) = indexed(painted("red"))
        elsewhere = FakeImageEngine(version="2", grid=5)
        _put_in(elsewhere.spec, {image.pk: elsewhere.embed_images([painted("red")])[0]})
        images_index(image_ids=[image.pk])
        newer()
        sent.clear()
        assert not contracts_switch()
        images_complete()
        assert sent == [image.pk]
        assert not contracts_switch()
        images_index(image_ids=[image.pk])
        assert contracts_switch()
        assert cluster_of(image, contract_in_use()).size == 1

    def test_an_image_that_a_worker_indexed_with_the_old_engine_meanwhile_is_found(
        self, newer: Any, sent: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (image,) = indexed(painted("red"))
        old, late = contract_in_use(), ingested(painted("blue"))
        before = [(old, engine_of(old))]
        newer()
        images_reembed()
        images_index(image_ids=[image.pk])
        assert contracts_switch()
        sent.clear()
        with monkeypatch.context() as patch:
            patch.setattr(indexing, "contracts_live", lambda: before)
            images_index(image_ids=[late.pk])
        images_complete()
        assert sent == [late.pk]

    def test_an_image_that_only_the_new_engine_saw_is_found_when_the_old_one_is_chosen_again(
        self, newer: Any, sent: list[int], chosen_engine: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        indexed(painted("red"))
        late, chosen = ingested(painted("blue")), newer()
        only = [(contract_create(spec=chosen.spec), chosen)]
        with monkeypatch.context() as patch:
            patch.setattr(indexing, "contracts_live", lambda: only)
            images_index(image_ids=[late.pk])
        chosen_engine("fake")
        assert images_reembed() == 1
        assert sent == [late.pk]

    def test_what_waits_for_the_index_is_not_sent_twice(self, newer: Any, sent: list[int]) -> None:
        indexed(painted("red"), painted("blue"))
        newer()
        images_reembed()
        sent.clear()
        images_complete()
        assert sent == []

    def test_it_does_not_touch_hashes_of_duplicates_or_old_categories(self, newer: Any, sent: list[int]) -> None:
        (image,) = indexed(painted("red"))
        old = contract_in_use()
        before = cluster_of(image, old)
        newer()
        images_reembed()
        images_index(image_ids=[image.pk])
        assert cluster_of(image, old) == before
        assert ImageClusterMember.objects.filter(contract=old).count() == 1

    def test_images_of_the_old_contract_only_are_missing(self, newer: Any, sent: list[int]) -> None:
        images = indexed(painted("red"))
        newer()
        images_reembed()
        wanted = ImageContract.objects.get(in_use=False)
        assert list(images_missing(wanted)) == images

    def test_the_old_one_is_dropped_only_after_the_switch(self, newer: Any, sent: list[int]) -> None:
        (image,) = indexed(painted("red"))
        old = contract_in_use()
        newer()
        images_reembed()
        assert contracts_drop() == []
        images_index(image_ids=[image.pk])
        contracts_switch()
        assert contracts_drop() == [old.name]
        assert not ImageEmbedding.objects.filter(contract=old).exists()
        assert not indexes(old)
        assert ImageCluster.objects.get().contract == contract_in_use()

    def test_nothing_is_dropped_while_the_chosen_engine_lacks_its_weights(
        self, newer: Any, sent: list[int], chosen_engine: Any, tmp_path: Any
    ) -> None:
        indexed(painted("red"))
        newer()
        images_reembed()
        chosen_engine("clip", folder=str(tmp_path))
        with pytest.raises(CommandError):
            call_command("reembed_images", "--drop-old", stdout=StringIO())
        assert ImageContract.objects.count() == 2

    def test_the_command_looks_seldom_where_a_look_takes_long(
        self, newer: Any, sent: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images, slept = indexed(painted("red")), list[float]()
        newer()
        clock = iter(range(0, 100, 3))

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            images_index(image_ids=[images.pop().pk])

        looked = SimpleNamespace(monotonic=lambda: next(clock), sleep=sleep)
        monkeypatch.setattr(reembed_images, "time", looked)
        call_command("reembed_images", stdout=StringIO())
        assert slept == [60]

    def test_the_command_shows_how_far_it_is_and_ends_when_done(
        self, newer: Any, sent: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        images, out = indexed(painted("red"), painted("blue")), StringIO()
        chosen = newer()
        monkeypatch.setattr(
            "media_index.management.commands.reembed_images.time.sleep",
            lambda seconds: images_index(image_ids=[images.pop().pk]),
        )
        call_command("reembed_images", stdout=out)
        assert "2 images are being looked at anew." in out.getvalue()
        assert "\r1 images to go" in out.getvalue()
        assert f"In use: {chosen.spec.contract}." in out.getvalue()
        call_command("reembed_images", "--drop-old", stdout=out)
        assert "Deleted: fake/colours/1" in out.getvalue()

    def test_the_command_says_what_an_engine_lacks(self, chosen_engine: Any, tmp_path: Any) -> None:
        contract_in_use()
        chosen_engine("clip", folder=str(tmp_path))
        with pytest.raises(CommandError):
            call_command("reembed_images", "--no-wait", stdout=StringIO())


class TestNames:
    """What people named is carried over."""

    @pytest.fixture
    def other(self) -> ImageContract:
        return contract_create(spec=FakeImageEngine(version="2", grid=5).spec)

    def carried(self, old: ImageContract, new: ImageContract) -> list[tuple[str, set[int]]]:
        """Names and images of the new contract's named categories after the switch."""
        names_carry(old=old, new=new)
        clusters = ImageCluster.objects.filter(contract=new).exclude(name="").order_by("name")
        assert all(cluster.kept for cluster in clusters)
        return [(cluster.name, {member.image_id for member in cluster.members.all()}) for cluster in clusters]

    def both(self, old: ImageContract, new: ImageContract, here: int, there: int) -> Image:
        """An image in a category of each contract."""
        (image,) = joined(old, towards(old, here))
        ImageEmbedding.objects.create(image=image, contract=new, embedding=towards(new, there))
        categories_join(contract=new, scale=FakeImageEngine().scale, vectors={image.pk: towards(new, there)})
        return image

    def test_the_category_with_most_of_the_images_takes_the_name(self, other: ImageContract) -> None:
        old = contract_in_use()
        images = [self.both(old, other, 0, there) for there in (3, 4, 4)]
        category_name(cluster=cluster_of(images[0], old), name="Sea")
        assert self.carried(old, other) == [("Sea", set(numbers(images[1:])))]

    def test_no_name_is_lost_where_two_become_one(self, other: ImageContract) -> None:
        old = contract_in_use()
        sea = [self.both(old, other, 0, 3) for _ in range(3)]
        shore = [self.both(old, other, 1, 3) for _ in range(2)]
        for image, name in ((sea[0], "Sea"), (shore[0], "Shore")):
            category_name(cluster=cluster_of(image, old), name=name)
        assert self.carried(old, other) == [("Sea", set(numbers(sea))), ("Shore", set(numbers(shore)))]
        sizes = ImageCluster.objects.filter(contract=other).order_by("name").values_list("size", flat=True)
        assert list(sizes) == [3, 2]

    def test_names_of_merged_ones_are_those_of_what_they_are_in(self, other: ImageContract) -> None:
        old = contract_in_use()
        images = [self.both(old, other, 0, 3), self.both(old, other, 1, 4)]
        clusters = [cluster_of(image, old) for image in images]
        for cluster, name in zip(clusters, ("Sea", "Shore"), strict=True):
            category_name(cluster=cluster, name=name)
        categories_merge(into=clusters[0], others=[clusters[1]])
        assert [name for name, _images in self.carried(old, other)] == ["Sea"]
