"""People in Admin: finding them, naming them, and those who were merged."""

from typing import Any

import pytest

from faces.models import Event, Person
from faces.services.decisions import people_hide, people_merge
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
LIST = "faces_person_changelist"


@pytest.fixture
def people() -> list[Person]:
    """Three people with 3, 2 and 1 photos; the first is called Ann."""
    processed(event_create(name="Gala"), painted(1, 9, 17), painted(1, 9), painted(1))
    Person.objects.filter(photos_count=3).update(name="Ann")
    return list(Person.objects.order_by("-photos_count"))


def _found(query: dict[str, Any]) -> list[Person]:
    return list(signed_in("moderator").get(address(LIST), query).context["cl"].result_list)


def test_those_with_the_most_photos_come_first(people: list[Person]) -> None:
    assert _found({}) == people


def test_they_are_found_by_name_number_and_id(people: list[Person]) -> None:
    assert _found({"q": "ann"}) == people[:1]
    assert _found({"q": str(people[1].pk)}) == [people[1]]
    assert _found({"q": f"Person {people[2].pk}"}) == [people[2]]
    assert _found({"q": str(people[1].user_id)}) == [people[1]]
    assert _found({"q": "nobody"}) == []


def test_an_old_id_finds_the_survivor(people: list[Person]) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    assert _found({"q": str(people[2].user_id)}) == [people[0]]


def test_they_are_filtered_by_event_and_kind(people: list[Person]) -> None:
    processed(event_create(name="Lunch"), painted(25))
    assert len(_found({})) == 4
    assert _found({"event": Event.objects.get(name="Gala").pk}) == people
    assert _found({"who": "named"}) == people[:1]
    assert _found({"who": "recurring"}) == people[:2]


def test_the_merged_are_listed_only_when_asked_for(people: list[Person]) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    assert _found({}) == people[:2]
    assert _found({"who": "merged"}) == [people[2]]


def test_a_merged_person_leads_to_the_survivor(people: list[Person]) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    page = text(signed_in("moderator").get(address("faces_person_change", people[2].pk)))
    assert "Merged into" in page
    assert f'href="{address("faces_person_change", people[0].pk)}">Ann</a>' in page


def test_the_hidden_are_listed_only_when_asked_for(people: list[Person]) -> None:
    people_hide(people=[people[1]], actor=None)
    assert _found({}) == [people[0], people[2]]
    assert _found({"who": "recurring"}) == [people[0]]
    assert _found({"who": "hidden"}) == [people[1]]
