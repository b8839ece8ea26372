"""People and their photos over HTTP."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from conftest import Caller
from faces.models import Event, Face, Person
from faces.services.decisions import people_merge
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, CARL = 3, 17, 25


@pytest.fixture
def gala(db: None) -> Event:
    """Three photos of Ann, the last one less like her; two of Bob. Ann and Carl are in a draft too."""
    event, draft = event_create(name="Gala", published=True), event_create(name="Draft")
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN), painted(ANN, likeness=0.85))
    processed(draft, painted(ANN), painted(CARL))
    people_merge(into=_person("3.png"), others=[_person("1.png", "draft")], actor=None)
    return event


def _person(name: str, event: str = "gala") -> Person:
    """Whose face is the only one in that photo."""
    face: Face = Face.objects.filter(photo__original_name=name, photo__event__slug=event).order_by("pk")[0]
    assert face.person
    return face.person


def test_it_lists_people_with_most_photos_first(caller: Callers, gala: Event) -> None:
    page = caller("moderator").read("users/").json()
    assert page["count"] == 3
    assert [row["photos_count"] for row in page["results"]] == [4, 2, 1]
    assert set(page["results"][0]) == {"user_id", "name", "photos_count", "cover_url"}
    assert "/media/crops/" in page["results"][0]["cover_url"]


def test_it_lists_the_people_of_an_event_with_their_photos_there(caller: Callers, gala: Event) -> None:
    page = caller("client").read("users/", event="gala").json()
    assert [row["photos_count"] for row in page["results"]] == [3, 2]
    assert caller("client").read("users/", event="nowhere").status_code == 404
    assert caller("client").read("users/", event="a\0b").status_code == 400


def test_it_shows_one_person(caller: Callers, gala: Event) -> None:
    ann = _person("3.png")
    shown = caller("client").read(f"users/{ann.user_id}/").json()
    assert (shown["user_id"], shown["name"], shown["photos_count"]) == (str(ann.user_id), "", 4)
    assert caller("client").read(f"users/{ann.user_id}/", event="draft").json()["photos_count"] == 1


def test_it_pages_through_the_photos_of_a_person_best_first(caller: Callers, gala: Event) -> None:
    path = f"users/{_person('3.png').user_id}/photos/"
    page = caller("client").read(path, event="gala").json()
    assert (page["count"], [photo["name"] for photo in page["results"]][-1]) == (3, "4.png")
    similarities = [photo["similarity"] for photo in page["results"]]
    assert similarities == sorted(similarities, reverse=True)
    assert {"id", "name", "event", "similarity", "url", "thumbnail_url", "box"} <= set(page["results"][0])
    first = caller("client").read(path, page_size=1).json()
    assert (first["count"], len(first["results"])) == (4, 1)
    assert "page=2" in first["next"]


def test_it_shows_a_photo_once_where_a_person_was_merged_from_two_in_it(caller: Callers, gala: Event) -> None:
    ann, bob = _person("3.png"), _person("2.png")
    people_merge(into=ann, others=[bob], actor=None)
    page = caller("client").read(f"users/{ann.user_id}/photos/", event="gala").json()
    assert page["count"] == len(page["results"]) == 4
    assert len({photo["id"] for photo in page["results"]}) == 4


def test_it_answers_for_the_id_of_who_was_merged(caller: Callers, gala: Event) -> None:
    ann, bob = _person("3.png"), _person("2.png")
    people_merge(into=ann, others=[bob], actor=None)
    client = caller("client")
    assert client.read(f"users/{bob.user_id}/").json()["user_id"] == str(ann.user_id)
    assert client.read(f"users/{bob.user_id}/photos/").json()["count"] == 5


def test_it_keeps_the_photos_whose_face_another_engine_found(caller: Callers, gala: Event) -> None:
    Face.objects.filter(photo__original_name="3.png").update(contract="another/engine")
    page = caller("client").read(f"users/{_person('3.png').user_id}/photos/", event="gala").json()
    assert [photo["name"] for photo in page["results"]][-1] == "3.png"
    assert page["results"][-1]["similarity"] is None


def test_a_bot_sees_people_of_published_events_only(caller: Callers, gala: Event) -> None:
    bot, ann, carl = caller("bot"), _person("3.png"), _person("2.png", "draft")
    assert bot.read("users/").status_code == 403
    assert bot.read(f"users/{ann.user_id}/").json()["photos_count"] == 3
    assert bot.read(f"users/{ann.user_id}/photos/").json()["count"] == 3
    assert bot.read(f"users/{ann.user_id}/photos/", event="draft").status_code == 404
    for path in (f"users/{carl.user_id}/", f"users/{carl.user_id}/photos/"):
        assert (bot.read(path).status_code, bot.read(path).json()["code"]) == (404, "not_found")


def test_it_knows_no_unknown_person(caller: Callers) -> None:
    for path in (f"users/{uuid.uuid4()}/", f"users/{uuid.uuid4()}/photos/", "users/nobody/"):
        answer = caller("client").read(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_asks_the_same_queries_for_any_number_of_people_and_photos(
    caller: Callers, gala: Event, django_assert_max_num_queries: Any
) -> None:
    client, ann = caller("client"), _person("3.png")
    processed(gala, *(painted(identity) for identity in range(0, 36, 2)), *(painted(ANN) for _ in range(10)))
    with django_assert_max_num_queries(7):  # three for the token and its roles, count, page, covers, portraits
        assert len(client.read("users/").json()["results"]) > 15
    with django_assert_max_num_queries(9):  # the same three, the person, their portraits, who means them, count, page
        assert len(client.read(f"users/{ann.user_id}/photos/").json()["results"]) == 14
