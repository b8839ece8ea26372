"""The ledger, the faces of a person and the questions over HTTP."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from conftest import Caller
from faces.models import Event, Person, Suggestion
from faces.services.decisions import (
    decision_undo,
    faces_confirm,
    faces_split,
    people_hide,
    people_merge,
    person_name,
)
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


@pytest.fixture
def gala(db: None) -> Event:
    """Three people with 3, 2 and 1 photos; of the last two is asked whether they are one."""
    event = event_create(name="Gala")
    processed(event, painted(1), painted(1, 9), painted(1), painted(9), painted(17))
    _, bob, cat = _people()
    Suggestion.objects.create(event=event, one=bob, other=cat, distance=0.36)
    return event


def _people() -> list[Person]:
    return list(Person.objects.current().order_by("-photos_count", "pk"))


def test_it_lists_the_ledger_the_latest_first(caller: Callers, gala: Event) -> None:
    ann, bob, _ = _people()
    merge = people_merge(into=ann, others=[bob], actor=None)
    undo = decision_undo(decision=merge, actor=None)
    page = caller("client").read("decisions/").json()
    assert page["count"] == 2
    assert [row["kind"] for row in page["results"]] == ["undo", "merge"]
    assert (page["results"][0]["undid"], page["results"][1]["undone_by"]) == (merge.pk, undo.pk)
    assert set(page["results"][1]["people"]) == {str(ann.user_id), str(bob.user_id)}


def test_it_lists_decisions_of_a_kind_a_person_and_an_event(caller: Callers, gala: Event) -> None:
    ann, bob, cat = _people()
    person_name(person=bob, name="Bob", actor=None)
    people_merge(into=ann, others=[bob], actor=None)
    people_hide(people=[cat], actor=None)
    event_create(name="Lunch")
    client = caller("client")

    def kinds(**query: Any) -> list[str]:
        return [row["kind"] for row in client.read("decisions/", **query).json()["results"]]

    assert kinds(kind="hide") == ["hide"]
    assert kinds(person=str(cat.user_id)) == ["hide"]
    assert kinds(person=str(ann.user_id)) == kinds(person=str(bob.user_id)) == ["merge", "name"]
    assert kinds(event="gala") == ["hide", "merge", "name"]
    assert kinds(event="lunch") == []
    for query, status in (
        ({"kind": "guess"}, 400),
        ({"person": "ann"}, 400),
        ({"person": str(uuid.uuid4())}, 404),
        ({"event": "nowhere"}, 404),
    ):
        assert client.read("decisions/", **query).status_code == status, query


def test_an_undo_that_others_are_built_upon_names_them(caller: Callers, gala: Event) -> None:
    ann = _people()[0]
    split = faces_split(person=ann, faces=[ann.faces.all()[0].pk], actor=None)
    name = person_name(person=Person.objects.get(pk=split.payload["new"]), name="Ann", actor=None)
    answer = caller("moderator").send(f"decisions/{split.pk}/undo/")
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
    assert answer.json()["decisions"] == [name.pk]


def test_it_lists_the_faces_of_a_person_best_first(caller: Callers, gala: Event) -> None:
    ann = _people()[0]
    best = ann.faces.order_by("-quality", "pk")[0]
    faces_confirm(person=ann, faces=[best.pk], actor=None)
    page = caller("organiser").read(f"users/{ann.user_id}/faces/").json()
    assert (page["count"], page["results"][0]["id"]) == (3, best.pk)
    assert [row["assigned_by"] for row in page["results"]] == ["moderator", "engine", "engine"]
    shown = {"id", "photo_id", "event", "is_still", "box", "quality", "assigned_by", "url"}
    assert set(page["results"][0]) == shown
    assert "/media/crops/" in page["results"][0]["url"]
    event_create(name="Lunch")
    assert caller("client").read(f"users/{ann.user_id}/faces/", event="lunch").json()["count"] == 0


def test_the_faces_of_who_was_merged_are_the_survivors(caller: Callers, gala: Event) -> None:
    ann, bob, _ = _people()
    people_merge(into=ann, others=[bob], actor=None)
    assert caller("client").read(f"users/{bob.user_id}/faces/").json()["count"] == 5


def test_it_asks_questions_and_takes_answers(caller: Callers, gala: Event) -> None:
    moderator, (_, bob, cat) = caller("moderator"), _people()
    (question,) = moderator.read("events/gala/suggestions/").json()["results"]
    assert {question["one"]["user_id"], question["other"]["user_id"]} == {str(bob.user_id), str(cat.user_id)}
    assert question["face"] is None
    assert 0 < question["similarity"] < 1
    assert "/media/crops/" in question["one"]["cover_url"]
    path = f"suggestions/{question['id']}/answer/"
    assert moderator.send(path, {"answer": "later"}).json() == {"decision": None}
    assert moderator.read("events/gala/suggestions/").json()["results"][0]["postponed_at"]
    answer = moderator.send(path, {"answer": "yes"})
    assert (answer.status_code, answer.json()["decision"]["kind"]) == (200, "merge")
    assert Person.objects.resolve(cat.user_id) == bob
    assert moderator.read("events/gala/suggestions/").json()["count"] == 0
    assert moderator.send(path, {"answer": "no"}).status_code == 404
    moderator.send(f"decisions/{answer.json()['decision']['id']}/undo/")
    assert moderator.read("events/gala/suggestions/").json()["count"] == 0, "whoever undoes says that they differ"


def test_a_no_keeps_people_apart(caller: Callers, gala: Event) -> None:
    question = Suggestion.objects.get()
    answer = caller("moderator").send(f"suggestions/{question.pk}/answer/", {"answer": "no"})
    assert answer.json()["decision"]["kind"] == "differ"
    assert not Suggestion.objects.exists()


def test_a_question_about_a_face_moves_it_or_keeps_it_away(caller: Callers, gala: Event) -> None:
    ann, bob, _ = _people()
    moderator = caller("moderator")
    first, second = bob.faces.exclude(photo__faces__person=ann).order_by("pk")[:1].get(), ann.faces.order_by("pk")[0]
    yes = Suggestion.objects.create(event=gala, one=ann, other=bob, face=first, distance=0.3)
    no = Suggestion.objects.create(event=gala, one=bob, other=ann, face=second, distance=0.3)
    shown = [row["face"]["id"] for row in moderator.read("events/gala/suggestions/").json()["results"] if row["face"]]
    assert set(shown) == {first.pk, second.pk}
    assert moderator.send(f"suggestions/{no.pk}/answer/", {"answer": "no"}).json()["decision"]["kind"] == "reject"
    assert moderator.send(f"suggestions/{yes.pk}/answer/", {"answer": "yes"}).json()["decision"]["kind"] == "move"
    first.refresh_from_db()
    assert first.person == ann


@pytest.mark.parametrize("role", ["organiser", "client"])
def test_organisers_and_clients_only_read(caller: Callers, gala: Event, role: str) -> None:
    someone, question = caller(role), Suggestion.objects.get()
    for path in ("decisions/", "events/gala/suggestions/", f"users/{_people()[0].user_id}/faces/"):
        assert someone.read(path).status_code == 200
    assert someone.send(f"suggestions/{question.pk}/answer/", {"answer": "yes"}).status_code == 403


@pytest.mark.parametrize("role", ["bot", ""])
def test_others_read_nothing_of_the_ledger(caller: Callers, gala: Event, role: str) -> None:
    for path in ("decisions/", "events/gala/suggestions/", f"users/{_people()[0].user_id}/faces/"):
        assert caller(role).read(path).status_code == 403


def test_it_asks_the_same_queries_for_any_number_of_rows(
    caller: Callers, gala: Event, django_assert_max_num_queries: Any
) -> None:
    client, people = caller("client"), _people()
    for number in range(10):
        person_name(person=people[number % 3], name=f"No. {number}", actor=None)
    with django_assert_max_num_queries(8):  # three for the token and its roles, count, page, people, events
        assert len(client.read("decisions/", event="gala").json()["results"]) == 10
    with django_assert_max_num_queries(8):
        client.read("events/gala/suggestions/")
    with django_assert_max_num_queries(7):
        client.read(f"users/{people[0].user_id}/faces/")
