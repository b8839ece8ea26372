"""Deciding from the pages of Admin: what is sent, what is answered, who may, and what is refused."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from faces.admin.deciding import told
from faces.models import Decision, Event, Face, Person, Suggestion
from faces.services.decisions import faces_split, people_hide, people_merge
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
MOST_QUERIES_PER_ANSWER = 12


@pytest.fixture
def people() -> list[Person]:
    """Three people with 3, 2 and 1 photos, two of them never in one photo."""
    processed(event_create(name="Gala"), painted(1, 9), painted(1, 9), painted(1), painted(17))
    return list(Person.objects.order_by("-photos_count"))


@pytest.fixture
def moderator() -> Client:
    """Who decides."""
    return signed_in("moderator")


def _decide(browser: Client, kind: str, **fields: Any) -> Any:
    return browser.post(address("faces_person_decide"), {"kind": kind, **fields})


def _faces(person: Person) -> list[int]:
    return list(person.faces.order_by("pk").values_list("pk", flat=True))


def test_a_merge_tells_who_is_gone_and_how_to_take_it_back(people: list[Person], moderator: Client) -> None:
    cover = people[2].faces.get()
    fields = {"into": people[0].pk, "people": [people[2].pk], "name": "Ann", "cover": cover.pk}
    answer = _decide(moderator, "merge", **fields).json()
    decision = Decision.objects.get()
    assert answer["decision"] == decision.pk
    assert answer["sentence"] == f"Merged into “Ann”: “Person {people[2].pk}”."
    assert answer["undo"] == address("faces_decision_undo", decision.pk)
    assert answer["gone"] == [people[2].pk]
    [told] = answer["people"]
    assert (told["id"], told["name"], told["faces_count"], told["hidden"]) == (people[0].pk, "Ann", 4, False)
    assert told["url"] == address("faces_person_change", people[0].pk)
    assert cover.crop_key in told["cover"]
    assert str(decision.actor) == "the-moderator"


def test_json_is_taken_as_well_as_a_form(people: list[Person], moderator: Client) -> None:
    fields = {"kind": "merge", "into": people[0].pk, "people": [people[2].pk], "name": None}
    answer = moderator.post(address("faces_person_decide"), fields, content_type="application/json")
    assert answer.json()["gone"] == [people[2].pk]


def test_faces_are_split_off_moved_confirmed_and_ruled_out(people: list[Person], moderator: Client) -> None:
    one, other, last = _faces(people[0])
    split = _decide(moderator, "split", person=people[0].pk, faces=[last]).json()
    new = next(person["id"] for person in split["people"] if person["id"] != people[0].pk)
    assert split["sentence"].startswith(f"1 face split off “{people[0]}”: now “Person {new}”.")
    moved = _decide(moderator, "move", person=people[0].pk, faces=[one], to=new).json()
    assert moved["sentence"].startswith(f"1 face moved from “{people[0]}” to “Person {new}”.")
    assert Face.objects.get(pk=one).person_id == new
    confirmed = _decide(moderator, "confirm", person=people[0].pk, faces=[other]).json()
    assert confirmed["sentence"] == f"1 face of “{people[0]}” confirmed."
    rejected = _decide(moderator, "reject", person=people[1].pk, faces=_faces(people[1])).json()
    assert rejected["sentence"].startswith(f"2 faces are not “{people[1]}”.")


def test_what_is_no_face_is_dismissed_and_given_back(people: list[Person], moderator: Client) -> None:
    face = people[2].faces.get()
    answer = _decide(moderator, "dismiss", faces=[face.pk]).json()
    assert answer["sentence"] == "1 is not a face."
    assert answer["gone"] == [people[2].pk]
    face.refresh_from_db()
    assert face.dismissed
    back = moderator.post(answer["undo"], headers={"Accept": "application/json"}).json()
    assert back["sentence"].startswith("Taken back: 1 is not a face.")
    given = _decide(moderator, "move", faces=[face.pk], to=people[0].pk)
    face.refresh_from_db()
    assert given.status_code == 409 if face.person_id else given.json()["sentence"].startswith("1 face given to")


def test_people_are_hidden_shown_named_and_told_apart(people: list[Person], moderator: Client) -> None:
    ids = [person.pk for person in people]
    hidden = _decide(moderator, "hide", people=ids).json()
    assert hidden["sentence"] == f"Hidden: {', '.join(f'“Person {pk}”' for pk in sorted(ids))}."
    assert all(person["hidden"] for person in hidden["people"])
    shown = _decide(moderator, "show", people=ids[:1]).json()
    assert shown["sentence"] == f"Shown again: “Person {ids[0]}”."
    named = _decide(moderator, "name", person=ids[0], name=" Ann  Lee ").json()
    assert named["sentence"] == f"“Person {ids[0]}” is now called “Ann Lee”."
    unnamed = _decide(moderator, "name", person=ids[0], name="").json()
    assert unnamed["sentence"] == "The name “Ann Lee” was taken away."
    apart = _decide(moderator, "differ", people=ids[:2]).json()
    assert apart["sentence"].startswith("Different people: ")
    cover = _decide(moderator, "cover", person=ids[0], cover=_faces(people[0])[-1]).json()
    assert cover["sentence"] == f"Another cover for “Person {ids[0]}”."


def test_a_question_is_put_off_without_a_decision(people: list[Person], moderator: Client) -> None:
    event = Event.objects.get()
    question = Suggestion.objects.create(event=event, one=people[0], other=people[2], distance=0.4)
    answer = _decide(moderator, "postpone", suggestion=question.pk).json()
    assert (answer["decision"], answer["undo"]) == (None, None)
    question.refresh_from_db()
    assert question.postponed_at
    assert not Decision.objects.exists()


def test_a_script_takes_a_decision_back_once(people: list[Person], moderator: Client) -> None:
    decision = people_merge(into=people[0], others=[people[2]], actor=None)
    undo = address("faces_decision_undo", decision.pk)
    answer = moderator.post(undo, headers={"Accept": "application/json"}).json()
    assert answer["sentence"].startswith("Taken back: Merged into ")
    assert answer["undo"] is None
    assert {person["id"] for person in answer["people"]} == {people[0].pk, people[2].pk}
    again = moderator.post(undo, headers={"Accept": "application/json"})
    assert again.status_code == 409
    assert again.json()["code"] == "undone_already"


def test_an_undo_in_the_way_is_explained_with_the_decisions_to_undo_first(
    people: list[Person], moderator: Client
) -> None:
    split = faces_split(person=people[0], faces=_faces(people[0])[:1], actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    later = people_hide(people=[new], actor=None)
    undo = address("faces_decision_undo", split.pk)
    refused = moderator.post(undo, headers={"Accept": "application/json"})
    assert refused.status_code == 409
    assert refused.json()["decisions"] == [later.pk]
    assert f"#{later.pk}" in text(moderator.post(undo, follow=True))


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"kind": "explode"}, 400, "malformed"),
        ({"kind": ""}, 400, "malformed"),
        ({"kind": "merge", "into": "x", "people": ["1"]}, 400, "malformed"),
        ({"kind": "merge", "people": ["1"]}, 400, "nothing_chosen"),
        ({"kind": "merge", "into": 10**9, "people": ["1"]}, 404, "not_found"),
        ({"kind": "merge", "into": "99999999999999999999"}, 400, "malformed"),
        ({"kind": "hide"}, 400, "nothing_chosen"),
        ({"kind": "differ"}, 400, "nothing_chosen"),
        ({"kind": "dismiss"}, 400, "nothing_chosen"),
        ({"kind": "dismiss", "faces": ["²"]}, 400, "malformed"),
        ({"kind": "dismiss", "faces": [10**9]}, 409, "changed_since"),
        ({"kind": "postpone", "suggestion": 10**9}, 404, "not_found"),
        ({"kind": "postpone"}, 404, "not_found"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(moderator: Client, fields: dict[str, Any], status: int, code: str) -> None:
    answer = moderator.post(address("faces_person_decide"), fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]
    assert not Decision.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "7"])
def test_what_is_no_json_object_is_refused(moderator: Client, body: str) -> None:
    answer = moderator.post(address("faces_person_decide"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_somebody_merged_meanwhile_is_a_conflict(people: list[Person], moderator: Client) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    for kind, fields in (("hide", {"people": [people[2].pk]}), ("name", {"person": people[2].pk, "name": "Ann"})):
        answer = _decide(moderator, kind, **fields)
        assert (answer.status_code, answer.json()["code"]) == (409, "merged_already")


def test_merging_somebody_with_themself_is_refused(people: list[Person], moderator: Client) -> None:
    answer = _decide(moderator, "merge", into=people[0].pk, people=[people[0].pk])
    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_to_merge")


@pytest.mark.parametrize("role", ["organiser", "client", "bot", ""])
def test_only_moderators_decide(people: list[Person], role: str) -> None:
    browser = signed_in(role)
    assert _decide(browser, "hide", people=[people[0].pk]).status_code == 403
    decision = people_hide(people=people, actor=None)
    undo = address("faces_decision_undo", decision.pk)
    assert browser.post(undo, headers={"Accept": "application/json"}).status_code == 403
    assert Decision.objects.count() == 1


def test_nobody_decides_unknown_or_without_the_token(people: list[Person]) -> None:
    assert _decide(Client(), "hide", people=[people[0].pk]).status_code == 302
    careless = signed_in("moderator", enforce_csrf_checks=True)
    assert _decide(careless, "hide", people=[people[0].pk]).status_code == 403
    assert signed_in("moderator").get(address("faces_person_decide")).status_code == 405
    assert not Decision.objects.exists()


def test_the_answer_comes_in_the_readers_language(people: list[Person]) -> None:
    browser = signed_in("moderator", language="ru")
    answer = _decide(browser, "hide", people=[people[0].pk]).json()
    assert answer["sentence"] != ""


def test_telling_asks_equally_often_for_few_and_for_many_people(people: list[Person]) -> None:
    few, many = people_hide(people=people[:1], actor=None), people_hide(people=people, actor=None)
    counts = []
    for decision in (few, many):
        with CaptureQueriesContext(connection) as queries:
            told(decision)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= MOST_QUERIES_PER_ANSWER
