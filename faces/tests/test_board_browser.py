"""The review board in a real browser: selecting, merging, naming, hiding and taking back, by mouse, touch and keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from faces.admin import board
from faces.models import Decision, Event, Person
from faces.services.decisions import people_merge, person_name
from faces.services.uploads import event_create
from faces.tests.browsing import MARKS, browsing
from faces.tests.desk import address
from faces.tests.painting import painted, processed

TOUCH = """([card, kind]) => card.dispatchEvent(new PointerEvent(kind, {
    bubbles: true, pointerType: "touch", pointerId: 7, button: 0, clientX: 5, clientY: 5,
}))"""
pytestmark = MARKS


@pytest.fixture
def event() -> Event:
    """Four people with 3, 2, 1 and 1 photos, two of them never in one photo."""
    event = event_create(name="Gala")
    processed(event, painted(1, 9), painted(1, 9), painted(1), painted(17), painted(25))
    return event


@pytest.fixture
def people(event: Event) -> list[Person]:
    """The people of the event, in the order of their cards."""
    return list(Person.objects.order_by("-photos_count", "pk"))


@pytest.fixture
def page(live_server: Any, event: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The board, before a moderator; what the page complains about fails the test."""
    with browsing("moderator", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.goto(f"{live_server.url}{address('faces_person_board')}?event={event.pk}")
        yield page


def _card(page: Page, person: Person) -> Locator:
    return page.locator(f"[data-person='{person.pk}']")


def _cards(page: Page) -> Locator:
    return page.locator("[data-person]")


def _said(page: Page) -> Locator:
    return page.locator("[data-bar-text]")


def _merged_into(person: Person) -> Person | None:
    into: Person | None = Person.objects.get(pk=person.pk).merged_into
    return into


def test_a_card_dropped_on_another_merges_and_is_taken_back(page: Page, people: list[Person]) -> None:
    _card(page, people[2]).drag_to(_card(page, people[0]))
    expect(page.locator("#pf-merge-title")).to_have_text("Merge 2 people")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    expect(_said(page)).to_contain_text("Merged into “Ann”")
    expect(_card(page, people[2])).to_have_count(0)
    expect(_card(page, people[0])).to_contain_text("Ann")
    expect(_card(page, people[0]).locator(".pf-corner")).to_contain_text("4")
    expect(page.locator("[data-views] [aria-current] b")).to_have_text("3")
    assert _merged_into(people[2]) == people[0]

    page.click("[data-bar-undo]")
    expect(_said(page)).to_contain_text("Taken back: Merged into")
    expect(_cards(page)).to_have_count(4)
    expect(_card(page, people[0]).locator(".pf-corner")).to_contain_text("3")
    ids = _cards(page).evaluate_all("cards => cards.map((card) => Number(card.dataset.person))")
    assert ids == [person.pk for person in people]  # back in its place
    assert _merged_into(people[2]) is None


def test_the_name_and_the_cover_that_stay_are_chosen(page: Page, people: list[Person]) -> None:
    person_name(person=people[0], name="Ann", actor=None)
    person_name(person=people[2], name="Bea", actor=None)
    page.reload()
    cover = people[2].faces.get()
    for person in (people[0], people[2]):
        _card(page, person).locator(".pf-board-cover").click()
    expect(page.locator("[data-chosen-count]")).to_have_text("Selected: 2")
    page.click("[data-do=merge]")
    page.click("[data-called=Bea]")
    page.locator(f"[name=cover][value='{cover.pk}']").check()
    page.click(".pf-merge [type=submit]")
    expect(_card(page, people[0])).to_contain_text("Bea")
    survivor = Person.objects.get(pk=people[0].pk)
    assert (survivor.name, survivor.cover_face_id) == ("Bea", cover.pk)
    expect(page.locator("[data-chosen-bar]")).to_be_hidden()


def test_a_merge_can_be_thought_better_of(page: Page, people: list[Person]) -> None:
    _card(page, people[2]).drag_to(_card(page, people[0]))
    expect(page.locator("[data-dialog]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-dialog]")).to_be_hidden()
    page.mouse.move(0, 0)
    page.locator(".pf-board-cover").nth(1).hover()
    page.mouse.down()
    page.locator(".pf-board-cover").nth(0).hover()
    expect(page.locator(".pf-target")).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".pf-ghost")).to_have_count(0)
    assert not Decision.objects.exists()


def test_it_is_worked_by_keys_alone(page: Page, people: list[Person]) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(_card(page, people[2]).locator("input")).to_be_focused()
    page.keyboard.press(" ")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-chosen-count]")).to_have_text("Selected: 2")
    page.keyboard.press("h")
    expect(_cards(page)).to_have_count(2)
    expect(_card(page, people[1]).locator("input")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(_cards(page)).to_have_count(4)
    _card(page, people[1]).locator("input").focus()  # where the undo leaves the focus is not what is tested
    page.keyboard.press("n")
    page.keyboard.type("Cal")
    page.keyboard.press("Enter")
    expect(_said(page)).to_contain_text("is now called “Cal”")
    assert Person.objects.filter(name="Cal").count() == 1
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-keys]")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("cal")
    expect(_cards(page)).to_have_count(1)


def test_two_are_merged_by_keys(page: Page, people: list[Person]) -> None:
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.keyboard.press("End")
    page.keyboard.press(" ")
    page.keyboard.press("m")
    expect(page.locator("#pf-merge-name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(_cards(page)).to_have_count(3)
    expect(_card(page, people[0]).locator("input")).to_be_focused()
    assert _merged_into(people[3]) == people[0]


def test_who_is_hidden_is_brought_back(page: Page, people: list[Person]) -> None:
    _card(page, people[3]).locator("[type=checkbox]").check()
    page.click("[data-do=hide]")
    expect(_card(page, people[3])).to_have_count(0)
    assert Person.objects.get(pk=people[3].pk).hidden
    page.click("[data-views] a:has-text('Hidden')")
    expect(_cards(page)).to_have_count(1)
    expect(_said(page)).to_contain_text("Hidden: ")  # the bar came along
    _card(page, people[3]).locator("[type=checkbox]").check()
    page.click("[data-do=hide]")
    expect(page.locator("[data-nobody]")).to_be_visible()
    assert not Person.objects.get(pk=people[3].pk).hidden


def test_a_range_is_selected_with_shift(page: Page, people: list[Person]) -> None:
    _card(page, people[0]).locator(".pf-board-cover").click()
    _card(page, people[2]).locator(".pf-board-cover").click(modifiers=["Shift"])
    expect(page.locator("[data-chosen-count]")).to_have_text("Selected: 3")
    page.keyboard.press("Escape")
    expect(page.locator("[data-chosen-bar]")).to_be_hidden()


def test_a_name_is_written_on_the_card(page: Page, people: list[Person]) -> None:
    _card(page, people[1]).locator("button[data-name]").click()
    page.keyboard.type("Dan")
    page.keyboard.press("Escape")
    expect(_card(page, people[1])).not_to_contain_text("Dan")
    _card(page, people[1]).locator("button[data-name]").click()
    page.keyboard.type("Dan m h")  # letters that are keys elsewhere
    page.locator(".pf-board-head").click()
    expect(_said(page)).to_contain_text("is now called “Dan m h”")
    assert Person.objects.get(pk=people[1].pk).name == "Dan m h"


def test_what_somebody_else_did_meanwhile_is_explained_and_shown(page: Page, people: list[Person]) -> None:
    people_merge(into=people[0], others=[people[2]], actor=None)
    _card(page, people[2]).locator("[type=checkbox]").check()
    page.keyboard.press("h")
    expect(_said(page)).to_contain_text("merged into somebody else already")
    expect(page.locator("[data-decide]")).to_have_attribute("role", "alert")
    expect(_card(page, people[2])).to_have_count(0)


def test_a_lost_connection_is_explained(page: Page, people: list[Person]) -> None:
    page.route("**/decide/", lambda route: route.abort())
    _card(page, people[2]).locator("[type=checkbox]").check()
    page.keyboard.press("h")
    expect(_said(page)).to_have_text("The connection failed. Nothing was changed.")
    expect(page.locator("[data-chosen-count]")).to_have_text("Selected: 1")
    assert not Decision.objects.exists()


def test_holding_a_card_on_a_touch_screen_selects_it(page: Page, people: list[Person]) -> None:
    card = _card(page, people[0]).locator(".pf-board-cover").element_handle()
    page.evaluate(TOUCH, [card, "pointerdown"])
    expect(page.locator("[data-chosen-count]")).to_have_text("Selected: 1")
    page.evaluate(TOUCH, [card, "pointerup"])
    expect(page.locator("[data-chosen-bar]")).to_be_visible()


def test_more_people_come_while_scrolling(
    page: Page, event: Event, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "PEOPLE_PER_PAGE", 2)
    page.reload()
    expect(_cards(page)).to_have_count(4)
    expect(page.locator("[data-more]")).to_have_count(0)
