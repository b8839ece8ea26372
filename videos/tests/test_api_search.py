"""GET videos/search/: moments by words and filters."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from conftest import Caller
from faces.models import Event, Person
from faces.services.uploads import event_create
from videos.models import Video
from videos.tests.happenings import happening
from videos.tests.portraits import a_film, seen

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static"),
]


@pytest.fixture
def client(caller: Callable[[str], Caller]) -> Caller:
    return caller("client")


@pytest.fixture
def event(own_storage: None) -> Event:
    return event_create(name="Gala")


@pytest.fixture
def party(event: Event) -> Video:
    video = a_film(event, name="party.mp4")
    happening(video, 3, 9, "Two people walk.", caption_ru="Двое людей идут.", object_counts={"person": 2})
    happening(video, 30, 34, "A bottle on a table.")
    happening(a_film(None, name="street.mp4"), 3, 9, "Two people walk.", object_counts={"person": 2})
    return video


def test_a_moment_says_where_it_is_what_it_shows_and_how_well_it_matches(
    client: Caller, party: Video, event: Event
) -> None:
    answer = client.read("videos/search/", q="people walking", event=event.slug)
    (moment,) = answer.json()
    links = {name: urlsplit(moment.pop(name)) for name in ("frame_url", "url")}
    assert 0.5 <= moment.pop("similarity") <= 1
    assert moment == {
        "id": party.events.get(start_s=3).pk,
        "video": party.pk,
        "film": "party.mp4",
        "event": event.slug,
        "timestamp_s": 6.0,
        "start_s": 3.0,
        "end_s": 9.0,
        "caption": "Two people walk.",
        "caption_ru": "Двое людей идут.",
        "object_counts": {"person": 2},
    }
    for link in links.values():
        assert link.scheme == "http"
        assert Client().get(f"{link.path}?{link.query}").status_code == 200


@pytest.mark.usefixtures("party")
def test_without_words_all_that_pass_are_listed(client: Caller) -> None:
    assert [moment["similarity"] for moment in client.read("videos/search/").json()] == [None] * 3
    assert len(client.read("videos/search/", top_k=2).json()) == 2
    assert [moment["event"] for moment in client.read("videos/search/", objects="person>=2").json()] == [None, "gala"]
    assert client.read("videos/search/", q="an aeroplane").json() == []


def test_it_looks_in_one_film_at_some_time_for_somebody(client: Caller, party: Video) -> None:
    seen(party, {32.0: (1,)})
    person = Person.objects.get()
    for query in (
        {"person": person.user_id},
        {"video": party.pk, "start_s": 20},
        {"video": party.pk, "objects": "person=0"},
    ):
        (moment,) = client.read("videos/search/", **query).json()
        assert moment["caption"] == "A bottle on a table."
    assert client.read("videos/search/", video=party.pk, start_s=10, end_s=20).json() == []


@pytest.mark.usefixtures("party")
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"objects": "person>=two"}, 400, "invalid"),
        ({"top_k": 0}, 400, "invalid"),
        ({"top_k": 501}, 400, "invalid"),
        ({"start_s": "soon"}, 400, "invalid"),
        ({"start_s": "nan"}, 400, "invalid"),
        ({"end_s": -1}, 400, "invalid"),
        ({"start_s": 10, "end_s": 5}, 400, "invalid"),
        ({"q": "people", "start_s": 10, "end_s": 5}, 400, "invalid"),
        ({"q": "people " * 100}, 400, "invalid"),
        ({"q": "people\0"}, 400, "invalid"),
        ({"video": "x"}, 400, "invalid"),
        ({"person": "anna"}, 400, "invalid"),
        ({"event": "no-such-event"}, 404, "not_found"),
        ({"person": str(uuid4())}, 404, "not_found"),
    ],
)
def test_what_cannot_be_asked_is_refused(client: Caller, query: dict[str, Any], status: int, code: str) -> None:
    answer = client.read("videos/search/", **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("role", "status"), [("organiser", 200), ("moderator", 200), ("client", 200), ("bot", 403), ("", 403)]
)
def test_attendees_find_their_own_moments_only(caller: Callable[[str], Caller], role: str, status: int) -> None:
    assert caller(role).read("videos/search/", q="people").status_code == status


def test_nobody_searches_without_a_token() -> None:
    assert Client().get("/api/v1/videos/search/").status_code == 401
