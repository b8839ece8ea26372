"""Whom the public id of somebody who has lost all faces means."""

import pytest

from faces.models import Decision, Event, Face, Person
from faces.services.decisions import decision_undo, faces_move, faces_reject
from faces.services.uploads import event_create
from faces.tests.ledger_looks import person_like
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


@pytest.fixture
def gala() -> Event:
    """Ann in four photos, Bob in two, Eve in one."""
    event = event_create(name="Gala")
    processed(event, *[painted(ANN) for _ in range(4)], painted(BOB), painted(BOB), painted(EVE))
    return event


def _move(person: Person, faces: list[Face], to: Person) -> Decision:
    return faces_move(person=person, faces=[face.pk for face in faces], to=to, actor=None)


def _meant(person: Person) -> Person:
    return Person.objects.resolve(person.user_id)


def test_who_came_of_a_rejection_means_whoever_has_the_face_again(gala: Event) -> None:
    ann = person_like(ANN)
    face = ann.faces.all()[0]
    rejected = faces_reject(person=ann, faces=[face.pk], actor=None)
    founded = Face.objects.get(pk=face.pk).person
    assert founded is not None and founded != ann
    decision_undo(decision=rejected, actor=None)
    assert _meant(founded) == ann


def test_whose_faces_were_all_moved_means_whoever_has_them(gala: Event) -> None:
    ann, bob = person_like(ANN), person_like(BOB)
    moved = _move(bob, list(bob.faces.all()), to=ann)
    assert _meant(bob) == ann
    decision_undo(decision=moved, actor=None)
    assert _meant(bob) == bob
    assert bob.faces.count() == 2


def test_whose_faces_were_moved_to_several_means_the_last_of_them(gala: Event) -> None:
    ann, bob, eve = person_like(ANN), person_like(BOB), person_like(EVE)
    faces = list(bob.faces.order_by("pk"))
    first = _move(bob, faces[:1], to=ann)
    _move(bob, faces[1:], to=eve)
    assert _meant(bob) == eve
    decision_undo(decision=first, actor=None)
    assert _meant(bob) == bob, "one of the faces is theirs again, and not the last one's"
    assert list(bob.faces.all()) == faces[:1]


def test_nobody_is_meant_by_moves_around_a_circle_but_who_has_the_faces(gala: Event) -> None:
    ann, bob, eve = person_like(ANN), person_like(BOB), person_like(EVE)
    (face,) = eve.faces.all()
    _move(eve, [face], to=bob)
    _move(bob, list(bob.faces.all()), to=eve)
    _move(eve, list(eve.faces.all()), to=ann)
    assert _meant(bob) == _meant(eve) == ann


def test_who_never_had_a_face_means_nobody_else(gala: Event) -> None:
    registered = Person.objects.create()
    assert _meant(registered) == registered


def test_ids_that_go_round_in_a_circle_are_answered(gala: Event) -> None:
    ann, bob, eve = sorted((person_like(ANN), person_like(BOB), person_like(EVE)), key=lambda person: person.pk)
    for person, into in ((ann, bob), (bob, eve), (eve, bob)):
        Person.objects.filter(pk=person.pk).update(merged_into=into)
    assert Person.objects.roots([ann.pk, bob.pk, eve.pk]) == dict.fromkeys([ann.pk, bob.pk, eve.pk], bob.pk)
    assert _meant(ann) in (bob, eve)


def test_the_ends_of_chains_that_meet_are_found_together(gala: Event) -> None:
    ann, bob, eve = person_like(ANN), person_like(BOB), person_like(EVE)
    Person.objects.filter(pk=ann.pk).update(merged_into=bob)
    Person.objects.filter(pk=bob.pk).update(merged_into=eve)
    assert Person.objects.roots([ann.pk, bob.pk]) == {ann.pk: eve.pk, bob.pk: eve.pk}
