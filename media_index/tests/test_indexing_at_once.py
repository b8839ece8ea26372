"""Several workers and moderators at once: no doubled category, no missed or doubled pair, no decision twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from media_index.models import DuplicateDecision, DuplicatePair, Image, ImageCluster, ImageClusterMember
from media_index.services import indexing
from media_index.services.contracts import contract_in_use
from media_index.services.duplicate_decisions import group_dismiss, group_resolve
from media_index.services.indexing import images_index
from media_index.services.pictures import pictures_read
from media_index.tests.gallery import painted
from media_index.tests.indexed import bare, categories, ingested, numbers, paired, seen
from media_index.tests.scenes import saved, scene
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reading_engine")]


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers that both have read their pictures before the first one goes on."""
    barrier, read = Barrier(2, timeout=20), pictures_read

    def wait(images: Any) -> Any:
        result = read(images)
        barrier.wait()
        return result

    monkeypatch.setattr(indexing, "pictures_read", wait)


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each returned, or the Problem that it raised, each in a thread with a connection of its own."""

    def run(action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Problem as problem:
            return problem
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


@pytest.mark.usefixtures("together")
def test_equal_pictures_found_one_category() -> None:
    contract_in_use()
    images = [ingested(painted("red")), ingested(painted("red"))]
    at_once(*[lambda image=image: images_index(image_ids=[image.pk]) for image in images])
    assert categories(contract_in_use()) == [set(numbers(images))]
    assert ImageCluster.objects.get().size == 2


@pytest.mark.usefixtures("together")
def test_copies_find_each_other_once() -> None:
    contract_in_use()
    images = [ingested(scene(1)), ingested(saved(scene(1), quality=60))]
    at_once(*[lambda image=image: images_index(image_ids=[image.pk]) for image in images])
    pair = DuplicatePair.objects.get()
    assert (pair.first_id, pair.second_id, pair.group) == (images[0].pk, images[1].pk, images[0].pk)


def test_chunks_with_the_same_images_in_another_order_do_each_once() -> None:
    contract_in_use()
    ids = [ingested(scene(number, width=96, height=96)).pk for number in range(6)]
    at_once(lambda: images_index(image_ids=ids), lambda: images_index(image_ids=ids[::-1]))
    for pk in list(Image.objects.waiting().values_list("pk", flat=True)):  # those that both reached for are sent alone
        images_index(image_ids=[pk])
    assert ImageClusterMember.objects.count() == 6
    assert set(Image.objects.values_list("index_error", flat=True)) == {""}


def test_of_two_moderators_one_decides_and_the_other_is_told() -> None:
    images = [bare(), bare()]
    paired(*images)
    number = images[0].pk
    results = at_once(
        lambda: group_resolve(number=number, seen=seen(*images), keep=images[0], actor=None),
        lambda: group_dismiss(number=number, seen=seen(*images), actor=None),
    )
    assert [isinstance(result, Problem) for result in results].count(True) == 1
    assert DuplicateDecision.objects.count() == 1
    assert len(set(DuplicatePair.objects.values_list("state", flat=True))) == 1
