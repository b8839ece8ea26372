"""What an undo gives back, and to whom; what it leaves alone."""

import pytest

from faces.models import Decision, Event, Face, Person
from faces.services.consolidation import event_consolidate
from faces.services.decisions import (
    decision_undo,
    faces_confirm,
    faces_move,
    faces_reject,
    faces_split,
    people_merge,
)
from faces.services.ledger import people_apart
from faces.services.uploads import event_create
from faces.tests.ledger_looks import look, person_like
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


@pytest.fixture
def gala() -> Event:
    """Ann in four photos."""
    event = event_create(name="Gala")
    processed(event, *[painted(ANN) for _ in range(4)])
    return event


def _undo(decision: Decision) -> None:
    decision_undo(decision=decision, actor=None)


def _count(person: Person) -> int:
    return Face.objects.filter(person=person).count()


def _owners() -> list[tuple[int, int | None]]:
    return list(Face.objects.order_by("pk").values_list("pk", "person"))


def _first(person: Person) -> Face:
    face = person.faces.order_by("pk").first()
    assert face is not None
    return face


def _split_like_bob(ann: Person) -> Decision:
    """A face of Ann that looks like Bob is split off."""
    face = _first(ann)
    look([face], {BOB: 0.95, ANN: 0.2})
    return faces_split(person=ann, faces=[face.pk], actor=None)


def test_an_undone_split_leaves_the_new_person_what_arrived_since(gala: Event) -> None:
    ann = person_like(ANN)
    split = _split_like_bob(ann)
    new = Person.objects.get(pk=split.payload["new"])
    processed(gala, *[painted(BOB) for _ in range(3)])
    assert _count(new) == 4
    _undo(split)
    assert (_count(ann), _count(new)) == (4, 3)
    assert Person.objects.resolve(new.user_id) == new


def test_an_undone_split_gives_back_whom_the_engine_had_retired_into_the_new_person(gala: Event) -> None:
    processed(gala, *[painted(BOB) for _ in range(6)])
    ann, bob = person_like(ANN), person_like(BOB)
    split = _split_like_bob(ann)
    new = Person.objects.get(pk=split.payload["new"])
    event_consolidate(event=gala)
    assert Person.objects.resolve(bob.user_id) == new
    _undo(split)
    assert Person.objects.resolve(bob.user_id) == bob
    assert Person.objects.resolve(new.user_id) == bob
    assert (_count(ann), _count(bob)) == (4, 6)
    event_consolidate(event=gala)
    assert Person.objects.resolve(bob.user_id) == bob


def test_ids_of_others_never_come_to_mean_the_old_person_of_an_undone_split(gala: Event) -> None:
    ann = person_like(ANN)
    split = _split_like_bob(ann)
    retired = Person.objects.create(contract=ann.contract, merged_into_id=split.payload["new"])
    _undo(split)
    assert Person.objects.resolve(retired.user_id) == retired


def test_two_splits_that_are_undone_mean_the_old_person(gala: Event) -> None:
    ann = person_like(ANN)
    faces = [face.pk for face in ann.faces.order_by("pk")]
    split = faces_split(person=ann, faces=faces[:2], actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    again = faces_split(person=new, faces=faces[:1], actor=None)
    newest = Person.objects.get(pk=again.payload["new"])
    _undo(again)
    _undo(split)
    assert Person.objects.resolve(newest.user_id) == Person.objects.resolve(new.user_id) == ann
    assert _count(ann) == 4


def test_a_face_goes_back_to_whoever_the_person_of_an_undone_split_means(gala: Event) -> None:
    processed(gala, painted(ANN), painted(ANN), *[painted(EVE) for _ in range(3)])
    ann, eve = person_like(ANN), person_like(EVE)
    faces = list(ann.faces.order_by("pk"))
    look(faces[3:], {BOB: 1, EVE: 0.2})
    split = faces_split(person=ann, faces=[faces[4].pk], actor=None)
    new = split.payload["new"]
    assert Face.objects.get(pk=faces[5].pk).person_id == new
    look(Face.objects.filter(pk=faces[5].pk), {EVE: 1})
    confirmed = faces_confirm(person=eve, faces=[_first(eve).pk], actor=None)
    assert Face.objects.get(pk=faces[5].pk).person == eve
    _undo(split)
    _undo(confirmed)
    assert Person.objects.get(pk=new).merged_into == ann
    assert Face.objects.get(pk=faces[5].pk).person == ann


def test_what_was_said_of_a_merged_person_holds_when_the_merge_is_undone(gala: Event) -> None:
    processed(gala, *[painted(BOB) for _ in range(3)])
    ann, bob = person_like(ANN), person_like(BOB)
    face = _first(bob)
    merge = people_merge(into=ann, others=[bob], actor=None)
    faces_reject(person=Person.objects.get(pk=ann.pk), faces=[face.pk], actor=None)
    _undo(merge)
    event_consolidate(event=gala)
    assert Face.objects.get(pk=face.pk).person not in (ann, bob)


def test_what_was_said_of_a_weak_face_of_a_merged_person_holds_too(gala: Event) -> None:
    processed(gala, *[painted(BOB) for _ in range(3)], painted(BOB, det_score=0.45))
    ann, bob = person_like(ANN), person_like(BOB)
    (face,) = [face for face in bob.faces.all() if not face.is_good]
    merge = people_merge(into=ann, others=[bob], actor=None)
    faces_reject(person=Person.objects.get(pk=ann.pk), faces=[face.pk], actor=None)
    _undo(merge)
    assert Face.objects.get(pk=face.pk).person is None


def test_a_rejection_says_nothing_of_whom_the_face_never_was(gala: Event) -> None:
    processed(gala, *[painted(BOB) for _ in range(3)])
    ann, bob = person_like(ANN), person_like(BOB)
    people_merge(into=ann, others=[bob], actor=None)
    rejected = faces_reject(person=Person.objects.get(pk=ann.pk), faces=[_first(ann).pk], actor=None)
    assert set(rejected.verdicts.values_list("person", "holds")) == {(ann.pk, False)}


def test_an_undo_moves_no_other_faces(gala: Event) -> None:
    processed(gala, painted(ANN), painted(ANN), *[painted(BOB) for _ in range(3)])
    ann, bob = person_like(ANN), person_like(BOB)
    look(list(bob.faces.order_by("pk"))[1:2], {ANN: 0.9, BOB: 0.5})
    before = _owners()
    _undo(people_merge(into=ann, others=[bob], actor=None))
    assert _owners() == before


def test_a_good_face_that_an_undo_makes_nobodys_becomes_somebodys(gala: Event) -> None:
    ann = person_like(ANN)
    face = _first(ann)
    split = faces_split(person=ann, faces=[face.pk], actor=None)
    faces_reject(person=ann, faces=[face.pk], actor=None)
    _undo(split)
    assert Face.objects.get(pk=face.pk).person not in (None, ann)


def test_a_weak_face_that_was_nobodys_is_so_again(gala: Event) -> None:
    processed(gala, painted(ANN, likeness=0.6, det_score=0.45))
    weak, ann = Face.objects.get(person=None), person_like(ANN)
    look([weak], {ANN: 1})  # as if Ann had come nearer since it arrived
    moved = faces_move(person=None, faces=[weak.pk], to=ann, actor=None)
    _undo(moved)
    assert Face.objects.get(pk=weak.pk).person is None


def test_who_differs_from_the_person_of_an_undone_split_does_not_differ_from_the_old_one(gala: Event) -> None:
    processed(gala, painted(BOB))
    ann, bob = person_like(ANN), person_like(BOB)
    split = faces_split(person=ann, faces=[_first(ann).pk], actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    _undo(people_merge(into=bob, others=[new], actor=None))
    assert people_apart([bob.pk, new.pk]) == {frozenset((bob.pk, new.pk)), frozenset((ann.pk, new.pk))}
    _undo(split)
    assert people_apart([ann.pk, bob.pk]) == set()


def test_who_differs_from_a_person_who_outlives_the_undone_split_still_differs(gala: Event) -> None:
    processed(gala, painted(EVE))
    ann, eve = person_like(ANN), person_like(EVE)
    split = _split_like_bob(ann)
    new = Person.objects.get(pk=split.payload["new"])
    _undo(people_merge(into=eve, others=[new], actor=None))
    processed(gala, painted(BOB))
    _undo(split)
    assert people_apart([eve.pk, new.pk]) == {frozenset((eve.pk, new.pk))}
