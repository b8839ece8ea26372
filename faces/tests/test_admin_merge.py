"""Merging people from the list, and taking it back."""

from typing import Any

import pytest
from django.test import Client

from faces.models import Decision, Person
from faces.services.decisions import people_merge, person_name
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]


@pytest.fixture
def people() -> list[Person]:
    """Three people with 3, 2 and 1 photos, two of them never in one photo."""
    processed(event_create(name="Gala"), painted(1, 9), painted(1, 9), painted(1), painted(17))
    return list(Person.objects.order_by("-photos_count"))


def _merge(browser: Client, people: list[Person], **answer: Any) -> Any:
    chosen = {"action": "merge", "_selected_action": [person.pk for person in people]}
    return browser.post(address("faces_person_changelist"), chosen | answer, follow=True)


def _offered(answer: Any) -> list[Person]:
    return [person for person, _ in answer.context["cards"]]


def test_it_asks_who_survives_and_proposes_who_has_most_photos(people: list[Person]) -> None:
    answer = _merge(signed_in("moderator"), [people[2], people[0]])
    assert _offered(answer) == [people[0], people[2]]
    assert text(answer).count("checked") == 1
    assert not Decision.objects.exists()


def test_it_rather_proposes_who_has_a_name(people: list[Person]) -> None:
    Person.objects.filter(pk=people[2].pk).update(name="Ann")
    assert _offered(_merge(signed_in("moderator"), people))[0] == people[2]


def test_it_warns_of_people_in_one_photo_and_of_two_names(people: list[Person]) -> None:
    Person.objects.filter(pk=people[0].pk).update(name="Ann")
    Person.objects.filter(pk=people[1].pk).update(name="Bob")
    browser = signed_in("moderator")
    together = text(_merge(browser, people[:2]))
    assert "They stand in one photo together." in together
    assert "<strong>Ann, Bob</strong>" in together
    apart = text(_merge(browser, [people[0], people[2]]))
    assert "They stand in one photo together." not in apart


def test_it_merges_into_the_chosen_one_and_offers_to_undo(people: list[Person]) -> None:
    browser = signed_in("moderator")
    answer = _merge(browser, [people[0], people[2]], into=people[2].pk)
    decision = Decision.objects.get()
    assert str(decision.actor) == "the-moderator"
    assert answer.redirect_chain == [(address("faces_person_change", people[2].pk), 302)]
    undo = address("faces_decision_undo", decision.pk)
    assert undo in text(answer)
    assert Person.objects.get(pk=people[0].pk).merged_into == people[2]

    assert people[0] in [person for person, _ in browser.get(undo).context["cards"]]
    assert not Decision.objects.filter(kind="undo").exists()
    assert "Taken back: Merged into" in text(browser.post(undo, follow=True))
    assert Person.objects.get(pk=people[0].pk).merged_into is None


def test_it_needs_two_people(people: list[Person]) -> None:
    assert "Choose at least two people." in text(_merge(signed_in("moderator"), people[:1]))


def test_an_earlier_merge_is_taken_back_and_a_later_one_stays(people: list[Person]) -> None:
    first = people_merge(into=people[1], others=[people[2]], actor=None)
    people_merge(into=people[0], others=[people[1]], actor=None)
    text(signed_in("moderator").post(address("faces_decision_undo", first.pk), follow=True))
    assert Person.objects.get(pk=people[2].pk).merged_into is None
    assert Person.objects.get(pk=people[1].pk).merged_into == people[0]


def test_an_organiser_neither_merges_nor_undoes(people: list[Person]) -> None:
    browser = signed_in("organiser")
    _merge(browser, people[:2], into=people[0].pk)
    assert not Decision.objects.exists()
    decision = people_merge(into=people[0], others=[people[2]], actor=None)
    undo = address("faces_decision_undo", decision.pk)
    assert undo not in text(browser.get(address("faces_decision_changelist")))
    assert browser.post(undo).status_code == 403


def test_the_history_says_what_happened(people: list[Person]) -> None:
    browser = signed_in("moderator")
    person_name(person=people[0], name="Ann", actor=None)
    decision = people_merge(into=people[0], others=people[1:], actor=None)
    page = text(browser.get(address("faces_decision_changelist")))
    assert f"#{decision.pk}</span> Merged into “Ann”: “Person" in page
    assert address("faces_decision_undo", decision.pk) in page
