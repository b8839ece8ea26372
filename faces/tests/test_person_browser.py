"""A person's page in a real browser: choosing faces, deciding about them by keyboard, and taking it back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from faces.models import Decision, Face, Person
from faces.services.decisions import faces_split, person_name
from faces.services.uploads import event_create
from faces.tests import browsing
from faces.tests.desk import address
from faces.tests.painting import painted, processed

pytestmark = browsing.MARKS
LONG_PRESS = """async (face) => {
    const press = (kind) => face.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerType: "touch" }));
    press("pointerdown");
    await new Promise((resolve) => setTimeout(resolve, 600));
    press("pointerup");
    face.click();
}"""


@pytest.fixture
def people() -> list[Person]:
    """Three people with 5, 4 and 2 photos; no two of the first and the last in one photo. The last is called Ann."""
    files = [*[painted(1, 9) for _ in range(4)], painted(1), painted(17), painted(17)]
    processed(event_create(name="Gala"), *files)
    people = list(Person.objects.order_by("-photos_count"))
    person_name(person=people[2], name="Ann Example", actor=None)
    return people


@pytest.fixture
def page(live_server: Any, people: list[Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The page of the first person, before a moderator."""
    with browsing.browsing("moderator", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.goto(live_server.url + address("faces_person_change", people[0].pk))
        yield page


def _tiles(page: Page) -> Locator:
    return page.locator(".pf-pick [role=checkbox]")


def _said(page: Page) -> Locator:
    return page.locator("[data-bar-text]")


def _chosen(page: Page) -> Locator:
    return page.locator(".pf-pick [aria-checked=true]")


def _kinds() -> list[str]:
    return list(Decision.objects.order_by("pk").values_list("kind", flat=True))[1:]  # the first one is Ann's name


def test_faces_are_chosen_by_click_shift_and_keyboard(page: Page) -> None:
    split = page.locator("[data-do=split]")
    expect(split).to_be_disabled()
    _tiles(page).nth(1).click()
    _tiles(page).nth(3).click(modifiers=["Shift"])
    expect(_chosen(page)).to_have_count(3)
    expect(page.locator("[data-count]")).to_have_text("3 chosen")
    expect(split).to_be_enabled()
    expect(page.locator("[data-do=cover]")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(_chosen(page)).to_have_count(0)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(_chosen(page)).to_have_count(2)
    expect(_tiles(page).nth(2)).to_be_focused()
    page.keyboard.press("Control+a")
    expect(_chosen(page)).to_have_count(5)
    page.locator("[data-do=all]").click()
    expect(_chosen(page)).to_have_count(0)


def test_faces_are_split_off_and_come_back_with_control_z(page: Page, people: list[Person]) -> None:
    _tiles(page).nth(0).click()
    _tiles(page).nth(1).click()
    page.keyboard.press("s")
    expect(_said(page)).to_contain_text("2 faces split off")
    expect(_tiles(page)).to_have_count(3)
    expect(_chosen(page)).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(_said(page)).to_contain_text("Taken back")
    expect(_tiles(page)).to_have_count(5)
    assert people[0].faces.count() == 5
    assert _kinds() == ["split", "undo"]


def test_faces_are_moved_to_somebody_found_by_name(page: Page, people: list[Person]) -> None:
    _tiles(page).nth(0).click()
    page.keyboard.press("m")
    expect(page.locator("[data-picker]")).to_be_visible()
    expect(page.locator(".pf-somebody")).to_have_count(2)  # the nearest
    page.keyboard.type("exam")
    expect(page.locator(".pf-somebody")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(_said(page)).to_contain_text("to “Ann Example”")
    expect(_tiles(page)).to_have_count(4)
    assert people[2].faces.count() == 3


def test_leaving_the_picker_decides_nothing(page: Page) -> None:
    _tiles(page).nth(0).click()
    page.keyboard.press("m")
    expect(page.locator(".pf-somebody")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".pf-somebody").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-picker]")).to_be_hidden()
    expect(_chosen(page)).to_have_count(1)
    assert _kinds() == []


def test_where_everything_goes_to_somebody_else_the_page_follows(page: Page, people: list[Person]) -> None:
    page.keyboard.press("Control+a")
    page.keyboard.press("m")
    page.keyboard.type("exam")
    expect(page.locator(".pf-somebody")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address('faces_person_change', people[2].pk)}")
    expect(_said(page)).to_contain_text("moved from")
    page.locator("[data-bar-undo]").click()
    expect(_tiles(page)).to_have_count(2)


def test_a_face_that_is_none_leaves_and_a_confirmed_one_is_marked(page: Page) -> None:
    _tiles(page).nth(0).click()
    page.locator("[data-do=dismiss]").click()
    expect(_said(page)).to_contain_text("1 is not a face.")
    expect(_tiles(page)).to_have_count(4)
    assert Face.objects.filter(dismissed=True).count() == 1
    _tiles(page).nth(0).click()
    page.keyboard.press("c")
    expect(page.locator(".pf-pick-sure")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator(".pf-pick-sure")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(_tiles(page)).to_have_count(5)


def test_not_this_person_lets_go_of_the_face(page: Page, people: list[Person]) -> None:
    _tiles(page).nth(2).click()
    page.keyboard.press("n")
    expect(_said(page)).to_contain_text("1 face is not")
    expect(_tiles(page)).to_have_count(4)
    assert people[0].faces.count() == 4


def test_one_face_becomes_the_cover(page: Page, people: list[Person]) -> None:
    _tiles(page).nth(3).click()
    page.locator("[data-do=cover]").click()
    expect(page.get_by_label("The cover")).to_have_count(1)
    people[0].refresh_from_db()
    assert people[0].cover_face_id == people[0].chosen_cover_id is not None


def test_a_person_is_named_in_place_and_letters_there_decide_nothing(page: Page, people: list[Person]) -> None:
    _tiles(page).nth(0).click()
    name = page.locator("[data-name] input[name=name]")
    name.fill("")
    name.press_sequentially("Max scan")
    name.press("Enter")
    expect(_said(page)).to_contain_text("is now called “Max scan”")
    expect(name).to_have_value("Max scan")
    assert _kinds() == ["name"]
    name.fill("Other")
    name.press("Escape")
    expect(name).to_have_value("Max scan")


def test_a_person_is_hidden_and_shown_again(page: Page, people: list[Person]) -> None:
    page.locator("[data-do=hide]").click()
    expect(page.locator(".pf-notice")).to_contain_text("Hidden")
    page.locator("[data-do=show]").click()
    expect(page.locator(".pf-notice")).to_have_count(0)


def test_people_are_merged_after_it_was_asked_whose_name_and_cover_stay(page: Page, people: list[Person]) -> None:
    page.locator("[data-do=merge]").click()
    page.keyboard.type("exam")
    expect(page.locator(".pf-somebody")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("[data-joining]")).to_be_visible()
    page.locator("[data-joining] [name=cover]").last.check(force=True)
    page.locator("[data-joining] [value=merge]").click()
    page.wait_for_url(f"**{address('faces_person_change', people[2].pk)}")
    expect(_tiles(page)).to_have_count(7)
    page.keyboard.press("Control+z")
    expect(_tiles(page)).to_have_count(2)


def test_the_whole_photo_appears_beside_a_face_by_mouse_keyboard_and_long_press(page: Page) -> None:
    context = page.locator("[data-context]")
    expect(context).to_be_hidden()
    _tiles(page).nth(0).hover()
    expect(context).to_be_visible()
    expect(context.locator("[data-context-name]")).to_have_text("1.png")
    page.mouse.move(2, 2)
    expect(context).to_be_hidden()
    _tiles(page).nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(context).to_be_visible()
    page.keyboard.press("Escape")
    expect(context).to_be_hidden()
    _tiles(page).nth(2).evaluate(LONG_PRESS)
    expect(context).to_be_visible()
    expect(_chosen(page)).to_have_count(0)
    context.get_by_text("Open the photo").click()
    page.wait_for_url("**/admin/faces/photo/*/change/")


def test_enter_opens_the_photo_of_a_face(page: Page) -> None:
    _tiles(page).nth(0).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/faces/photo/*/change/")


def test_a_choice_that_is_out_of_date_is_explained_and_the_page_renewed(page: Page, people: list[Person]) -> None:
    _tiles(page).nth(0).click()
    face = int(page.locator(".pf-pick").first.get_attribute("data-face") or 0)
    faces_split(person=people[0], faces=[face], actor=None)  # somebody else, meanwhile
    page.keyboard.press("c")
    expect(_said(page)).to_contain_text("somebody else's by now")
    expect(_tiles(page)).to_have_count(4)


def test_a_decision_is_taken_back_from_the_history_in_place(page: Page, people: list[Person], live_server: Any) -> None:
    decision = faces_split(person=people[0], faces=[people[0].faces.all()[0].pk], actor=None)
    page.goto(f"{live_server.url}{address('faces_decision_changelist')}?person={people[0].pk}")
    page.locator(f"#decision-{decision.pk}").scroll_into_view_if_needed()
    page.locator(f"a[data-undo][href='{address('faces_decision_undo', decision.pk)}']").click()
    expect(_said(page)).to_contain_text("Taken back")
    expect(page.locator("a[data-undo]")).to_have_count(0)
    expect(page.locator(".pf-told-undone")).to_have_count(1)
    assert people[0].faces.count() == 5
