"""The history of decisions: of everybody, of a person, of an event; what each says, and its undoing."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from faces.models import Decision, Event, Person
from faces.services.decisions import (
    decision_undo,
    faces_confirm,
    faces_dismiss,
    faces_move,
    faces_split,
    people_hide,
    people_merge,
    person_name,
)
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
LIST = "faces_decision_changelist"


@pytest.fixture
def people() -> list[Person]:
    """Three people with 4, 3 and 2 photos; no two of the first and the last in one photo."""
    files = [painted(1, 9), painted(1, 9), painted(1, 9), painted(1), painted(17), painted(17)]
    processed(event_create(name="Gala"), *files)
    return list(Person.objects.order_by("-photos_count"))


def _page(role: str = "moderator", language: str = "en", **query: Any) -> str:
    return text(signed_in(role, language=language).get(address(LIST), query))


def _listed(**query: Any) -> list[int]:
    answer = signed_in("moderator").get(address(LIST), query)
    return [decision.pk for decision in answer.context["cl"].result_list]


def _faces(person: Person, count: int) -> list[int]:
    return list(person.faces.order_by("pk").values_list("pk", flat=True)[:count])


def test_each_decision_says_what_happened_by_whom_and_to_whom(people: list[Person]) -> None:
    actor = User.objects.create(username="mo")
    person_name(person=people[0], name="Ann", actor=actor)
    faces_confirm(person=people[0], faces=_faces(people[0], 2), actor=actor)
    page = _page()
    assert f"“Person {people[0].pk}” is now called “Ann”." in page
    assert "2 faces of “Ann” confirmed." in page
    assert ">mo<" in page.replace(" ", "").replace("\n", "")
    assert page.count(f'<a class="pf-told-person" href="{address("faces_person_change", people[0].pk)}"') == 2
    assert page.count('width="32"') == 2


def test_it_is_said_in_the_readers_language(people: list[Person]) -> None:
    person_name(person=people[0], name="Ann", actor=None)
    assert "Что решено об этом человеке" in _page(language="ru", person=people[0].pk)


def test_the_kind_of_each_decision_is_said_in_russian(people: list[Person]) -> None:
    person_name(person=people[0], name="Ann", actor=None)
    assert re.search(r">\s*имя\s*<", _page(language="ru"))
    with translation.override("ru"):
        assert "name" not in {str(label).lower() for label in Decision.Kind.labels}


def test_the_latest_comes_first_and_the_list_is_narrowed(people: list[Person]) -> None:
    actor = User.objects.create(username="mo")
    name = person_name(person=people[0], name="Ann", actor=actor).pk
    hide = people_hide(people=[people[1]], actor=None).pk
    assert _listed() == [hide, name]
    assert _listed(kind="name") == [name]
    assert _listed(actor=actor.pk) == [name]
    assert _listed(person=people[1].pk) == [hide]
    assert _listed(person="x", event="y", actor="z") == [hide, name]


def test_the_history_of_an_event_has_only_its_own(people: list[Person]) -> None:
    processed(event_create(name="Lunch"), painted(25))
    lunch = Event.objects.get(name="Lunch")
    guest = Person.objects.in_events(Event.objects.filter(pk=lunch.pk)).get()
    mine = person_name(person=guest, name="Guest", actor=None).pk
    other = person_name(person=people[0], name="Ann", actor=None).pk
    assert _listed(event=lunch.pk) == [mine]
    assert _listed(event=Event.objects.get(name="Gala").pk) == [other]
    assert "Lunch</a><p" in _page(event=lunch.pk)


def test_a_persons_history_has_those_of_everybody_merged_into_them(people: list[Person]) -> None:
    first = person_name(person=people[1], name="Bob", actor=None).pk
    merge = people_merge(into=people[2], others=[people[1]], actor=None).pk
    last = people_merge(into=people[0], others=[people[2]], actor=None).pk
    assert _listed(person=people[0].pk) == [last, merge, first]
    assert _listed(person=people[1].pk) == [merge, first]


def test_a_moderator_undoes_from_the_list_and_an_organiser_does_not(people: list[Person]) -> None:
    decision = people_merge(into=people[0], others=[people[2]], actor=None)
    undo = address("faces_decision_undo", decision.pk)
    assert f'data-undo href="{undo}"' in _page()
    page = _page(role="organiser")
    assert undo not in page
    assert "data-decide" not in page


def test_what_was_undone_says_when_and_by_whom_and_offers_no_button(people: list[Person]) -> None:
    decision = people_merge(into=people[0], others=[people[2]], actor=None)
    decision_undo(decision=decision, actor=User.objects.create(username="mo"))
    page = _page()
    assert "data-undo" not in page
    assert " by mo</span>" in page
    assert "Taken back: Merged into" in page


def test_what_others_are_built_upon_says_which_to_undo_first(people: list[Person]) -> None:
    split = faces_split(person=people[0], faces=_faces(people[0], 2), actor=None)
    new = Person.objects.get(pk=split.payload["new"])
    later = person_name(person=new, name="Ann", actor=None)
    page = _page()
    assert f'Undo first what was built upon it: <a class="pf-link" href="#decision-{later.pk}">#{later.pk}</a>' in page
    assert address("faces_decision_undo", split.pk) not in page
    assert address("faces_decision_undo", later.pk) in page
    decision_undo(decision=later, actor=None)
    assert address("faces_decision_undo", split.pk) in _page()


def test_it_asks_equally_often_for_few_and_for_many_decisions(people: list[Person]) -> None:
    browser = signed_in("moderator")

    def decide(name: str) -> None:
        person_name(person=people[0], name=name, actor=None)
        merge = people_merge(into=people[0], others=[people[2]], actor=None)
        decision_undo(decision=merge, actor=None)
        faces_split(person=people[1], faces=_faces(people[1], 1), actor=None)
        faces_move(person=people[0], faces=_faces(people[0], 1), to=people[2], actor=None)
        people[1].refresh_from_db()

    def queries() -> int:
        link = f"{address(LIST)}?person={people[0].pk}"
        browser.get(link)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(link).status_code == 200
        return len(asked)

    decide("Ann")
    before = queries()
    decide("Bob")
    assert queries() == before <= 20


def test_faces_that_are_none_leave_the_person_but_not_the_photo(people: list[Person]) -> None:
    face = people[2].faces.all()[0]
    photo = face.photo
    decision = faces_dismiss(faces=[face.pk], actor=User.objects.create(username="mo"))
    page = text(signed_in("organiser").get(address("faces_photo_change", photo.pk)))
    assert "0 faces" in page
    assert "pf-box-dismissed" in page
    assert f"#decision-{decision.pk}" in page
    listed = signed_in("organiser").get(address("faces_photo_changelist"), {"has_faces": "no"})
    assert [row.pk for row in listed.context["cl"].result_list] == [photo.pk]


def test_a_hidden_person_is_drawn_as_such_in_a_photo(people: list[Person]) -> None:
    photo = people[2].faces.all()[0].photo
    assert "visibility_off" not in text(signed_in("organiser").get(address("faces_photo_change", photo.pk)))
    people_hide(people=[people[2]], actor=None)
    page = text(signed_in("organiser").get(address("faces_photo_change", photo.pk)))
    assert "visibility_off" in page
    assert 'class="pf-box pf-box-hidden' in page
    assert Decision.objects.get().kind == "hide"
