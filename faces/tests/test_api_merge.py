"""Moderators merge people over HTTP, and take it back."""

import uuid
from collections.abc import Callable

import pytest

from conftest import Caller
from faces.models import Decision, Person
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


@pytest.fixture
def people(db: None) -> list[Person]:
    """Two people with 2 photos and 1."""
    processed(event_create(name="Gala"), painted(1, 9), painted(1))
    return list(Person.objects.order_by("-photos_count"))


def test_it_merges_and_answers_the_decision(caller: Callers, people: list[Person]) -> None:
    moderator = caller("moderator")
    answer = moderator.send(f"users/{people[1].user_id}/merge/", {"into": str(people[0].user_id)})
    decision = Decision.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "id": decision.pk,
        "kind": "merge",
        "at": answer.json()["at"],
        "by": moderator.user.username,
        "undone_by": None,
        "undid": None,
        "people": [str(person.user_id) for person in sorted(people, key=lambda person: person.pk)],
        "new_user_id": None,
        "events": ["gala"],
        "faces_count": 3,
        "followed_count": 0,
    }
    assert Person.objects.current().get() == people[0]


def test_it_takes_a_merge_back(caller: Callers, people: list[Person]) -> None:
    moderator = caller("moderator")
    merge = moderator.send(f"users/{people[1].user_id}/merge/", {"into": str(people[0].user_id)}).json()
    undo = moderator.send(f"decisions/{merge['id']}/undo/")
    assert (undo.status_code, undo.json()["kind"]) == (200, "undo")
    assert Person.objects.current().count() == 2
    again = moderator.send(f"decisions/{merge['id']}/undo/")
    assert (again.status_code, again.json()["code"]) == (409, "undone_already")


def test_it_does_not_merge_somebody_with_themselves(caller: Callers, people: list[Person]) -> None:
    answer = caller("moderator").send(f"users/{people[0].user_id}/merge/", {"into": str(people[0].user_id)})
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_to_merge")


def test_it_knows_both_people_or_says_so(caller: Callers, people: list[Person]) -> None:
    moderator, unknown, known = caller("moderator"), str(uuid.uuid4()), str(people[0].user_id)
    for path, into, status in (
        (known, unknown, 404),
        (unknown, known, 404),
        (known, "nobody", 400),
        (known, None, 400),
    ):
        assert moderator.send(f"users/{path}/merge/", {"into": into}).status_code == status
    assert moderator.send("decisions/0/undo/").status_code == 404


@pytest.mark.parametrize("role", ["organiser", "client", "bot", ""])
def test_only_moderators_decide(caller: Callers, people: list[Person], role: str) -> None:
    someone = caller(role)
    answer = someone.send(f"users/{people[1].user_id}/merge/", {"into": str(people[0].user_id)})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert "moderator" in answer.json()["detail"]
    assert someone.send("decisions/1/undo/").status_code == 403
