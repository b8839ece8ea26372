"""What moderators decide holds, and can be taken back in any order that makes sense."""

import pytest

from faces.models import Decision, Event, Face, FaceVector, Person
from faces.services.consolidation import event_consolidate
from faces.services.decisions import (
    decision_undo,
    faces_confirm,
    faces_dismiss,
    faces_move,
    faces_reject,
    faces_split,
    people_differ,
    people_hide,
    people_merge,
    person_cover,
    person_name,
)
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


@pytest.fixture
def gala() -> Event:
    """Ann in three photos, Bob in two, Eve in one."""
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB, EVE), painted(ANN, BOB), painted(ANN))
    return event


@pytest.fixture
def people(gala: Event) -> list[Person]:
    return list(Person.objects.current().order_by("-photos_count"))


def _faces(person: Person) -> list[int]:
    return list(Face.objects.filter(person=person).order_by("pk").values_list("pk", flat=True))


def _counts() -> list[tuple[int, int]]:
    return list(Person.objects.current().order_by("-faces_count", "pk").values_list("faces_count", "photos_count"))


def _undo(decision: Decision) -> None:
    decision_undo(decision=decision, actor=None)


def _code(refused: pytest.ExceptionInfo[Problem]) -> str:
    return refused.value.code


def test_a_split_makes_a_person_of_the_faces(people: list[Person]) -> None:
    ann = people[0]
    decision = faces_split(person=ann, faces=_faces(ann)[:1], actor=None)
    new = Person.objects.get(pk=decision.payload["new"])
    assert (new.faces_count, new.photos_count) == (1, 1)
    assert _faces(ann) and Person.objects.get(pk=ann.pk).faces_count == 2


def test_a_split_survives_a_consolidation(gala: Event, people: list[Person]) -> None:
    decision = faces_split(person=people[0], faces=_faces(people[0])[:1], actor=None)
    before = list(Face.objects.order_by("pk").values_list("person", flat=True))
    event_consolidate(event=gala)
    assert list(Face.objects.order_by("pk").values_list("person", flat=True)) == before
    assert Person.objects.get(pk=decision.payload["new"]).faces_count == 1


def test_an_undone_split_gives_the_faces_back_and_keeps_the_id(people: list[Person]) -> None:
    decision = faces_split(person=people[0], faces=_faces(people[0])[:1], actor=None)
    new = Person.objects.get(pk=decision.payload["new"])
    _undo(decision)
    assert Person.objects.get(pk=people[0].pk).faces_count == 3
    assert Person.objects.resolve(new.user_id) == people[0]


def test_a_split_cannot_take_all_faces(people: list[Person]) -> None:
    with pytest.raises(Problem) as refused:
        faces_split(person=people[0], faces=_faces(people[0]), actor=None)
    assert _code(refused) == "nothing_left"


def test_a_split_that_was_built_upon_asks_to_undo_that_first(people: list[Person]) -> None:
    split = faces_split(person=people[0], faces=_faces(people[0])[:1], actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    naming = person_name(person=new, name="Anna", actor=None)
    with pytest.raises(Problem) as refused:
        _undo(split)
    assert (_code(refused), refused.value.extra) == ("changed_since", {"decisions": [naming.pk]})
    _undo(naming)
    _undo(split)
    assert Person.objects.get(pk=people[0].pk).faces_count == 3


def test_a_split_and_a_later_merge_are_undone_in_either_order(people: list[Person]) -> None:
    ann, bob, eve = people
    split = faces_split(person=ann, faces=_faces(ann)[2:], actor=None)
    merge = people_merge(into=eve, others=[ann], actor=None)
    _undo(split)
    assert Person.objects.get(pk=eve.pk).faces_count == 4
    _undo(merge)
    assert {person: len(_faces(person)) for person in people} == {ann: 3, bob: 2, eve: 1}


def test_a_move_gives_faces_to_somebody_else(people: list[Person]) -> None:
    ann, bob, _ = people
    move = faces_move(person=ann, faces=_faces(ann)[2:], to=bob, actor=None)
    assert Person.objects.get(pk=bob.pk).faces_count == 3
    _undo(move)
    assert {person: len(_faces(person)) for person in people[:2]} == {ann: 3, bob: 2}


def test_a_face_that_the_engine_gave_somebody_makes_room_for_one_that_is_moved_there(people: list[Person]) -> None:
    ann, bob, _ = people
    old, moved = _faces(bob)[0], _faces(ann)[0]
    move = faces_move(person=ann, faces=[moved], to=bob, actor=None)
    assert Face.objects.get(pk=moved).person == bob
    assert Face.objects.get(pk=old).person not in (None, bob)
    _undo(move)
    assert Face.objects.get(pk=old).person == bob


def test_a_move_of_a_face_that_is_somebody_elses_by_now_is_refused(people: list[Person]) -> None:
    ann, bob, eve = people
    face = _faces(ann)[:1]
    faces_move(person=ann, faces=face, to=bob, actor=None)
    with pytest.raises(Problem) as refused:
        faces_move(person=ann, faces=face, to=eve, actor=None)
    assert _code(refused) == "changed_since"
    with pytest.raises(Problem) as refused:
        faces_split(person=ann, faces=face, actor=None)
    assert _code(refused) == "changed_since"


def test_who_was_rejected_never_comes_back_by_itself(gala: Event, people: list[Person]) -> None:
    ann = people[0]
    face = _faces(ann)[0]
    faces_reject(person=ann, faces=[face], actor=None)
    event_consolidate(event=gala)
    processed(gala, painted(ANN))
    assert Face.objects.get(pk=face).person not in (None, ann)
    assert Person.objects.get(pk=ann.pk).faces_count == 3


def test_an_undone_rejection_gives_the_face_back(people: list[Person]) -> None:
    ann = people[0]
    decision = faces_reject(person=ann, faces=_faces(ann)[:1], actor=None)
    _undo(decision)
    assert Person.objects.get(pk=ann.pk).faces_count == 3
    assert _counts() == [(3, 3), (2, 2), (1, 1)]


def test_a_dismissed_face_is_nobodys_and_stays_it(gala: Event, people: list[Person]) -> None:
    decision = faces_dismiss(faces=_faces(people[2]), actor=None)
    event_consolidate(event=gala)
    assert _counts() == [(3, 3), (2, 2)]
    _undo(decision)
    assert _counts() == [(3, 3), (2, 2), (1, 1)]


def test_confirmed_faces_stay_when_the_person_is_taken_apart(gala: Event, people: list[Person]) -> None:
    ann = people[0]
    face = _faces(ann)[0]
    faces_confirm(person=ann, faces=[face], actor=None)
    like_bob = FaceVector.objects.filter(face__person=people[1])[0]
    FaceVector.objects.filter(face=face).update(embedding=like_bob.embedding)
    event_consolidate(event=gala)
    assert Face.objects.get(pk=face).person == ann


def test_names_are_those_of_the_last_decision_that_holds(people: list[Person]) -> None:
    ann = people[0]
    first = person_name(person=ann, name="  Ann   Lee ", actor=None)
    second = person_name(person=ann, name="Anna", actor=None)
    _undo(first)
    assert Person.objects.get(pk=ann.pk).name == "Anna"
    _undo(second)
    assert Person.objects.get(pk=ann.pk).name == ""


def test_a_merge_takes_the_chosen_name_and_cover_and_gives_them_back(people: list[Person]) -> None:
    ann, bob, _ = people
    person_name(person=ann, name="Ann", actor=None)
    person_name(person=bob, name="Bob", actor=None)
    cover = Face.objects.filter(person=bob)[0]
    merge = people_merge(into=ann, others=[bob], actor=None, name="Bob", cover=cover)
    ann.refresh_from_db()
    assert (ann.name, ann.cover_face) == ("Bob", cover)
    _undo(merge)
    ann.refresh_from_db()
    assert (ann.name, ann.cover_face.person) == ("Ann", ann)  # type: ignore[union-attr]


def test_a_chosen_cover_stays_while_better_faces_come(gala: Event, people: list[Person]) -> None:
    ann = people[0]
    face = Face.objects.filter(person=ann).order_by("quality", "pk")[0]
    person_cover(person=ann, face=face, actor=None)
    processed(gala, painted(ANN, det_score=0.99))
    assert Person.objects.get(pk=ann.pk).cover_face == face


def test_strangers_are_hidden_and_shown_again(people: list[Person]) -> None:
    decision = people_hide(people=people[1:], actor=None)
    assert Person.objects.filter(hidden=True).count() == 2
    people_hide(people=people[1:2], hidden=False, actor=None)
    _undo(decision)
    assert not Person.objects.filter(hidden=True).exists()


def test_different_people_stay_apart(gala: Event, people: list[Person]) -> None:
    processed(event_create(name="Lunch"), painted(EVE))
    twin = Person.objects.order_by("pk").last()
    assert twin is not None
    people_differ(one=people[2], other=twin, actor=None)
    twin.faces.get().photo.__class__.objects.filter(faces__person=twin).update(event=gala)
    event_consolidate(event=gala)
    assert Person.objects.get(pk=twin.pk).merged_into is None


def test_people_of_different_engines_are_not_merged(people: list[Person]) -> None:
    Person.objects.filter(pk=people[1].pk).update(contract="other/engine")
    with pytest.raises(Problem) as refused:
        people_merge(into=people[0], others=[people[1]], actor=None)
    assert _code(refused) == "contracts_differ"


def test_nothing_is_decided_about_nothing(people: list[Person]) -> None:
    for decide, values in (
        (faces_split, {"person": people[0], "faces": []}),
        (faces_dismiss, {"faces": []}),
        (people_hide, {"people": []}),
    ):
        with pytest.raises(Problem) as refused:
            decide(actor=None, **values)
        assert _code(refused) == "nothing_chosen"
    assert not Decision.objects.exists()


def test_an_undo_stays(people: list[Person]) -> None:
    undo = decision_undo(decision=people_hide(people=people, actor=None), actor=None)
    with pytest.raises(Problem) as refused:
        _undo(undo)
    assert _code(refused) == "not_undoable"
