"""Whoever changes the index at the same time waits for the other, and never both for each other."""

import time
from collections.abc import Callable
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from media_index.models import DuplicatePair, Image
from media_index.services import duplicate_decisions, indexing
from media_index.services.contracts import contract_in_use, contracts_switch, images_index_again, images_reembed
from media_index.services.duplicate_decisions import decisions_undo, group_resolve
from media_index.services.indexing import images_index
from media_index.services.pictures import pictures_read
from media_index.services.tagging import image_caption, images_rate
from media_index.tests.gallery import painted
from media_index.tests.indexed import bare, indexed, ingested, numbers, paired, seen
from media_index.tests.test_contracts import newer, sent  # noqa: F401 - fixtures
from media_index.tests.test_indexing_at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reading_engine")]
_LONG = 0.7  # seconds that the first one is at it while the second one comes


def slowly(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Event:
    """Whoever has called the function waits a while then; what is set meanwhile."""
    reached, act = Event(), getattr(module, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        result = act(*args, **kwargs)
        reached.set()
        time.sleep(_LONG)
        return result

    monkeypatch.setattr(module, name, call)
    return reached


def after(reached: Event, action: Callable[[], Any]) -> Callable[[], Any]:
    """The action, once the other one is that far."""
    return lambda: (reached.wait(20), action())[1]


@transaction.atomic
def in_order(reached: Event, images: list[Image]) -> None:
    """Take one image after the other."""
    for image in images:
        list(Image.objects.filter(pk=image.pk).locked())
        reached.set()
        time.sleep(_LONG)


def test_a_group_is_resolved_while_its_images_are_indexed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    images = indexed(painted("red"), painted("blue"))
    DuplicatePair.objects.all().delete()
    paired(*images)
    Image.objects.update(indexed_at=None)
    reached = slowly(monkeypatch, indexing, "pictures_read")
    at_once(
        lambda: images_index(image_ids=numbers(images)),
        after(reached, lambda: group_resolve(number=images[0].pk, seen=seen(*images), keep=images[0], actor=None)),
    )
    assert Image.objects.get(pk=images[1].pk).superseded_by == images[0]
    assert not Image.objects.waiting().exists()


def test_decisions_are_taken_back_while_their_images_are_indexed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    images = indexed(*map(painted, ("red", "blue", "green", "white")))
    DuplicatePair.objects.all().delete()
    groups = images[:2], images[2:]
    for group in groups:
        paired(*group)
    ids = [group_resolve(number=group[0].pk, seen=seen(*group), actor=None).pk for group in groups]
    Image.objects.update(indexed_at=None)
    reached = slowly(monkeypatch, indexing, "pictures_read")
    at_once(
        lambda: images_index(image_ids=numbers(images)),
        after(reached, lambda: decisions_undo(ids=ids, actor=None)),
    )
    assert Image.objects.shown().count() == len(images)


def test_a_contract_is_put_in_use_while_an_image_is_indexed(
    newer: Callable[[], Any],  # noqa: F811
    sent: set[int],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = indexed(painted("red"))
    newer()
    images_reembed()
    images_index(image_ids=numbers(images))
    late = ingested(painted("blue"))
    reached = slowly(monkeypatch, indexing, "_finish")
    at_once(lambda: images_index(image_ids=[late.pk]), after(reached, contracts_switch))
    assert not Image.objects.waiting().exists()


def test_two_chunks_whose_images_were_kept_instead_of_each_others(monkeypatch: pytest.MonkeyPatch) -> None:
    contract_in_use()
    a, b, c, d = (ingested(painted(colour)) for colour in ("red", "blue", "green", "white"))
    Image.objects.filter(pk=a.pk).update(superseded_by=d)
    Image.objects.filter(pk=c.pk).update(superseded_by=b)
    barrier = Barrier(2, timeout=20)
    monkeypatch.setattr(indexing, "pictures_read", lambda images: (pictures_read(images), barrier.wait())[0])
    at_once(lambda: images_index(image_ids=[a.pk, b.pk]), lambda: images_index(image_ids=[c.pk, d.pk]))
    assert not Image.objects.waiting().exists()


@pytest.mark.parametrize("act", [lambda ids: images_rate(image_ids=ids, rating=3), images_index_again])
def test_many_images_are_changed_in_the_order_of_their_ids(act: Callable[[list[int]], Any]) -> None:
    images = [bare(), bare()]
    Image.objects.filter(pk=images[0].pk).update(caption="written")  # a new version of the row lies after the other
    reached = Event()

    def act_where_they_lie() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
        act(numbers(images))

    at_once(lambda: in_order(reached, images), after(reached, act_where_they_lie))


def test_a_hidden_image_is_captioned_together_with_the_kept_one() -> None:
    kept, hidden = bare(), bare()
    Image.objects.filter(pk=hidden.pk).update(superseded_by=kept)
    reached = Event()
    at_once(
        lambda: in_order(reached, [kept, hidden]),
        after(reached, lambda: image_caption(image=Image.objects.get(pk=hidden.pk), caption="sea")),
    )
    assert Image.objects.get(pk=hidden.pk).caption == "sea"


def test_a_group_is_decided_once_its_images_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people keep different images at the same time: the second one is told."""
    images = [bare(), bare(), bare()]
    paired(*images)
    reached = slowly(monkeypatch, duplicate_decisions, "_images_locked")
    number, revision = images[0].pk, seen(*images)
    results = at_once(
        lambda: group_resolve(number=number, seen=revision, keep=images[0], actor=None),
        after(reached, lambda: group_resolve(number=number, seen=revision, keep=images[1], actor=None)),
    )
    assert getattr(results[1], "code", "") == "decided_already"
    assert set(Image.objects.shown()) == {images[0]}
