"""The library in a real browser: searching, tagging, deciding about duplicates, merging categories, taking back."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pixels
from playwright.sync_api import Locator, Page, expect

from faces.tests.browsing import CHROMIUM, browsing
from faces.tests.desk import address
from media_index.models import DuplicatePair, Image, ImageCluster, Source, SourceFile
from media_index.services.tagging import images_tag
from media_index.tests.gallery import painted
from media_index.tests.indexed import indexed, paired

expect.set_options(timeout=15_000)  # a page on a busy machine is late, not wrong
Opened = Callable[..., Page]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]


@pytest.fixture
def images() -> list[Image]:
    """Three red images, two blue ones and a green one, in this order."""
    colours = ("red", "red", "red", "blue", "blue", "green")
    return indexed(*[painted(colour, side=96) for colour in colours])


@pytest.fixture
def opened(live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A page of Admin before an organiser; what the browser complains about fails the test."""
    with browsing("organiser", url=live_server.url, profile=tmp_path / "browser", monkeypatch=monkeypatch) as page:

        def goto(name: str, *args: Any, query: str = "") -> Page:
            page.goto(f"{live_server.url}{address(name, *args)}{query}")
            return page

        yield goto


def _card(page: Page, image: Image) -> Locator:
    return page.locator(f"[data-image='{image.pk}']")


def _said(page: Page) -> Locator:
    return page.locator("[data-bar-text]")


def _tagged(tag: str) -> set[int]:
    return set(Image.objects.filter(tags__name=tag).values_list("pk", flat=True))


def _hidden() -> set[int]:
    return set(Image.objects.exclude(superseded_by=None).values_list("pk", flat=True))


def test_what_words_find_is_tagged_in_bulk_and_taken_back(opened: Opened, images: list[Image]) -> None:
    page = opened("media_index_image_search")
    page.keyboard.press("/")
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q=red$"))  # what was left empty is not in the address
    expect(page.locator("[data-image]")).to_have_count(3)
    page.locator("[data-image] [role=checkbox]").first.click()
    page.locator("[data-image] [data-open]").nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_have_text("Selected: 3")
    page.keyboard.press("t")
    page.keyboard.type("roses, summer")
    page.keyboard.press("Enter")
    expect(_said(page)).to_have_text("roses, summer: given to 3 images.")
    expect(_card(page, images[0]).locator("[data-tags]")).to_have_text("rosessummer")
    assert _tagged("roses") == {image.pk for image in images[:3]}
    page.click("[data-bar-undo]")
    expect(_said(page)).to_have_text("Taken back: the tags are as they were.")
    expect(_card(page, images[0]).locator("[data-tags]")).to_be_empty()
    assert _tagged("roses") == set()


def test_the_grid_is_worked_by_keys_alone(opened: Opened, images: list[Image]) -> None:
    page = opened("media_index_image_search")
    newest = page.locator("[data-image]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(newest.nth(1).locator("[role=checkbox]")).to_be_focused()
    page.keyboard.press("4")
    expect(newest.nth(1).locator(".pf-stars")).to_have_attribute("data-stars", "4")
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-count]")).to_have_text("Selected: 2")
    page.keyboard.press("2")
    expect(newest.nth(2)).to_have_attribute("data-rating", "2")
    expect(newest.nth(1)).to_have_attribute("data-rating", "2")
    page.keyboard.press("Control+z")
    expect(newest.nth(1)).to_have_attribute("data-rating", "4")
    expect(newest.nth(2)).to_have_attribute("data-rating", "0")
    page.keyboard.press("Escape")
    expect(page.locator("[data-chosen-bar]")).to_be_hidden()
    page.keyboard.press("Control+a")
    expect(page.locator("[data-count]")).to_have_text("Selected: 6")
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_be_visible()
    page.keyboard.press("Escape")
    newest.first.locator("[role=checkbox]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/change/"))


def test_a_star_rates_one_and_again_takes_it_away(opened: Opened, images: list[Image]) -> None:
    page = opened("media_index_image_search")
    star = _card(page, images[0]).locator("[data-rate='5']")
    star.click()
    expect(_card(page, images[0])).to_have_attribute("data-rating", "5")
    star.click()
    expect(_card(page, images[0])).to_have_attribute("data-rating", "0")
    assert Image.objects.get(pk=images[0].pk).rating == 0


def test_a_picture_is_looked_for_together_with_words_and_filters(
    opened: Opened, images: list[Image], tmp_path: Path
) -> None:
    images_tag(image_ids=[images[3].pk], add=["sea"])
    Pixels.fromarray(painted("blue", side=200)).save(tmp_path / "mine.png")
    page = opened("media_index_image_search")
    page.set_input_files("[data-photo]", tmp_path / "mine.png")
    expect(page.locator("[data-image]")).to_have_count(2)
    expect(page.locator("[data-preview]")).to_be_visible()
    page.click(".pf-lib-filters summary")
    page.fill("[name=tag]", "sea")
    page.click(".pf-lib-filters [type=submit]")
    expect(page.locator("[data-image]")).to_have_count(1)
    _card(page, images[3]).locator("[role=checkbox]").click(force=True)
    page.keyboard.press("3")
    expect(_card(page, images[3])).to_have_attribute("data-rating", "3")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    page.set_input_files("[data-photo]", tmp_path / "bad.png")
    expect(page.locator(".pf-notice-bad")).to_contain_text("not a photo")


def test_what_is_said_of_an_image_is_saved_and_taken_back(opened: Opened, images: list[Image]) -> None:
    page = opened("media_index_image_change", images[0].pk)
    page.fill("[name=tags]", "roses")
    page.fill("[name=caption]", "In the garden")
    page.locator(".pf-say-stars label").nth(3).click()
    page.keyboard.press("Control+Enter")
    expect(_said(page)).to_have_text("Saved.")
    image = Image.objects.get(pk=images[0].pk)
    assert (image.caption, image.rating, _tagged("roses")) == ("In the garden", 4, {image.pk})
    page.click("[data-bar-undo]")
    expect(page.locator("[name=caption]")).to_have_value("")
    expect(page.locator("[name=tags]")).to_have_value("")


def test_groups_of_duplicates_are_decided_by_keys_and_taken_back(opened: Opened, images: list[Image]) -> None:
    paired(images[0], images[1], images[2])
    paired(images[3], images[4])
    page = opened("media_index_duplicatepair_changelist")
    groups = page.locator("[data-group]:visible")
    expect(groups).to_have_count(2)
    page.keyboard.press("2")
    expect(_said(page)).to_contain_text("Kept one")
    expect(groups).to_have_count(1)
    assert len(_hidden()) == 2
    page.keyboard.press("d")
    expect(_said(page)).to_contain_text("Not duplicates")
    expect(page.locator("[data-empty]")).to_be_visible()
    expect(page.locator("[data-waiting]")).to_have_text("0")
    page.keyboard.press("Control+z")
    expect(groups).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(groups).to_have_count(2)
    assert (_hidden(), DuplicatePair.objects.filter(state="open").count()) == (set(), 3)


def test_a_dismissed_group_stays_away(opened: Opened, images: list[Image]) -> None:
    paired(images[3], images[4])
    page = opened("media_index_duplicatepair_changelist")
    page.click("[data-do=dismiss]")
    expect(page.locator("[data-empty]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-group]")).to_have_count(0)


def test_the_best_of_all_groups_are_kept_but_of_those_put_off(opened: Opened, images: list[Image]) -> None:
    paired(images[0], images[1])
    paired(images[3], images[4])
    page = opened("media_index_duplicatepair_changelist")
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("l")
    page.click("[data-do=all]")
    expect(_said(page)).to_have_text("The best of 1 group was kept.")
    assert _hidden() == {images[4].pk}


def test_one_image_is_taken_out_of_a_group_in_place(opened: Opened, images: list[Image]) -> None:
    paired(images[0], images[1], images[3])
    page = opened("media_index_duplicatepair_changelist")
    page.locator(f"[data-candidate='{images[3].pk}'] [data-do=apart]").click()
    expect(_said(page)).to_contain_text("Not a duplicate of the others")
    expect(page.locator("[data-candidate]")).to_have_count(2)
    page.click("[data-bar-undo]")
    expect(page.locator("[data-candidate]")).to_have_count(3)


def test_categories_are_merged_named_and_taken_apart(opened: Opened, images: list[Image]) -> None:
    page = opened("media_index_imagecluster_changelist", query="?view=all")
    cards = page.locator("[data-category]")
    expect(cards).to_have_count(3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-count]")).to_have_text("Selected: 2")
    page.keyboard.press("m")
    expect(page.locator("#pf-merge-title")).to_have_text("Merge 2 categories")
    page.keyboard.type("Roses and sky")
    page.keyboard.press("Enter")
    expect(_said(page)).to_have_text("2 categories are “Roses and sky” now.")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("Roses and sky")
    page.keyboard.press("Control+z")
    expect(cards).to_have_count(3)
    assert set(ImageCluster.objects.current().values_list("name", "size")) == {("", 3), ("", 2), ("", 1)}


def test_a_category_is_named_in_place_and_on_its_page(opened: Opened, images: list[Image]) -> None:
    page = opened("media_index_imagecluster_changelist")
    page.locator("[data-rename]").first.click()
    page.keyboard.type("Roses")
    page.keyboard.press("Enter")
    expect(_said(page)).to_have_text("The category is called “Roses” now.")
    expect(page.locator("[data-category]").first).to_contain_text("Roses")
    page.locator("[data-category] [data-open]").first.click()
    name = page.locator("[data-name-form] input")
    expect(name).to_have_value("Roses")
    name.fill("Tulips")
    name.press("Enter")
    expect(_said(page)).to_have_text("The category is called “Tulips” now.")
    page.click("[data-bar-undo]")
    expect(page.locator("[data-name-form] input")).to_have_value("Roses")


def test_the_list_of_sources_follows_what_is_read(opened: Opened) -> None:
    source = Source.objects.create(location="/archive", state=Source.State.LISTING)
    for number in range(2):
        path = b"%d" % number
        SourceFile.objects.create(source=source, path=path, path_digest=path, size=1, changed_ns=1, seen_in=1)
    page = opened("media_index_source_changelist")
    expect(page.locator("[data-figure=processed]")).to_have_text("0")
    SourceFile.objects.update(state=SourceFile.State.INDEXED)
    Source.objects.update(state=Source.State.LISTED)
    expect(page.locator("[data-figure=processed]")).to_have_text("2")
    expect(page.locator("[data-figure=state]")).to_have_text("listed")
