"""Two people turn out to be one, or after all not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from faces.models import Decision, Event, Face, Person
from faces.services import pipeline
from faces.services.decisions import decision_undo, people_merge
from faces.services.people import faces_assign
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed, upload
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


@pytest.fixture
def people() -> list[Person]:
    """Three people with 3, 2 and 1 photos."""
    processed(event_create(name="Gala"), painted(1, 9, 17), painted(1, 9), painted(1))
    return list(Person.objects.order_by("-photos_count"))


def _state() -> list[object]:
    columns = ("pk", "name", "merged_into", "faces_count", "photos_count", "cover_face")
    faces = Face.objects.order_by("pk").values_list("pk", "person")
    return [*Person.objects.order_by("pk").values_list(*columns), *faces]


def test_it_moves_every_face_and_keeps_the_survivors_name_and_id(people: list[Person]) -> None:
    Person.objects.filter(pk=people[1].pk).update(name="Ann")
    people_merge(into=people[1], others=[people[0], people[2]], actor=None)
    survivor = Person.objects.current().get()
    assert (survivor.pk, survivor.name) == (people[1].pk, "Ann")
    assert (survivor.faces_count, survivor.photos_count) == (6, 3)


def test_it_gives_the_name_of_the_other_to_a_nameless_survivor(people: list[Person]) -> None:
    Person.objects.filter(pk=people[2].pk).update(name="Bob")
    people_merge(into=people[0], others=[people[2]], actor=None)
    assert Person.objects.get(pk=people[0].pk).name == "Bob"


def test_it_answers_for_an_old_id_for_ever(people: list[Person]) -> None:
    people_merge(into=people[1], others=[people[2]], actor=None)
    people_merge(into=people[0], others=[people[1]], actor=None)
    assert Person.objects.resolve(people[2].user_id) == people[0]


def test_it_restores_everything_when_undone(people: list[Person]) -> None:
    before = _state()
    decision = people_merge(into=people[0], others=people[1:], actor=None)
    assert _state() != before
    decision_undo(decision=decision, actor=None)
    assert _state() == before
    assert list(Decision.objects.order_by("pk").values_list("kind", flat=True)) == ["merge", "undo"]


def test_it_undoes_once(people: list[Person]) -> None:
    decision = people_merge(into=people[0], others=people[1:], actor=None)
    decision_undo(decision=decision, actor=None)
    with pytest.raises(Problem, match="undone before"):
        decision_undo(decision=decision, actor=None)


def test_it_undoes_the_earlier_of_two_merges_alone(people: list[Person]) -> None:
    first = people_merge(into=people[1], others=[people[2]], actor=None)
    people_merge(into=people[0], others=[people[1]], actor=None)
    decision_undo(decision=first, actor=None)
    assert Person.objects.resolve(people[1].user_id) == people[0]
    assert Person.objects.resolve(people[2].user_id) == people[2]
    assert list(Person.objects.current().order_by("pk").values_list("faces_count", flat=True)) == [5, 1]


def test_it_does_not_merge_somebody_into_themselves(people: list[Person]) -> None:
    with pytest.raises(Problem, match="two different"):
        people_merge(into=people[0], others=[people[0]], actor=None)


def test_it_does_not_merge_who_is_merged_already(people: list[Person]) -> None:
    people_merge(into=people[0], others=[people[1]], actor=None)
    with pytest.raises(Problem, match="merged into somebody else already"):
        people_merge(into=people[2], others=[people[1]], actor=None)


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_faces_that_are_being_assigned(people: list[Person]) -> None:
    event = Event.objects.get()
    photo = upload(event, painted(17))[0]
    pipeline.photos_ingest(photo_ids=[photo.pk])
    pipeline.photos_detect(photo_ids=[photo.pk])
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            faces_assign(event=event, photos=[photo], is_complete=False)
            merge = pool.submit(_merge_elsewhere, people[0].pk, people[2].pk)
            with pytest.raises(TimeoutError):
                merge.result(timeout=0.5)
        merge.result(timeout=10)
    assert not Face.objects.exclude(person__merged_into=None).exists()
    assert Person.objects.get(pk=people[0].pk).faces_count == 5


def _merge_elsewhere(into: int, other: int) -> None:
    """As another process would, on a connection of its own."""
    try:
        people_merge(into=Person.objects.get(pk=into), others=[Person.objects.get(pk=other)], actor=None)
    finally:
        connection.close()
