"""The queue of questions: what it shows, to whom, and what its answers decide."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faces.models import Decision, Event, Face, Person, Suggestion
from faces.services.suggestions import faces_offer
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]


@pytest.fixture
def gala() -> Event:
    """Six people, of whom two each may be one."""
    event = event_create(name="Gala")
    processed(event, *(painted(who) for who in range(0, 36, 6) for _ in range(2)))
    people = list(Person.objects.order_by("pk"))
    for number in range(0, len(people), 2):
        one, other = people[number : number + 2]
        Suggestion.objects.create(event=event, one=one, other=other, distance=0.3 + number / 100)
    return event


def _queue(role: str = "moderator", **query: Any) -> Any:
    return signed_in(role).get(address("faces_suggestion_review"), query)


def _questions(event: Event) -> Any:
    return signed_in("moderator").get(address("faces_suggestion_questions", event.pk)).json()


def _decide(fields: dict[str, Any]) -> Any:
    sent = {name: value for name, value in fields.items() if value is not None}
    return signed_in("moderator").post(address("faces_person_decide"), sent)


def test_it_shows_the_pairs_of_the_event_with_their_faces_in_context(gala: Event) -> None:
    answer = _questions(gala)
    assert (answer["left"], answer["postponed"], len(answer["questions"])) == (3, 0, 3)
    one, other = answer["questions"][0]["sides"]
    assert (len(one["faces"]), len(other["faces"])) == (2, 2)
    assert one["faces"][0]["photo"].startswith("/media/")
    assert "left:" in one["faces"][0]["box"]
    assert "Same person?" in str(answer["questions"][0]["title"])


def test_yes_lets_the_named_one_survive_however_small(gala: Event) -> None:
    question = Suggestion.objects.queue()[0]
    small = question.other
    assert small
    Person.objects.filter(pk=small.pk).update(photos_count=1)
    Person.objects.filter(pk=small.pk).update(name="Ann")
    fields = _questions(gala)["questions"][0]["fields"]
    assert _decide(fields["yes"]).status_code == 200
    assert Decision.objects.get().payload["into"] == small.pk
    assert _questions(gala)["left"] == 2


def test_no_says_that_they_differ_and_later_puts_it_last(gala: Event) -> None:
    first, second, third = _questions(gala)["questions"]
    _decide(first["fields"]["later"])
    _decide(second["fields"]["no"])
    answer = _questions(gala)
    assert Decision.objects.get().kind == Decision.Kind.DIFFER
    assert [question["key"] for question in answer["questions"]] == [third["key"], first["key"]]
    assert (answer["postponed"], answer["questions"][1]["postponed"]) == (1, True)


def test_a_question_about_a_face_moves_it_or_says_whose_it_is_not(gala: Event) -> None:
    Suggestion.objects.all().delete()
    face = Face.objects.order_by("pk").last()
    assert face
    ann = Face.objects.order_by("pk")[0].person
    assert ann
    Person.objects.filter(pk=ann.pk).update(name="Ann")
    faces_offer(event=gala, offers={(face.pk, ann.pk): 0.3})
    question = _questions(gala)["questions"][0]
    assert question["title"] == "Is this face Ann?"
    assert question["sides"][1]["owner"] == f"now: Person {face.person_id}"
    assert question["fields"]["no"] == {"kind": "reject", "person": ann.pk, "faces": [face.pk]}
    assert _decide(question["fields"]["yes"]).status_code == 200
    face.refresh_from_db()
    assert face.person_id == ann.pk
    assert _questions(gala)["left"] == 0


def test_it_warns_of_two_names_and_of_one_photo(gala: Event) -> None:
    question = Suggestion.objects.queue()[0]
    assert question.other
    Person.objects.filter(pk=question.one_id).update(name="Ann")
    Person.objects.filter(pk=question.other.pk).update(name="Bea")
    names = _questions(gala)["questions"][0]["notes"]
    assert [note["kind"] for note in names] == ["names"]
    assert "Ann" in names[0]["text"] and "Bea" in names[0]["text"]
    photo = Face.objects.filter(person=question.one_id)[0].photo_id
    Face.objects.filter(person=question.other_id).update(photo=photo)
    assert [note["kind"] for note in _questions(gala)["questions"][0]["notes"]] == ["bad", "names"]


def test_organisers_see_without_answering_and_others_see_nothing(gala: Event) -> None:
    assert 'data-answer="yes"' in text(_queue(event=gala.pk))
    seen = text(_queue("organiser", event=gala.pk))
    assert 'data-answer="yes"' not in seen
    assert "Moderators answer these questions." in seen
    for role in ("client", "bot", ""):
        assert _queue(role, event=gala.pk).status_code == 403
        assert signed_in(role).get(address("faces_suggestion_questions", gala.pk)).status_code == 403


def test_without_an_event_it_opens_where_most_is_asked(gala: Event) -> None:
    event_create(name="Empty")
    assert _queue().context["event"] == gala
    assert _queue(event=10**6).status_code == 404
    assert _queue(event="x").status_code == 404


def test_nothing_to_ask_is_said(gala: Event) -> None:
    Suggestion.objects.all().delete()
    assert "There is nothing to ask in any event." in text(_queue())
    assert "All questions are answered." in text(_queue(event=gala.pk))


def test_the_list_leads_to_the_queue(gala: Event) -> None:
    answer = signed_in("moderator").get(address("faces_suggestion_changelist"))
    assert answer["Location"] == address("faces_suggestion_review")


def test_it_asks_the_database_equally_often_for_few_and_many_questions(gala: Event) -> None:
    link, browser = address("faces_suggestion_questions", gala.pk), signed_in("moderator")

    def asked() -> int:
        browser.get(link)
        with CaptureQueriesContext(connection) as queries:
            browser.get(link)
        return len(queries)

    many = asked()
    Suggestion.objects.filter(pk__in=Suggestion.objects.all()[:2].values("pk")).delete()
    assert asked() == many <= 16


def test_the_event_links_to_its_questions(gala: Event) -> None:
    page = text(signed_in("moderator").get(address("faces_event_change", gala.pk)))
    assert f"{address('faces_suggestion_review')}?event={gala.pk}" in page
    for name in ("faces_event_calibration", "faces_event_accuracy"):
        assert address(name, gala.pk) in page
