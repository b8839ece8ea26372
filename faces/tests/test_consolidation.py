"""The people of an event, clustered anew."""

from typing import Any

import pytest

from faces import clustering
from faces.models import Event, Face, Person, Photo
from faces.services import consolidation, pipeline
from faces.services.consolidation import event_consolidate, events_resume
from faces.services.decisions import faces_confirm, people_merge, person_cover, person_name
from faces.services.uploads import event_create
from faces.tests.ledger_laws import assert_rows_agree
from faces.tests.ledger_looks import given, person_like
from faces.tests.painting import painted, process, processed, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


@pytest.fixture
def gala() -> Event:
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB), painted(ANN, BOB, EVE), painted(ANN))
    return event


def _owners() -> list[int | None]:
    return list(Face.objects.order_by("pk").values_list("person", flat=True))


def test_it_changes_nothing_that_is_right(gala: Event) -> None:
    before = _owners()
    event_consolidate(event=gala)
    assert _owners() == before
    assert Person.objects.count() == 3


def test_it_gives_the_id_of_the_larger_part(gala: Event) -> None:
    ann = Person.objects.current().get(faces_count=3)
    stray = Person.objects.create(contract=ann.contract)
    face = Face.objects.filter(person=ann).order_by("pk")[:1]
    Face.objects.filter(pk__in=face).update(person=stray, engine_person=stray)
    Person.objects.refresh([ann.pk, stray.pk], contract=ann.contract)
    event_consolidate(event=gala)
    assert Person.objects.get(pk=ann.pk).faces_count == 3
    assert Person.objects.resolve(stray.user_id) == ann


def test_it_takes_apart_whom_the_engine_mixed_up(gala: Event) -> None:
    ann, bob = Person.objects.current().order_by("-faces_count")[:2]
    alone = Face.objects.filter(person=bob).exclude(photo__faces__person=ann)
    Face.objects.filter(person=bob).update(person=ann, engine_person=ann)
    Person.objects.refresh([ann.pk, bob.pk], contract=ann.contract)
    event_consolidate(event=gala)
    assert not alone.exists()
    assert sorted(Person.objects.current().values_list("faces_count", flat=True)) == [1, 2, 3]


def test_names_and_merges_hold(gala: Event) -> None:
    ann, bob, eve = Person.objects.current().order_by("-faces_count")
    person_name(person=eve, name="Eve", actor=None)
    people_merge(into=bob, others=[eve], actor=None)
    before = _owners()
    event_consolidate(event=gala)
    assert _owners() == before
    assert Person.objects.get(pk=bob.pk).name == "Eve"
    assert ann.pk in before


def test_it_is_asked_for_when_the_last_photo_is_ready(gala: Event, sent: list[Any], monkeypatch: Any) -> None:
    asked: list[tuple[str, list[int]]] = []
    monkeypatch.setattr("faces.services.people.enqueue", lambda path, ids: asked.append((path, ids)))
    first, second = upload(gala, painted(BOB), painted(EVE))
    process([first])
    assert asked == []
    process([second])
    assert asked == [("faces.tasks.consolidate_people", [gala.pk])]


def test_it_is_asked_for_when_the_last_photo_fails(gala: Event, sent: list[Any]) -> None:
    photo = upload(gala, painted(EVE))[0]
    Event.objects.filter(pk=gala.pk).update(revision=99)
    Photo.objects.filter(pk=photo.pk).update(attempts=9)
    pipeline.photos_ingest(photo_ids=[photo.pk])
    assert Photo.objects.get(pk=photo.pk).state == "failed"
    assert sent[-1] == ("faces.tasks.consolidate_people", [gala.pk])


def test_an_event_that_was_forgotten_is_found(gala: Event, monkeypatch: Any) -> None:
    sent: list[list[int]] = []
    monkeypatch.setattr(consolidation, "queue_length", lambda _queue: 0)
    monkeypatch.setattr(consolidation, "enqueue", lambda _path, ids, chunk: sent.append(ids))
    events_resume()
    Event.objects.filter(pk=gala.pk).update(revision=99)
    events_resume()
    assert sent == [[], [gala.pk]]


def test_a_decision_made_meanwhile_holds(gala: Event, monkeypatch: Any) -> None:
    _, bob, eve = Person.objects.current().order_by("-faces_count")
    cluster, calls = clustering.cluster, list[int]()

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        if not calls:
            people_merge(into=bob, others=[eve], actor=None)
        calls.append(1)
        return cluster(*args, **kwargs)

    monkeypatch.setattr(consolidation, "cluster", overtaken)
    event_consolidate(event=gala)
    assert len(calls) == 2
    assert Person.objects.resolve(eve.user_id) == bob
    assert Person.objects.get(pk=bob.pk).faces_count == 3


def test_an_event_without_faces_is_settled() -> None:
    event = event_create(name="Empty")
    processed(event, painted())
    event.refresh_from_db()
    assert event.revision == event.settled_revision == 1


@pytest.fixture
def ann(gala: Event) -> Person:
    """Ann in ten photos more, Bob in three; the engine gave her a very sharp face of his."""
    processed(gala, *[painted(ANN, det_score=0.8) for _ in range(10)], *[painted(BOB) for _ in range(3)])
    ann = person_like(ANN)
    face = Face.objects.filter(person=person_like(BOB)).order_by("-pk")[0]
    Face.objects.filter(pk=face.pk).update(quality=0.99)
    given([face], ann)
    ann.refresh_from_db()
    assert ann.cover_face == face
    return ann


def _real(ann: Person) -> set[int]:
    return set(ann.faces.values_list("pk", flat=True)) - {ann.cover_face_id or 0}


def test_name_and_id_stay_with_those_whose_faces_are_most_alike(gala: Event, ann: Person) -> None:
    real = _real(ann)
    person_name(person=ann, name="Ann", actor=None)
    event_consolidate(event=gala)
    assert set(ann.faces.values_list("pk", flat=True)) == real


def test_name_and_id_stay_with_the_cover_that_was_chosen(gala: Event, ann: Person) -> None:
    real = _real(ann)
    assert ann.cover_face
    person_cover(person=ann, face=ann.cover_face, actor=None)
    event_consolidate(event=gala)
    assert ann.cover_face in ann.faces.all()
    assert not ann.faces.filter(pk__in=real).exists()


def test_faces_on_somebody_who_was_merged_go_to_whoever_that_is_today(gala: Event) -> None:
    ann, bob, eve = (person_like(identity) for identity in (ANN, BOB, EVE))
    Person.objects.filter(pk=eve.pk).update(merged_into=bob)
    event_consolidate(event=gala)
    assert_rows_agree()
    assert not eve.faces.exists()
    assert ann.faces.count() == 3


def test_a_merge_holds_though_nobody_confirmed_a_face(gala: Event) -> None:
    ann, bob = person_like(ANN), person_like(BOB)
    people_merge(into=ann, others=[bob], actor=None)
    event_consolidate(event=gala)
    assert ann.faces.count() == 5
    assert not ann.faces.filter(assigned_by="moderator").exists()
    faces_confirm(person=ann, faces=list(ann.faces.values_list("pk", flat=True)), actor=None)
    assert ann.faces.filter(assigned_by="moderator").count() == 5
