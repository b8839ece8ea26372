"""The queue and the pairs of calibration in a real browser: answered by keys, and taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from faces.models import Decision, Event, PairCheck, Person, Suggestion
from faces.services.uploads import event_create
from faces.tests.browsing import MARKS, browsing
from faces.tests.desk import address
from faces.tests.painting import painted, processed

pytestmark = MARKS


@pytest.fixture
def gala() -> Event:
    """Eight people, of whom two each may be one; and somebody with two looks of whom the engine is unsure."""
    event = event_create(name="Gala")
    looks = [painted(34, likeness=like) for like in (1.0, 1.0, 0.7, 0.7, 0.6, 0.6)]
    processed(event, *(painted(who) for who in range(0, 32, 4) for _ in range(2)), *looks)
    people = list(Person.objects.order_by("pk"))
    Suggestion.objects.all().delete()
    for number in range(0, 8, 2):
        one, other = people[number : number + 2]
        Suggestion.objects.create(event=event, one=one, other=other, distance=0.3 + number / 100)
    return event


@pytest.fixture
def page(live_server: Any, gala: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The queue, before a moderator."""
    with browsing("moderator", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.goto(f"{live_server.url}{address('faces_suggestion_review')}?event={gala.pk}")
        yield page


def _names(page: Page) -> list[str]:
    return page.locator(".pf-side-name").all_inner_texts()


def test_questions_are_answered_by_keys_and_the_last_answers_taken_back(page: Page) -> None:
    left, said = page.locator("[data-left]"), page.locator("[data-bar-text]")
    first = _names(page)
    expect(left).to_have_text("4 left")
    page.keyboard.press("1")
    expect(said).to_contain_text("Merged into")
    expect(left).to_have_text("3 left")
    second = _names(page)
    assert second != first
    page.keyboard.press("n")
    expect(said).to_contain_text("Different people")
    expect(left).to_have_text("2 left")
    third = _names(page)
    page.keyboard.press("3")
    expect(said).to_contain_text("Put off")
    expect(left).to_have_text("2 left, 1 of them put off")
    assert _names(page) != third

    page.keyboard.press("Control+z")
    expect(page.locator(".pf-side-name").first).to_have_text(third[0])
    page.keyboard.press("Control+z")
    expect(said).to_contain_text("Taken back: Different people")
    expect(page.locator(".pf-side-name").first).to_have_text(second[0])
    page.keyboard.press("Control+z")
    expect(said).to_contain_text("Taken back: Merged into")
    expect(page.locator(".pf-side-name").first).to_have_text(first[0])
    assert _names(page) == first
    assert Decision.objects.active().exclude(kind=Decision.Kind.UNDO).count() == 0
    assert Person.objects.filter(merged_into__isnull=False).count() == 0


def test_a_question_that_came_back_is_answered_anew(page: Page) -> None:
    first = _names(page)
    page.keyboard.press("1")
    expect(page.locator("[data-left]")).to_have_text("3 left")
    page.locator("[data-bar-undo]").click()
    expect(page.locator(".pf-side-name").first).to_have_text(first[0])
    page.click("[data-answer=no]")
    expect(page.locator("[data-bar-text]")).to_contain_text("Different people")
    assert list(Decision.objects.active().exclude(kind="undo").values_list("kind", flat=True)) == ["differ"]


def test_arrows_look_through_the_photos_of_each_side(page: Page) -> None:
    files, places = page.locator("[data-file]"), page.locator("[data-place]")
    before = files.all_inner_texts()
    expect(places.first).to_have_text("1 / 2")
    page.keyboard.press("ArrowRight")
    expect(places.first).to_have_text("2 / 2")
    page.keyboard.press("ArrowDown")
    after = files.all_inner_texts()
    assert after[0] != before[0]
    assert after[1] != before[1]
    page.locator(".pf-side-face").first.click()
    expect(places.first).to_have_text("1 / 2")


def test_the_last_question_leaves_a_friendly_page(page: Page) -> None:
    for left in (3, 2, 1):
        page.keyboard.press("2")
        expect(page.locator("[data-left]")).to_have_text(f"{left} left")
    page.keyboard.press("2")
    expect(page.locator("[data-empty]")).to_be_visible()
    assert not Suggestion.objects.exists()


def test_pairs_of_calibration_are_answered_by_keys(page: Page, live_server: Any, gala: Event) -> None:
    page.goto(live_server.url + address("faces_event_calibration", gala.pk))
    page.click("[data-begin] >> visible=true")
    count = page.locator("[data-count]")
    expect(count).to_have_text("0 / 8")
    for done, key in enumerate("123", 1):
        page.keyboard.press(key)
        expect(count).to_have_text(f"{done} / 8")
    page.keyboard.press("Control+z")
    expect(count).to_have_text("2 / 8")
    page.keyboard.press("2")
    for _ in range(5):
        page.keyboard.press("1")
    expect(page.locator("[data-end] a")).to_be_visible()
    page.click("[data-end] a")
    expect(page.locator("#pf-curve")).to_contain_text("same: 6 · different: 2 · cannot tell: 0")
    assert PairCheck.objects.count() == 8
