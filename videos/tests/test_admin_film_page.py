"""The page of a film in a real browser: cards and the timeline move the player, words choose, events come in."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from faces.models import Event
from faces.services.uploads import event_create
from faces.tests import browsing
from faces.tests.desk import address
from photofinder import storage
from videos.models import Video, VideoEvent
from videos.tests.filming import crossing, film
from videos.tests.happenings import happening

expect.set_options(timeout=15_000)  # a page on a busy machine is late, not wrong
Opened = Callable[..., Page]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static"),
    pytest.mark.skipif(browsing.CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]
SECONDS = 20
IS_AT = "(at) => Math.abs(document.querySelector('video').currentTime - at) < 0.3"


@pytest.fixture
def video(own_storage: None, tmp_path: Path) -> Video:
    """A film of 20 seconds, in a format that every browser plays, with three events."""
    event: Event = event_create(name="Gala")
    path = film(tmp_path / "party.webm", crossing((2, 6), (10, 12)), seconds=SECONDS, codec="libvpx")
    video: Video = Video.objects.create(event=event, name="party.webm", duration_s=SECONDS, width=320, height=180)
    video.key = storage.film_key(video.pk, "webm")
    storage.save(video.key, path.read_bytes())
    video.state, video.position_s, video.motion = Video.State.READY, SECONDS, [0, 0, 80, 90, 70, 60] + [0] * 14
    video.save()
    happening(video, 2, 6, "A dog running over a lawn.")
    happening(video, 10, 12, "Two people walking on the left.")
    happening(video, 15, 16, "A car on a road.")
    return video


@pytest.fixture
def opened(live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A page of Admin before a moderator; what the browser complains about fails the test."""
    profile = tmp_path / "browser"
    with browsing.browsing("moderator", url=live_server.url, profile=profile, monkeypatch=monkeypatch) as page:

        def goto(name: str, *args: Any, query: str = "") -> Page:
            page.goto(f"{live_server.url}{address(name, *args)}{query}")
            return page

        yield goto


def _cards(page: Page) -> Locator:
    return page.locator("[data-event]")


def _plays_at(page: Page, seconds: float) -> None:
    page.wait_for_function(IS_AT, arg=seconds)


def test_a_card_moves_the_player_and_is_lit(opened: Opened, video: Video) -> None:
    page = opened("videos_video_change", video.pk)
    page.wait_for_function("document.querySelector('video').readyState > 0")
    _cards(page).nth(1).locator("[data-jump]").click()
    _plays_at(page, 10)
    expect(_cards(page).nth(1)).to_have_class(re.compile("pf-now"))
    expect(page).to_have_url(re.compile(r"\?t=10\.0$"))
    _cards(page).nth(2).locator("[data-jump]").focus()
    page.keyboard.press("Enter")
    _plays_at(page, 15)
    expect(page.locator(".pf-now")).to_have_count(1)
    expect(page.locator("[data-clock]")).to_have_text("0:15")


def test_an_address_with_a_time_opens_the_player_there(opened: Opened, video: Video) -> None:
    page = opened("videos_video_change", video.pk, query="?t=11.5")
    _plays_at(page, 11.5)
    expect(_cards(page).nth(1)).to_have_class(re.compile("pf-now"))


def test_keys_and_the_timeline_move_the_player(opened: Opened, video: Video) -> None:
    page = opened("videos_video_change", video.pk)
    page.wait_for_function("document.querySelector('video').readyState > 0")
    page.keyboard.press("n")
    _plays_at(page, 2)
    page.keyboard.press("n")
    _plays_at(page, 10)
    page.keyboard.press("p")
    _plays_at(page, 2)
    page.keyboard.press("ArrowRight")
    _plays_at(page, 7)
    timeline = page.locator("[data-timeline]")
    box = timeline.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 30)
    expect(page.locator("[data-tip-caption]")).to_have_text("Two people walking on the left.")
    page.mouse.down()
    page.mouse.up()
    _plays_at(page, 11)
    timeline.focus()
    page.keyboard.press("End")
    _plays_at(page, SECONDS)
    page.keyboard.press("ArrowDown")
    _plays_at(page, 15)
    expect(timeline).to_have_attribute("aria-valuetext", "0:15")


def test_words_rank_the_cards_and_the_player_stays(opened: Opened, video: Video) -> None:
    page = opened("videos_video_change", video.pk, query="?t=3")
    _plays_at(page, 3)
    page.keyboard.press("/")
    page.keyboard.type("people walking")
    page.keyboard.press("Enter")
    expect(page.locator("h2#pf-film-events-title")).to_contain_text("found")
    expect(_cards(page).first.locator(".pf-film-caption")).to_have_text("Two people walking on the left.")
    expect(page.locator(".pf-span-off")).not_to_have_count(0)
    _plays_at(page, 3)
    page.click("[data-all]")
    expect(_cards(page)).to_have_count(3)
    expect(page.locator(".pf-span-off")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?t=3$"))


def test_events_come_in_by_themselves(opened: Opened, video: Video) -> None:
    VideoEvent.objects.all().delete()
    Video.objects.update(state="indexing", position_s=4, working_s=8)
    page = opened("videos_video_change", video.pk)
    expect(page.locator("[data-nothing]")).to_contain_text("Events appear here")
    expect(page.locator("[data-state]")).to_contain_text("0:04 of 0:20")
    Video.objects.update(position_s=8)
    expect(page.locator("[data-state]")).to_contain_text("0:08 of 0:20")
    first = happening(video, 2, 6, "A dog.")
    expect(_cards(page)).to_have_count(1)
    page.evaluate(f"document.querySelector('[data-event=\"{first.pk}\"]').dataset.same = 'yes'")
    happening(video, 1, 2, "A cat.")
    Video.objects.update(state="ready", position_s=SECONDS)
    expect(_cards(page)).to_have_count(2)
    expect(_cards(page).nth(1)).to_have_attribute("data-same", "yes")  # nobody loses the card they are at
    expect(_cards(page).first).to_contain_text("A cat.")
    expect(page.locator("[data-state]")).to_contain_text("ready")
    expect(page.locator("[data-undone]")).to_be_hidden()


def test_a_film_that_is_being_sent_is_played_once_it_is_there(opened: Opened, video: Video) -> None:
    Video.objects.update(state="sending", key="", duration_s=0, position_s=0)
    page = opened("videos_video_change", video.pk)
    expect(page.locator(".pf-film-unplayable")).to_contain_text("still being sent")
    expect(page.locator("[data-timeline]")).to_be_hidden()
    Video.objects.update(state="ready", key=video.key, duration_s=SECONDS, position_s=SECONDS)
    page.wait_for_function("document.querySelector('video')?.readyState > 0")
    expect(page.locator("[data-timeline]")).to_be_visible()


def test_the_list_shows_progress_by_itself(opened: Opened, video: Video) -> None:
    Video.objects.update(state="indexing", position_s=4)
    page = opened("videos_video_changelist")
    state = page.locator("#result_list .field-progress")
    expect(state).to_contain_text("0:04 of 0:20")
    Video.objects.update(position_s=12)
    expect(state).to_contain_text("0:12 of 0:20")
    Video.objects.update(state="failed", error_code="storage_full")
    expect(state).to_contain_text("The storage is full")


def test_a_film_that_no_browser_plays_is_offered_for_download(opened: Opened, video: Video) -> None:
    storage.save(video.key, b"no film")
    page = opened("videos_video_change", video.pk)
    expect(page.locator("[data-unplayable]")).to_be_visible()
    expect(page.locator("[data-unplayable] a")).to_have_attribute("download", "party.webm")
    _cards(page).nth(1).locator("[data-jump]").click()
    expect(page.locator("[data-clock]")).to_have_text("0:10")


def test_a_found_moment_opens_the_film_there(opened: Opened, video: Video) -> None:
    page = opened("videos_video_search")
    page.keyboard.press("/")
    page.keyboard.type("a car")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q=a\+car$"))
    page.locator("[data-event] a").first.click()
    _plays_at(page, 15)
