"""The review board: who is on it and in which order, its views, its pages, its pieces, and who may open it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from faces.admin import board
from faces.models import Appearance, Event, Person
from faces.services.decisions import people_hide, people_merge, person_name
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
MOST_QUERIES = 12  # session, user and permissions included


@pytest.fixture
def event() -> Event:
    """Three people with 3, 2 and 1 photos, two of them never in one photo."""
    event = event_create(name="Gala")
    processed(event, painted(1, 9), painted(1, 9), painted(1), painted(17))
    return event


@pytest.fixture
def people(event: Event) -> list[Person]:
    """The people of the event, by size."""
    return list(Person.objects.order_by("-photos_count"))


@pytest.fixture
def moderator() -> Client:
    """Who decides."""
    return signed_in("moderator")


def _get(browser: Client, **query: Any) -> Any:
    return browser.get(address("faces_person_board"), query)


def _shown(answer: Any) -> list[int]:
    return [card.person_id for card in answer.context["board"].cards]


def _ids(people: list[Person]) -> list[int]:
    return [person.pk for person in people]


def test_people_are_cards_by_size_with_their_faces(people: list[Person], event: Event, moderator: Client) -> None:
    answer = _get(moderator, event=event.pk)
    assert _shown(answer) == _ids(people)
    assert [len(card.strip) for card in answer.context["board"].cards] == [2, 1, 0]  # besides the cover
    page = text(answer)
    assert address("faces_person_change", people[0].pk) in page
    assert people[0].cover_face.crop_key in page  # type: ignore[union-attr]


def test_only_people_faces_and_photos_of_the_event_count(people: list[Person], event: Event, moderator: Client) -> None:
    processed(event, painted(25))
    people = [*people, Person.objects.latest("pk")]
    processed(event_create(name="Lunch"), painted(25), painted(25), painted(11))
    answer = _get(moderator, event=event.pk)
    assert _shown(answer) == _ids(people)
    assert [card.photos_count for card in answer.context["board"].cards] == [3, 2, 1, 1]
    strips = [card.strip for card in answer.context["board"].cards]
    assert {face.photo.event_id for strip in strips for face in strip} == {event.pk}


def test_without_an_event_it_shows_the_latest(people: list[Person], moderator: Client) -> None:
    latest = event_create(name="Lunch")
    assert _get(moderator).context["board"].event == latest
    assert "Nobody was found in this event yet." in text(_get(moderator))


def test_before_there_is_an_event_it_says_so(moderator: Client) -> None:
    assert "There is no event yet." in text(_get(moderator))


def test_the_views_show_their_people_and_how_many(people: list[Person], event: Event, moderator: Client) -> None:
    person_name(person=people[0], name="Ann", actor=None)
    people_hide(people=[people[2]], actor=None)
    shown = {view: _shown(_get(moderator, event=event.pk, view=view)) for view in board.VIEWS}
    first, second, third = _ids(people)
    assert shown == {
        "all": [first, second],
        "several": [first, second],
        "once": [],
        "nameless": [second],
        "hidden": [third],
    }
    counts = {name: count for name, _t, count, _a in _get(moderator, event=event.pk).context["board"].counts}
    assert counts == {view: len(ids) for view, ids in shown.items()}


def test_people_are_searched_by_name_and_number(people: list[Person], event: Event, moderator: Client) -> None:
    person_name(person=people[1], name="Ann Lee", actor=None)
    assert _shown(_get(moderator, event=event.pk, q=" ann ")) == [people[1].pk]
    assert _shown(_get(moderator, event=event.pk, q=f"Person {people[2].pk}")) == [people[2].pk]
    assert _shown(_get(moderator, event=event.pk, q="100%")) == []
    assert "Nobody here is called “zoe”." in text(_get(moderator, event=event.pk, q="zoe"))


def test_pages_follow_one_another_without_gaps_and_doubles(
    people: list[Person], event: Event, moderator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    processed(event, painted(20), painted(22), painted(24))
    monkeypatch.setattr(board, "PEOPLE_PER_PAGE", 2)
    link, seen, pages = f"{address('faces_person_board')}?event={event.pk}", [], 0
    while link:
        answer = moderator.get(link)
        seen += _shown(answer)
        link, pages = answer.context["board"].more, pages + 1
    by_size = Appearance.objects.filter(event=event).order_by("-photos_count", "person_id")
    assert seen == list(by_size.values_list("person_id", flat=True))
    assert pages == 3


def test_a_script_gets_only_the_people_it_asks_for(people: list[Person], event: Event, moderator: Client) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    answer = _get(moderator, event=event.pk, part="cards", people=[people[0].pk, people[2].pk, "x"])
    assert _shown(answer) == [people[0].pk]
    page = text(answer)
    assert "<html" not in page
    assert "data-views" in page
    assert "data-more" not in page


def test_the_question_before_a_merge_offers_names_covers_and_warnings(
    people: list[Person], event: Event, moderator: Client
) -> None:
    person_name(person=people[1], name="Ann", actor=None)
    ask = {"event": event.pk, "part": "merge", "people": _ids(people[:2])}
    answer = _get(moderator, **ask)
    assert [person for person, _faces in answer.context["cards"]] == [people[1], people[0]]  # the named one survives
    page = text(answer)
    assert 'value="Ann"' in page
    assert "They stand in one photo together." in page
    assert page.count('name="cover"') == 5
    dropped = _get(moderator, **ask, into=people[0].pk)
    assert dropped.context["cards"][0][0] == people[0]


@pytest.mark.parametrize("chosen", [[], [0], [0, 10**9], ["x"]])
def test_the_question_needs_two_people(
    people: list[Person], event: Event, moderator: Client, chosen: list[Any]
) -> None:
    asked = [people[0].pk if each == 0 else each for each in chosen]
    answer = _get(moderator, event=event.pk, part="merge", people=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_to_merge")


@pytest.mark.parametrize(
    "query",
    [
        {"view": "x"},
        {"after": "x"},
        {"after": "9" * 40},
        {"after": "-1--1"},
        {"q": "\0"},
        {"q": "9" * 30},
        {"q": "x" * 5000},
    ],
)
def test_senseless_parameters_do_no_harm(event: Event, moderator: Client, query: dict[str, str]) -> None:
    assert _get(moderator, event=event.pk, **query).status_code == 200


@pytest.mark.parametrize("number", ["x", "0", "-1", "²", "9" * 40])
def test_an_event_that_is_not_there_is_not_found(event: Event, moderator: Client, number: str) -> None:
    assert _get(moderator, event=number).status_code == 404


def test_names_are_shown_as_they_are_written(people: list[Person], event: Event, moderator: Client) -> None:
    person_name(person=people[0], name='<b>"Ann"</b>', actor=None)
    assert "<b>" not in text(_get(moderator, event=event.pk)).split("data-people")[1].split("data-views")[0]


def test_an_organiser_sees_the_board_without_a_way_to_decide(people: list[Person], event: Event) -> None:
    page = text(_get(signed_in("organiser"), event=event.pk))
    assert address("faces_person_change", people[0].pk) in page
    for control in ('type="checkbox" autocomplete', "data-do=", "data-decide", "decide.js", "data-name"):
        assert control not in page
        assert control in text(_get(signed_in("moderator"), event=event.pk))


@pytest.mark.parametrize("role", ["client", "bot", ""])
def test_nobody_else_sees_it(event: Event, role: str) -> None:
    assert _get(signed_in(role), event=event.pk).status_code == 403
    assert _get(Client(), event=event.pk).status_code == 302


def test_it_asks_equally_often_for_few_and_for_many_people(
    people: list[Person], event: Event, moderator: Client
) -> None:
    def queries(**query: Any) -> int:
        with CaptureQueriesContext(connection) as asked:
            text(_get(moderator, event=event.pk, **query))
        return len(asked)

    parts: list[dict[str, Any]] = [{}, {"part": "cards"}, {"part": "merge", "people": _ids(people[:2])}]
    queries()  # what is asked once per process
    before = [queries(**part) for part in parts]
    processed(event, *(painted(number) for number in range(20, 30, 2)))
    parts[2]["people"] = list(Person.objects.current().values_list("pk", flat=True))
    assert [queries(**part) for part in parts] == before
    assert max(before) <= MOST_QUERIES


def test_the_event_and_the_sidebar_lead_to_it(event: Event, moderator: Client) -> None:
    assert f"{address('faces_person_board')}?event={event.pk}" in text(
        moderator.get(address("faces_event_change", event.pk))
    )
    assert f'href="{address("faces_person_board")}"' in text(moderator.get(address("index")))
