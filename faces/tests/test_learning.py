"""What a decision teaches about other faces."""

import numpy as np
import pytest

from faces.engines.fake import vector_of
from faces.models import Event, Face, FaceVector, Person, Suggestion
from faces.services.consolidation import event_consolidate
from faces.services.decisions import (
    decision_undo,
    faces_confirm,
    faces_dismiss,
    faces_move,
    faces_reject,
    faces_split,
    people_merge,
    person_cover,
    person_name,
)
from faces.services.learning import people_reexamine
from faces.services.uploads import event_create
from faces.tests.ledger_laws import assert_rows_agree
from faces.tests.ledger_looks import given, look
from faces.tests.painting import painted, process, processed, upload
from photofinder.vectors import padded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


@pytest.fixture
def gala() -> Event:
    event = event_create(name="Gala")
    processed(event, *[painted(ANN) for _ in range(4)], painted(BOB), painted(BOB))
    return event


def _person(identity: int) -> Person:
    return Person.objects.current().nearest(padded(vector_of(identity)), contract=Face.objects.all()[0].contract)[0]


def _between(one: int, other: int, share: float) -> np.ndarray:
    """A vector between two identities, `share` of the way to the other."""
    vector = (1 - share) * vector_of(one) + share * vector_of(other)
    return padded(np.asarray(vector / np.linalg.norm(vector), np.float32))


def test_faces_like_those_split_off_follow(gala: Event) -> None:
    ann = _person(ANN)
    faces = list(Face.objects.filter(person=ann).order_by("pk"))
    for face in faces[2:]:
        FaceVector.objects.filter(face=face).update(embedding=padded(vector_of(EVE)))
    Person.objects.refresh([ann.pk], contract=ann.contract)
    decision = faces_split(person=ann, faces=[faces[3].pk], actor=None)
    assert Face.objects.get(pk=faces[2].pk).person_id == decision.payload["new"]
    assert decision.payload["followed"] == [[faces[2].pk, ann.pk, decision.payload["new"]]]
    decision_undo(decision=decision, actor=None)
    assert Person.objects.get(pk=ann.pk).faces_count == 4


def test_a_face_of_which_a_moderator_has_spoken_does_not_follow(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    face = Face.objects.filter(person=ann)[0]
    faces_move(person=ann, faces=[face.pk], to=bob, actor=None)
    assert Face.objects.get(pk=face.pk).person == bob
    assert Person.objects.get(pk=ann.pk).faces_count == 3


def test_a_rejected_face_goes_to_the_next_nearest(gala: Event) -> None:
    bob = _person(BOB)
    face = Face.objects.filter(person=_person(ANN)).order_by("-pk")[0]
    FaceVector.objects.filter(face=face).update(embedding=_between(BOB, ANN, 0.3))
    faces_reject(person=_person(ANN), faces=[face.pk], actor=None)
    assert Face.objects.get(pk=face.pk).person == bob


def test_a_fragment_near_a_merged_person_joins_and_its_id_keeps_its_meaning(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    fragment = Person.objects.create(contract=ann.contract)
    face = Face.objects.filter(person=ann).order_by("pk")[0]
    Face.objects.filter(pk=face.pk).update(person=fragment, engine_person=fragment)
    FaceVector.objects.filter(face=face).update(embedding=_between(ANN, BOB, 0.42))
    Person.objects.refresh([ann.pk, fragment.pk], contract=ann.contract)
    merge = people_merge(into=ann, others=[bob], actor=None)
    assert Person.objects.resolve(fragment.user_id) == ann
    decision_undo(decision=merge, actor=None)
    assert Face.objects.get(pk=face.pk).person == fragment
    assert Person.objects.resolve(fragment.user_id) == fragment


def test_a_face_that_is_only_nearly_near_enough_is_offered(gala: Event) -> None:
    processed(gala, painted(ANN, likeness=0.6, det_score=0.45))
    face = Face.objects.get(person=None)
    ann = _person(ANN)
    faces_move(person=_person(BOB), faces=[Face.objects.filter(person=_person(BOB))[0].pk], to=ann, actor=None)
    Suggestion.objects.all().delete()
    other = Face.objects.filter(person=ann, assigned_by="moderator")[0]
    faces_move(person=ann, faces=[other.pk], to=_person(BOB), actor=None)
    assert Suggestion.objects.filter(face=face, one=ann).exists()


@pytest.fixture
def fragments() -> list[Person]:
    """One person of whom the engine made three: the first two near each other, the third less."""
    event = event_create(name="Lunch")
    processed(event, painted(ANN), painted(BOB), painted(EVE))
    people = list(Person.objects.order_by("pk"))
    looks: list[dict[int, float]] = [{ANN: 1}, {ANN: 0.95, BOB: 0.312}, {ANN: 0.67, BOB: 0.107, EVE: 0.734}]
    for person, shares in zip(people, looks, strict=True):
        look([person.faces.get()], shares)
    return people


def test_who_lost_all_faces_a_moment_ago_takes_none_back(fragments: list[Person]) -> None:
    faces = list(Face.objects.values_list("pk", flat=True))
    dismissed = faces_dismiss(faces=faces, actor=None)
    decision_undo(decision=dismissed, actor=None)
    assert_rows_agree()
    for face in faces:
        faces_dismiss(faces=[face], actor=None)
        assert_rows_agree()


def test_whoever_is_looked_at_after_losing_all_faces_stays_with_whom_they_became(fragments: list[Person]) -> None:
    people_reexamine(people=[person.pk for person in fragments], free={})
    assert_rows_agree()
    assert len({Person.objects.resolve(person.user_id) for person in fragments}) < 3


def test_a_face_that_moves_twice_is_known_by_where_it_was_first(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    stray, face = Person.objects.create(contract=ann.contract), ann.faces.order_by("pk")[0]
    given([face], stray)
    look(bob.faces.all(), {ANN: 1, BOB: 1})
    look(stray.faces.all(), {ANN: 1, BOB: 0.7})  # near enough to Ann, who is looked at first, and nearer to Bob
    lesson = people_reexamine(people=[ann.pk, bob.pk], free={})
    assert lesson.followed == [[face.pk, stray.pk, bob.pk]]
    assert lesson.emptied == {stray.pk}
    assert Person.objects.resolve(stray.user_id) == bob


@pytest.fixture
def mistaken(gala: Event) -> Face:
    """A face of Bob that the engine gave to Ann, and that nothing but Bob's other faces gives away."""
    processed(gala, *[painted(BOB) for _ in range(3)])
    face = Face.objects.filter(person=_person(BOB)).order_by("pk")[4]
    given([face], _person(ANN))
    return face


def _confirm_bob() -> None:
    bob = _person(BOB)
    faces_confirm(person=bob, faces=list(bob.faces.values_list("pk", flat=True)), actor=None)


def test_a_mistake_of_the_engine_moves(mistaken: Face) -> None:
    _confirm_bob()
    assert Face.objects.get(pk=mistaken.pk).person == _person(BOB)


def test_a_mistake_that_a_merge_took_along_is_offered_and_stays_offered(gala: Event, mistaken: Face) -> None:
    process(upload(gala, painted(EVE)), settled=False)
    ann = _person(ANN)
    people_merge(into=ann, others=[_person(EVE)], actor=None)
    _confirm_bob()
    event_consolidate(event=gala)
    assert Face.objects.get(pk=mistaken.pk).person == ann
    assert Suggestion.objects.filter(face=mistaken, one=_person(BOB), other=ann).exists()


def test_a_merge_confirms_no_face(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    face = ann.faces.all()[0]
    faces_confirm(person=ann, faces=[face.pk], actor=None)
    people_merge(into=ann, others=[bob], actor=None)
    assert list(ann.faces.filter(assigned_by="moderator")) == [face]


def test_the_cover_of_a_named_person_moves_like_any_other_face(mistaken: Face) -> None:
    Face.objects.filter(pk=mistaken.pk).update(quality=0.99)
    Person.objects.refresh([_person(ANN).pk], contract=mistaken.contract)
    assert _person(ANN).cover_face == mistaken
    person_name(person=_person(ANN), name="Ann", actor=None)
    _confirm_bob()
    assert Face.objects.get(pk=mistaken.pk).person == _person(BOB)


def test_the_cover_that_a_moderator_chose_stays(mistaken: Face) -> None:
    ann = _person(ANN)
    person_cover(person=ann, face=mistaken, actor=None)
    _confirm_bob()
    assert Face.objects.get(pk=mistaken.pk).person == ann
    assert not Suggestion.objects.filter(face=mistaken).exists()


def test_a_named_person_keeps_the_last_face_when_all_would_move(gala: Event) -> None:
    processed(gala, *[painted(BOB) for _ in range(4)])
    bob = _person(BOB)
    fragment = Person.objects.create(contract=bob.contract)
    given(list(bob.faces.order_by("pk")[:3]), fragment)
    for face, other in zip(fragment.faces.all(), (ANN, EVE, 25), strict=True):
        look([face], {BOB: 1, other: 0.6})  # each is more like Bob than like the other two
    person_name(person=fragment, name="Bobby", actor=None)
    fragment.refresh_from_db()
    _confirm_bob()
    assert list(Face.objects.filter(person=fragment)) == [fragment.cover_face]
