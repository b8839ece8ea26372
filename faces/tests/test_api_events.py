"""Events over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from conftest import Caller
from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = pytest.mark.django_db


def test_it_makes_an_event(caller: Callers) -> None:
    answer = caller("organiser").send("events/", {"name": "Summer Gala", "date": "2026-06-12", "published": True})
    assert answer.status_code == 201
    assert answer.json() == {
        "slug": "summer-gala",
        "name": "Summer Gala",
        "date": "2026-06-12",
        "photos_count": 0,
        "people_count": 0,
        "published": True,
        "access": "public",
        "text": "",
        "cover_url": None,
        "page_url": "http://testserver/e/summer-gala/",
        "retention_days": None,
        "originals_allowed": True,
        "released_only": False,
    }


def test_it_makes_a_slug_of_a_name_in_any_alphabet(caller: Callers) -> None:
    client = caller("client")
    assert client.send("events/", {"name": "Летний бал"}).json()["slug"] == "letnii-bal"
    assert client.send("events/", {"name": "Летний бал"}).json()["slug"] == "letnii-bal-2"


def test_it_keeps_two_events_with_one_slug_apart(caller: Callers) -> None:
    client = caller("client")
    assert client.send("events/", {"name": "One", "slug": "gala"}).status_code == 201
    answer = client.send("events/", {"name": "Two", "slug": "gala"})
    assert (answer.status_code, answer.json()["code"]) == (400, "slug_taken")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x\0y"}, "name"),
        ({"name": "x", "date": "12.6.2026"}, "date"),
        ({"name": "x", "slug": "a b"}, "slug"),
    ],
)
def test_it_says_which_field_is_wrong(caller: Callers, data: dict[str, Any], field: str) -> None:
    answer = caller("organiser").send("events/", data)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert answer.json()["detail"].startswith(f"{field}: ")
    assert list(answer.json()["fields"]) == [field]


@pytest.mark.usefixtures("fake_engine")
def test_it_counts_photos_and_people(caller: Callers) -> None:
    processed(event_create(name="Gala"), painted(1, 9), painted(1))
    processed(event_create(name="Lunch"), painted(1))
    counts = {row["slug"]: (row["photos_count"], row["people_count"]) for row in _results(caller("client"))}
    assert counts == {"gala": (2, 2), "lunch": (1, 1)}
    assert caller("client").read("events/gala/").json()["people_count"] == 2


@pytest.mark.parametrize("number", [1, 40])
def test_it_lists_any_number_of_events_in_five_queries(
    caller: Callers, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        event_create(name=f"Event {index}")
    client = caller("client")
    with django_assert_num_queries(5):  # two for the token, one for its roles, the number of events, the page
        assert len(_results(client)) == number


def test_it_pages_through_events(caller: Callers) -> None:
    for index in range(5):
        event_create(name=f"Event {index}")
    page = caller("client").read("events/", page_size=2, page=2).json()
    assert (page["count"], len(page["results"])) == (5, 2)
    assert "page=3" in page["next"]
    assert "page_size=2" in page["previous"]
    assert caller("client").read("events/", page=9).json()["code"] == "not_found"


def test_it_shows_drafts_to_everybody_but_the_bot(caller: Callers) -> None:
    event_create(name="Draft")
    event_create(name="Open", published=True)
    for role, seen in {"organiser": 2, "moderator": 2, "client": 2, "bot": 1}.items():
        assert caller(role).read("events/").json()["count"] == seen
        assert caller(role).read("events/draft/").status_code == (200 if seen == 2 else 404)


def test_only_organisers_and_clients_make_events(caller: Callers) -> None:
    for role in ("moderator", "bot", ""):
        assert caller(role).send("events/", {"name": "Gala"}).status_code == 403
    assert not Event.objects.exists()


def _results(client: Caller) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.read("events/").json()["results"]
    return rows
