"""Which questions moderators are asked."""

import pytest

from faces.models import Event, Face, Person, Suggestion
from faces.services.consolidation import event_consolidate
from faces.services.decisions import (
    decision_undo,
    faces_reject,
    people_differ,
    people_hide,
    people_merge,
)
from faces.services.suggestions import suggestion_postpone, suggestions_rebuild, suggestions_review
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB = 1, 9


@pytest.fixture
def gala() -> Event:
    """Ann, and somebody who is like her but not enough to be her by themselves; and Bob."""
    event = event_create(name="Gala")
    processed(event, painted(ANN), painted(ANN), painted(ANN, likeness=0.6), painted(BOB))
    return event


def _pairs() -> list[tuple[int, int | None]]:
    return list(Suggestion.objects.filter(face=None).order_by("pk").values_list("one", "other"))


def _people() -> list[Person]:
    return list(Person.objects.current().order_by("-faces_count", "pk"))


def test_people_who_are_nearly_alike_are_asked_about(gala: Event) -> None:
    ann, like_ann, _ = _people()
    assert _pairs() == [(ann.pk, like_ann.pk)]


def test_nobody_is_asked_about_a_person_beside_whom_they_stand(gala: Event) -> None:
    ann, like_ann, _ = _people()
    beside = Face.objects.filter(person=ann).order_by("pk")[0]
    Face.objects.filter(pk=beside.pk).update(photo=Face.objects.get(person=like_ann).photo)
    suggestions_rebuild(event=gala)
    assert _pairs() == []


def test_a_no_is_remembered(gala: Event) -> None:
    ann, like_ann, _ = _people()
    decision = people_differ(one=ann, other=like_ann, actor=None)
    suggestions_rebuild(event=gala)
    assert _pairs() == []
    decision_undo(decision=decision, actor=None)
    assert _pairs() == [(ann.pk, like_ann.pk)]


def test_a_yes_answers_it_and_its_undo_is_a_no(gala: Event) -> None:
    ann, like_ann, _ = _people()
    merge = people_merge(into=ann, others=[like_ann], actor=None)
    assert _pairs() == []
    decision_undo(decision=merge, actor=None)
    event_consolidate(event=gala)
    assert _pairs() == []


def test_nobody_is_asked_about_hidden_people(gala: Event) -> None:
    like_ann = _people()[1]
    hiding = people_hide(people=[like_ann], actor=None)
    assert _pairs() == []
    decision_undo(decision=hiding, actor=None)
    assert len(_pairs()) == 1


def test_what_was_put_off_comes_last_and_stays_put_off(gala: Event) -> None:
    processed(gala, painted(BOB, likeness=0.6))
    first = Suggestion.objects.queue().first()
    assert first is not None
    suggestion_postpone(suggestion=first)
    suggestions_rebuild(event=gala)
    suggestions_review(people=[first.one_id])
    assert [row.pk for row in Suggestion.objects.queue()][-1] == first.pk
    assert Suggestion.objects.count() == 2


def test_a_rejected_face_is_not_offered_again(gala: Event) -> None:
    ann, like_ann, _ = _people()
    face = Face.objects.get(person=like_ann)
    Suggestion.objects.create(event=gala, one=ann, other=like_ann, face=face, distance=0.3)
    faces_reject(person=ann, faces=[face.pk], actor=None)
    suggestions_rebuild(event=gala)
    assert not Suggestion.objects.exclude(face=None).exists()
