"""Two moderators, or a moderator and a worker, change the same people in the same moment: transactions of their own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection

from faces.models import Decision, Event, Face, Person
from faces.services import consolidation, pipeline
from faces.services.consolidation import event_consolidate
from faces.services.decisions import (
    decision_undo,
    faces_confirm,
    faces_dismiss,
    faces_move,
    faces_split,
    people_differ,
    people_merge,
    person_name,
)
from faces.services.people import faces_assign
from faces.services.uploads import event_create
from faces.tests.ledger_laws import assert_rows_agree
from faces.tests.painting import painted, process, processed, upload
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine")]
ANN, BOB, CAT = 1, 9, 17
_SECONDS = 20


@pytest.fixture
def gala() -> Iterator[Event]:
    """Three people with 4, 3 and 2 photos."""
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB, CAT), painted(ANN, BOB), painted(ANN, CAT), painted(ANN, BOB))
    yield event
    assert_rows_agree()


@pytest.fixture
def people(gala: Event) -> list[Person]:
    return list(Person.objects.current().order_by("-photos_count", "pk"))


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each of the calls, made in one moment on connections of their own, returns: its answer or its Problem."""
    start = threading.Barrier(len(calls), timeout=_SECONDS)

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return call()
        except Problem as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result(timeout=_SECONDS) for done in [pool.submit(run, call) for call in calls]]


def _codes(answers: list[Any]) -> list[str]:
    """The code of each problem, "" of each success; successes first."""
    return sorted(answer.code if isinstance(answer, Problem) else "" for answer in answers)


def _faces(person: Person) -> list[int]:
    return list(person.faces.order_by("pk").values_list("pk", flat=True))


def test_one_of_two_merges_both_ways_wins(people: list[Person]) -> None:
    ann, bob, _ = people
    answers = _at_once(
        partial(people_merge, into=ann, others=[bob], actor=None),
        partial(people_merge, into=bob, others=[ann], actor=None),
    )
    assert _codes(answers) == ["", "merged_already"]
    assert Person.objects.resolve(ann.user_id) == Person.objects.resolve(bob.user_id)
    assert Decision.objects.count() == 1


def test_one_of_two_merges_of_the_same_person_into_different_ones_wins(people: list[Person]) -> None:
    ann, bob, cat = people
    answers = _at_once(
        partial(people_merge, into=ann, others=[cat], actor=None),
        partial(people_merge, into=bob, others=[cat], actor=None),
    )
    assert _codes(answers) == ["", "merged_already"]


def test_many_moderators_merge_the_same_pair_once(people: list[Person]) -> None:
    merges = [partial(people_merge, into=people[0], others=[people[1]], actor=None)] * 6
    assert _codes(_at_once(*merges)) == ["", *["merged_already"] * 5]
    assert Decision.objects.filter(kind="merge").count() == 1


def test_one_of_two_splits_of_the_same_faces_wins(people: list[Person]) -> None:
    split = partial(faces_split, person=people[0], faces=_faces(people[0])[:2], actor=None)
    assert _codes(_at_once(split, split)) == ["", "changed_since"]
    assert Person.objects.current().count() == 4


def test_faces_moved_to_two_people_at_once_become_one_of_theirs(people: list[Person]) -> None:
    ann, bob, cat = people
    faces = _faces(ann)[:2]
    answers = _at_once(
        partial(faces_move, person=ann, faces=faces, to=bob, actor=None),
        partial(faces_move, person=ann, faces=faces, to=cat, actor=None),
    )
    assert _codes(answers) == ["", "changed_since"]
    (winner,) = [answer for answer in answers if not isinstance(answer, Problem)]
    owners = set(Face.objects.filter(pk__in=faces).values_list("person", flat=True))
    assert owners == {winner.payload["to"]}


def test_faces_are_split_off_or_moved_but_not_both(people: list[Person]) -> None:
    ann, bob, _ = people
    answers = _at_once(
        partial(faces_split, person=ann, faces=_faces(ann)[:2], actor=None),
        partial(faces_move, person=ann, faces=_faces(ann)[1:3], to=bob, actor=None),
    )
    assert _codes(answers) == ["", "changed_since"]


def test_two_splits_of_other_faces_do_not_take_all_of_them(people: list[Person]) -> None:
    faces = _faces(people[0])
    answers = _at_once(
        partial(faces_split, person=people[0], faces=faces[:2], actor=None),
        partial(faces_split, person=people[0], faces=faces[2:], actor=None),
    )
    assert _codes(answers) == ["", "nothing_left"]


def test_a_merge_and_a_split_of_the_one_merged_come_one_after_the_other(people: list[Person]) -> None:
    ann, bob, _ = people
    answers = _at_once(
        partial(people_merge, into=ann, others=[bob], actor=None),
        partial(faces_split, person=bob, faces=_faces(bob)[:1], actor=None),
    )
    assert _codes(answers) in (["", ""], ["", "merged_already"])
    assert Person.objects.resolve(bob.user_id) == ann


def test_a_dismissed_face_is_not_confirmed_as_well(people: list[Person]) -> None:
    face = _faces(people[0])[:1]
    answers = _at_once(
        partial(faces_dismiss, faces=face, actor=None),
        partial(faces_confirm, person=people[0], faces=face, actor=None),
    )
    assert _codes(answers) in (["", ""], ["", "changed_since"])
    assert Face.objects.get(pk=face[0]).dismissed


def test_a_decision_is_undone_once(people: list[Person]) -> None:
    merge = people_merge(into=people[0], others=people[1:], actor=None)
    undo = partial(decision_undo, decision=merge, actor=None)
    assert _codes(_at_once(undo, undo, undo)) == ["", "undone_already", "undone_already"]
    assert Decision.objects.filter(kind="undo").count() == 1
    assert Person.objects.current().count() == 3


def test_an_undone_merge_and_the_next_one_come_one_after_the_other(people: list[Person]) -> None:
    ann, bob, cat = people
    first = people_merge(into=ann, others=[bob], actor=None)
    answers = _at_once(
        partial(decision_undo, decision=first, actor=None),
        partial(people_merge, into=cat, others=[ann], actor=None),
    )
    assert _codes(answers) == ["", ""]
    assert Person.objects.resolve(ann.user_id) == cat
    assert Person.objects.resolve(bob.user_id) == bob
    assert set(Person.objects.current().values_list("pk", "faces_count")) == {(cat.pk, 6), (bob.pk, 3)}


def test_a_split_is_not_undone_under_somebody_who_names_the_new_person(people: list[Person]) -> None:
    split = faces_split(person=people[0], faces=_faces(people[0])[:2], actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    answers = _at_once(
        partial(decision_undo, decision=split, actor=None),
        partial(person_name, person=new, name="Dan", actor=None),
    )
    assert _codes(answers) in (["", "changed_since"], ["", "merged_already"])


def test_the_words_of_two_moderators_about_different_people_both_hold(people: list[Person]) -> None:
    ann, bob, cat = people
    answers = _at_once(
        partial(person_name, person=ann, name="Ann", actor=None),
        partial(people_differ, one=ann, other=bob, actor=None),
        partial(people_merge, into=bob, others=[cat], actor=None),
    )
    assert _codes(answers) == ["", "", ""]
    assert Decision.objects.count() == 3


class _Held:
    """A plan of a consolidation that is ready and waits until the test lets it go on."""

    def __init__(self) -> None:
        self.plans = 0
        self.ready = threading.Event()
        self.go_on = threading.Event()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> _Held:
    """The first plan made waits before it is carried out."""
    held = _Held()

    class SlowPlan(consolidation._Plan):
        def __post_init__(self) -> None:
            super().__post_init__()
            held.plans += 1
            held.ready.set()
            assert held.go_on.wait(_SECONDS)

    monkeypatch.setattr(consolidation, "_Plan", SlowPlan)
    return held


@contextmanager
def _being_consolidated(event: Event, held: _Held) -> Iterator[None]:
    """Meanwhile another worker has made its plan for the event, and carries it out at the end."""

    def run() -> None:
        try:
            event_consolidate(event=event)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        assert held.ready.wait(_SECONDS)
        try:
            yield
        finally:
            held.go_on.set()
        done.result(timeout=_SECONDS)


def test_a_decision_does_not_wait_for_a_plan_and_outlives_it(gala: Event, people: list[Person], held: _Held) -> None:
    with _being_consolidated(gala, held):
        split = faces_split(person=people[0], faces=_faces(people[0])[:2], actor=None)
        people_merge(into=people[1], others=[people[2]], actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    assert held.plans == 2, "the plan that was overtaken is made again"
    assert new.faces_count == 2
    assert Person.objects.resolve(people[2].user_id) == people[1]


def test_an_undo_outlives_a_plan_that_was_made_before_it(gala: Event, people: list[Person], held: _Held) -> None:
    merge = people_merge(into=people[0], others=[people[1]], actor=None)
    with _being_consolidated(gala, held):
        decision_undo(decision=merge, actor=None)
    assert Person.objects.resolve(people[1].user_id) == people[1]
    assert Person.objects.current().count() == 3


def test_photos_that_arrive_while_a_plan_is_made_keep_their_faces(
    gala: Event, people: list[Person], held: _Held
) -> None:
    with _being_consolidated(gala, held):
        process(upload(gala, painted(ANN, 25)), settled=False)
    assert Person.objects.get(pk=people[0].pk).faces_count == 5
    assert Person.objects.current().count() == 4
    gala.refresh_from_db()
    assert gala.settled_revision < gala.revision, "the new photos still wait for their consolidation"


def test_a_second_worker_leaves_an_event_alone_that_is_being_consolidated(
    gala: Event, people: list[Person], held: _Held
) -> None:
    with _being_consolidated(gala, held):
        assert _at_once(partial(event_consolidate, event=gala)) == [None]
        assert held.plans == 1


def test_two_consolidations_at_once_come_to_the_same_people(gala: Event, people: list[Person]) -> None:
    before = {person.pk: person.faces_count for person in people}
    _at_once(*[partial(event_consolidate, event=gala)] * 3)
    assert dict(Person.objects.current().values_list("pk", "faces_count")) == before


def test_faces_are_assigned_while_decisions_and_consolidations_go_on(gala: Event, people: list[Person]) -> None:
    photos = upload(gala, painted(ANN, BOB), painted(CAT, 30))
    ids = [photo.pk for photo in photos]
    pipeline.photos_ingest(photo_ids=ids)
    pipeline.photos_detect(photo_ids=ids)
    answers = _at_once(
        partial(faces_assign, event=gala, photos=photos, is_complete=False),
        partial(event_consolidate, event=gala),
        partial(people_merge, into=people[0], others=[people[1]], actor=None),
    )
    assert _codes(answers) == ["", "", ""]
    assert Face.objects.filter(person=None).count() <= 1
