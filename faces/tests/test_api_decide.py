"""Moderators split, move, confirm, reject, dismiss, name and hide over HTTP; each answer is the decision."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from conftest import Caller
from faces.models import Decision, Face, Person
from faces.services.decisions import people_merge
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


@pytest.fixture
def people(db: None) -> list[Person]:
    """Two people with 3 photos and 1."""
    processed(event_create(name="Gala"), painted(1, 9), painted(1), painted(1))
    return list(Person.objects.order_by("-photos_count"))


def _faces(person: Person) -> list[int]:
    return list(person.faces.order_by("pk").values_list("pk", flat=True))


def _owners(faces: list[int]) -> set[int | None]:
    return set(Face.objects.filter(pk__in=faces).values_list("person", flat=True))


def test_it_splits_faces_off_and_answers_whose_they_are(caller: Callers, people: list[Person]) -> None:
    faces = _faces(people[0])[:2]
    answer = caller("moderator").send(f"users/{people[0].user_id}/split/", {"faces": faces})
    assert answer.status_code == 200
    new = Person.objects.get(user_id=answer.json()["new_user_id"])
    assert _owners(faces) == {new.pk}
    assert answer.json()["people"] == [str(people[0].user_id), str(new.user_id)]
    assert (answer.json()["kind"], answer.json()["events"], answer.json()["faces_count"]) == ("split", ["gala"], 2)


def test_it_does_not_split_all_faces_off(caller: Callers, people: list[Person]) -> None:
    answer = caller("moderator").send(f"users/{people[0].user_id}/split/", {"faces": _faces(people[0])})
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_left")


def test_it_moves_faces(caller: Callers, people: list[Person]) -> None:
    ann, bob = people
    faces = _faces(ann)[1:]
    answer = caller("moderator").send(f"users/{ann.user_id}/move/", {"faces": faces, "to": str(bob.user_id)})
    assert (answer.status_code, answer.json()["kind"]) == (200, "move")
    assert _owners(faces) == {bob.pk}


def test_a_face_that_somebody_else_has_by_now_is_a_conflict(caller: Callers, people: list[Person]) -> None:
    ann, bob = people
    for action in ("split", "confirm"):
        answer = caller("moderator").send(f"users/{ann.user_id}/{action}/", {"faces": _faces(bob)})
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")


def test_somebody_who_was_merged_is_a_conflict(caller: Callers, people: list[Person]) -> None:
    ann, bob = people
    faces = _faces(bob)
    people_merge(into=ann, others=[bob], actor=None)
    for action in ("split", "confirm", "reject"):
        answer = caller("moderator").send(f"users/{bob.user_id}/{action}/", {"faces": faces})
        assert (answer.status_code, answer.json()["code"]) == (409, "merged_already")


def test_it_confirms_and_rejects(caller: Callers, people: list[Person]) -> None:
    moderator, (ann, _) = caller("moderator"), people
    first, second, _third = _faces(ann)
    assert moderator.send(f"users/{ann.user_id}/confirm/", {"faces": [first]}).json()["kind"] == "confirm"
    assert moderator.send(f"users/{ann.user_id}/reject/", {"faces": [second]}).json()["kind"] == "reject"
    assert Face.objects.get(pk=first).assigned_by == "moderator"
    assert _owners([second]) != {ann.pk}


def test_it_dismisses_what_is_no_face(caller: Callers, people: list[Person]) -> None:
    faces = _faces(people[1])
    answer = caller("moderator").send("faces/dismiss/", {"faces": faces})
    assert (answer.status_code, answer.json()["kind"]) == (200, "dismiss")
    assert Face.objects.get(pk=faces[0]).dismissed


def test_it_keeps_two_people_apart(caller: Callers, people: list[Person]) -> None:
    ann, bob = people
    answer = caller("moderator").send(f"users/{ann.user_id}/differ/", {"other": str(bob.user_id)})
    assert (answer.status_code, answer.json()["kind"]) == (200, "differ")


def test_it_names_hides_and_chooses_a_cover_in_one_request(caller: Callers, people: list[Person]) -> None:
    ann, cover = people[0], _faces(people[0])[2]
    change = {"name": " Ann  Lee ", "hidden": True, "cover": cover}
    answer = _patch(caller("moderator"), f"users/{ann.user_id}/", change)
    assert answer.status_code == 200
    assert [decision["kind"] for decision in answer.json()] == ["name", "hide", "cover"]
    ann.refresh_from_db()
    assert (ann.name, ann.hidden, ann.cover_face_id) == ("Ann Lee", True, cover)


def test_a_change_of_which_a_part_is_refused_changes_nothing(caller: Callers, people: list[Person]) -> None:
    change = {"name": "Ann", "cover": _faces(people[1])[0]}
    answer = _patch(caller("moderator"), f"users/{people[0].user_id}/", change)
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
    assert not Decision.objects.exists()
    for bad in ({}, {"name": "x" * 201}, {"hidden": "perhaps"}, {"cover": -1}):
        assert _patch(caller("moderator"), f"users/{people[0].user_id}/", bad).status_code == 400


def test_a_merge_chooses_the_name_and_the_cover_that_stay(caller: Callers, people: list[Person]) -> None:
    ann, bob = people
    sent = {"into": str(ann.user_id), "name": "Ann", "cover": _faces(bob)[0]}
    assert caller("moderator").send(f"users/{bob.user_id}/merge/", sent).status_code == 200
    ann.refresh_from_db()
    assert (ann.name, ann.cover_face_id) == ("Ann", sent["cover"])
    sent = {"into": str(ann.user_id), "name": "x" * 201}
    assert caller("moderator").send(f"users/{bob.user_id}/merge/", sent).status_code in (400, 409)


@pytest.mark.parametrize("faces", [None, [], "1", [0], ["one"], [2**63], {"1": 2}, [10**9]])
def test_faces_are_ids_of_faces(caller: Callers, people: list[Person], faces: Any) -> None:
    answer = caller("moderator").send(f"users/{people[0].user_id}/split/", {"faces": faces})
    assert answer.status_code in (400, 409)
    assert not Decision.objects.exists()


def test_it_knows_everybody_named_or_says_so(caller: Callers, people: list[Person]) -> None:
    moderator, unknown = caller("moderator"), str(uuid.uuid4())
    ann, faces = people[0].user_id, _faces(people[0])[:1]
    for path, sent in (
        (f"users/{unknown}/split/", {"faces": faces}),
        (f"users/{ann}/move/", {"faces": faces, "to": unknown}),
        (f"users/{ann}/differ/", {"other": unknown}),
        (f"users/{ann}/merge/", {"into": str(people[1].user_id), "cover": 10**9}),
    ):
        assert moderator.send(path, sent).status_code == 404, path


@pytest.mark.parametrize("role", ["organiser", "client", "bot", ""])
def test_only_moderators_decide(caller: Callers, people: list[Person], role: str) -> None:
    someone, faces = caller(role), {"faces": _faces(people[0])[:1]}
    for action in ("split", "move", "confirm", "reject", "differ", "merge"):
        assert someone.send(f"users/{people[0].user_id}/{action}/", faces).status_code == 403
    assert someone.send("faces/dismiss/", faces).status_code == 403
    assert _patch(someone, f"users/{people[0].user_id}/", {"name": "Ann"}).status_code == 403
    assert not Decision.objects.exists()


def _patch(caller: Caller, path: str, change: Any) -> Any:
    return caller.patch(f"/api/v1/{path}", change, format="json")
