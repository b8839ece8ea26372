"""A person's page: its faces in every order, who may decide there, and whom faces can be moved to."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faces.admin import person as page_module
from faces.models import Event, Face, Person, Suggestion
from faces.services.decisions import (
    faces_confirm,
    faces_move,
    faces_split,
    people_hide,
    people_merge,
    person_cover,
    person_name,
)
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
PAGE = "faces_person_change"


@pytest.fixture
def people() -> list[Person]:
    """Three people with 4, 3 and 2 photos; no two of the first and the last in one photo."""
    files = [painted(1, 9), painted(1, 9), painted(1, 9), painted(1), painted(17), painted(17)]
    processed(event_create(name="Gala"), *files)
    return list(Person.objects.order_by("-photos_count"))


def _page(person: Person, role: str = "moderator", language: str = "en", **query: Any) -> str:
    return text(signed_in(role, language=language).get(address(PAGE, person.pk), query))


def _shown(person: Person, **query: Any) -> list[int]:
    answer = signed_in("moderator").get(address(PAGE, person.pk), query)
    return [face.pk for face in answer.context["faces"]]


def _faces(person: Person) -> list[int]:
    return list(person.faces.order_by("-quality", "pk").values_list("pk", flat=True))


def _offered(person: Person, role: str = "moderator", **query: Any) -> dict[str, list[int]]:
    answer = signed_in(role).get(address("faces_person_offered", person.pk), query)
    groups = answer.json()["groups"]
    return {group["title"]: [somebody["id"] for somebody in group["people"]] for group in groups}


# --- who sees what --------------------------------------------------------------------------------------------------


def test_a_moderator_chooses_faces_and_decides(people: list[Person]) -> None:
    page = _page(people[0])
    assert page.count('role="checkbox"') == 4
    for action in ("split", "move", "reject", "dismiss", "confirm", "cover", "merge", "hide"):
        assert f'data-do="{action}"' in page
    assert address("faces_person_decide") in page


def test_an_organiser_sees_the_faces_and_nothing_to_decide_with(people: list[Person]) -> None:
    page = _page(people[0], role="organiser")
    assert page.count('class="pf-pick"') == 4
    assert "data-do=" not in page
    assert "data-name" not in page.replace("data-name=", "")
    assert address("faces_person_decide") not in page


def test_staff_without_a_role_see_neither_the_page_nor_whom_to_choose(people: list[Person]) -> None:
    browser = signed_in("")
    assert browser.get(address(PAGE, people[0].pk)).status_code == 403
    assert browser.get(address("faces_person_offered", people[0].pk)).status_code == 403


def test_a_form_changes_nothing(people: list[Person]) -> None:
    assert signed_in("moderator").post(address(PAGE, people[0].pk), {"name": "Ann"}).status_code == 405
    assert Person.objects.get(pk=people[0].pk).name == ""


def test_nothing_is_decided_about_somebody_who_is_another_today(people: list[Person]) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    page = _page(people[2])
    assert "Merged into" in page
    assert "data-do=" not in page


def test_a_name_cannot_bring_in_markup(people: list[Person]) -> None:
    person_name(person=people[0], name='"><script>alert(1)</script>', actor=None)
    assert "<script>alert" not in _page(people[0])


def test_in_russian_nothing_is_left_in_english(people: list[Person]) -> None:
    page = _page(people[0], language="ru")
    for text_ in ("Отделить", "Перенести…", "Не этот человек", "Не лицо", "Подтвердить", "История"):
        assert text_ in page


# --- which faces ----------------------------------------------------------------------------------------------------


def test_each_face_leads_to_its_photo_and_brings_it_along(people: list[Person]) -> None:
    page = _page(people[0])
    face = people[0].faces.select_related("photo__image")[0]
    assert f'data-link="{address("faces_photo_change", face.photo_id)}"' in page
    assert f'data-box="left:{face.box[0]:.3%};top:{face.box[1]:.3%}' in page
    assert face.photo.image.thumbnail_key(1600) in page


def test_confirmed_faces_and_the_chosen_cover_are_marked(people: list[Person]) -> None:
    assert "Confirmed by a moderator" not in _page(people[0])
    confirmed, cover, *_ = _faces(people[0])
    faces_confirm(person=people[0], faces=[confirmed], actor=None)
    person_cover(person=people[0], face=Face.objects.get(pk=cover), actor=None)
    page = _page(people[0])
    assert page.count('aria-label="Confirmed by a moderator"') == 1
    assert page.count('aria-label="The cover"') == 1


def test_the_best_come_first_and_the_page_holds_a_bounded_number(
    people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "FACES_PER_PAGE", 3)
    best = _faces(people[0])
    assert _shown(people[0]) == best[:3]
    assert _shown(people[0], page=2) == best[3:]
    assert _shown(people[0], page=99) == best[3:]
    next_page = f"{address(PAGE, people[0].pk)}?order=unlike&amp;page=2"
    assert f'rel="next" href="{next_page}"' in _page(people[0], order="unlike")


def test_those_least_like_the_others_can_come_first(people: list[Person]) -> None:
    stranger = _faces(people[2])[0]
    faces_move(person=people[2], faces=[stranger], to=people[0], actor=None)
    assert _shown(people[0], order="unlike")[0] == stranger
    assert len(_shown(people[0], order="unlike")) == 5


def test_those_that_nobody_has_confirmed_can_be_looked_through(people: list[Person]) -> None:
    first, *others = _faces(people[0])
    faces_confirm(person=people[0], faces=[first], actor=None)
    assert _shown(people[0], order="unconfirmed") == others
    faces_confirm(person=people[0], faces=others, actor=None)
    assert "Every face here is confirmed." in _page(people[0], order="unconfirmed")


def test_only_those_of_an_event_are_shown_when_asked_for(people: list[Person]) -> None:
    processed(event_create(name="Lunch"), painted(25))
    lunch = Event.objects.get(name="Lunch")
    guest = Person.objects.in_events(Event.objects.filter(pk=lunch.pk)).get()
    people_merge(into=people[0], others=[guest], actor=None)
    assert len(_shown(people[0])) == 5
    assert len(_shown(people[0], event=lunch.pk)) == 1
    assert f"?event={lunch.pk}" in _page(people[0])


def test_whole_photos_are_shown_instead_of_faces_when_asked_for(people: list[Person]) -> None:
    assert _page(people[0]).count("pf-box-still") == 1  # in the pop-up
    assert _page(people[0], view="photos").count("pf-box-still") == 5


def test_nonsense_in_the_address_shows_the_usual_page(people: list[Person]) -> None:
    assert _shown(people[0], order="x", view="y", event="z", page="w") == _faces(people[0])


# --- what is beside them --------------------------------------------------------------------------------------------


def test_a_hidden_person_says_so_and_can_be_shown_again(people: list[Person]) -> None:
    people_hide(people=[people[0]], actor=None)
    page = _page(people[0])
    assert "Hidden: in no list" in page
    assert 'data-do="show"' in page


def test_questions_about_the_person_are_asked_there(people: list[Person]) -> None:
    event, face = Event.objects.get(), people[0].faces.all()[0]
    Suggestion.objects.all().delete()
    Suggestion.objects.create(event=event, one=people[0], other=people[2], distance=0.3)
    for each in people[0].faces.all()[1:3]:
        Suggestion.objects.create(event=event, one=people[2], other=people[0], face=each, distance=0.3)
    Suggestion.objects.create(event=event, one=people[2], other=None, face=face, distance=0.4)
    page = _page(people[0])
    assert f"<span>The same as Person {people[2].pk}?</span></a>" in page
    assert f"<span>Rather Person {people[2].pk}?</span><b>2</b>" in page
    assert "Also a face of theirs?" in _page(people[2])


def test_it_leads_to_the_history(people: list[Person]) -> None:
    link = f"{address('faces_decision_changelist')}?person={people[0].pk}"
    assert link in _page(people[0])


def test_it_asks_equally_often_for_few_and_for_many_faces(people: list[Person]) -> None:
    browser = signed_in("moderator")

    def queries(person: Person) -> int:
        link = address(PAGE, person.pk)
        browser.get(link)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(link).status_code == 200
        return len(asked)

    few = queries(people[2])
    processed(Event.objects.get(), *[painted(17) for _ in range(12)])
    person_name(person=people[2], name="Ann", actor=None)
    assert people[2].faces.count() == 14
    assert queries(people[2]) == few <= 14


# --- whom faces can be moved to --------------------------------------------------------------------------------------


def test_the_nearest_come_first_and_never_the_person_themself(people: list[Person]) -> None:
    nearest = _offered(people[0])["Nearest"]
    assert set(nearest) == {people[1].pk, people[2].pk}


def test_the_nearest_are_those_nearest_to_the_chosen_faces(people: list[Person]) -> None:
    stranger = _faces(people[2])[0]
    faces_move(person=people[2], faces=[stranger], to=people[0], actor=None)
    assert _offered(people[0], faces=[stranger])["Nearest"][0] == people[2].pk


def test_the_recent_are_those_whom_one_decided_about_lately(people: list[Person]) -> None:
    browser = signed_in("moderator")
    for person in (people[2], people[1]):
        browser.post(address("faces_person_decide"), {"kind": "name", "person": person.pk, "name": f"P{person.pk}"})
    answer = browser.get(address("faces_person_offered", people[0].pk)).json()
    assert [person["id"] for person in answer["groups"][1]["people"]] == [people[1].pk, people[2].pk]
    assert _offered(people[0], role="organiser")["Recent"] == []


def test_anybody_is_found_by_name_number_and_id(people: list[Person]) -> None:
    person_name(person=people[2], name="Ann Example", actor=None)
    for term in ("exam", str(people[2].pk), str(people[2].user_id)):
        assert _offered(people[0], q=term) == {"Found": [people[2].pk]}
    assert _offered(people[0], q="nobody") == {"Found": []}


def test_the_hidden_are_found_and_said_to_be_hidden_and_the_merged_are_not(people: list[Person]) -> None:
    person_name(person=people[2], name="Ann", actor=None)
    people_hide(people=[people[2]], actor=None)
    answer = signed_in("moderator").get(address("faces_person_offered", people[0].pk), {"q": "ann"}).json()
    assert answer["groups"][0]["people"][0]["facts"] == "2 photos · hidden"
    people_merge(into=people[1], others=[people[2]], actor=None, name="Bob")
    assert _offered(people[0], q="ann") == {"Found": []}


def test_offering_asks_a_fixed_number_of_times(people: list[Person]) -> None:
    browser, link = signed_in("moderator"), address("faces_person_offered", people[0].pk)

    def queries() -> int:
        browser.get(link)
        with CaptureQueriesContext(connection) as asked:
            browser.get(link)
        return len(asked)

    before = queries()
    processed(Event.objects.get(), painted(20, 22, 24), painted(26, 28))
    assert queries() == before <= 10


# --- stale choices --------------------------------------------------------------------------------------------------


def test_faces_that_are_somebody_elses_by_now_are_refused_with_a_sentence(people: list[Person]) -> None:
    face = _faces(people[0])[0]
    faces_split(person=people[0], faces=[face], actor=None)
    for kind, more in {"split": {}, "move": {"to": people[2].pk}, "confirm": {}, "cover": {"cover": face}}.items():
        fields = {"kind": kind, "person": people[0].pk, "faces": [face], **more}
        answer = signed_in("moderator").post(address("faces_person_decide"), fields)
        assert answer.status_code == 409
        assert answer.json()["detail"] == "Some of these faces are somebody else's by now. Reload the page."


def test_somebody_who_was_merged_by_now_is_refused_with_a_sentence(people: list[Person]) -> None:
    people_merge(into=people[2], others=[people[0]], actor=None)
    fields = {"kind": "name", "person": people[0].pk, "name": "Ann"}
    answer = signed_in("moderator").post(address("faces_person_decide"), fields)
    assert answer.status_code == 409
    assert "merged into somebody else already" in answer.json()["detail"]
