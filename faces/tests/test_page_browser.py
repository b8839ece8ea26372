"""The selfie page in a real browser with a camera: from the event to the photos, and what can be done with them."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from faces.models import Erasure, Event, NotMe, SelfieSearch
from faces.pages import cards, selfies
from faces.tests import browsing, photographs
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.painting import painted, process, processed, upload
from faces.tests.visiting import LAPTOP, camera, filmed, visitor
from photofinder.images import Picture

pytestmark = [mark for mark in browsing.MARKS if "fake_engine" not in mark.args]  # one test has the real one
pytestmark += [pytest.mark.usefixtures("plain_static", "sent", "unhurried")]
BLOCKED = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
CANNOT_SHARE = "delete Navigator.prototype.share"
SHARES = "navigator.share = async (what) => (window.shared = what)"
BEHIND = """(node) => {
    let behind = node;
    while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
    return [getComputedStyle(behind).backgroundColor, getComputedStyle(node).color];
}"""
SWIPE = """(stage) => {
    const touch = { pointerType: "touch", isPrimary: true, bubbles: true, clientY: 300 };
    stage.dispatchEvent(new PointerEvent("pointerdown", { ...touch, clientX: 300 }));
    stage.dispatchEvent(new PointerEvent("pointerup", { ...touch, clientX: 100 }));
}"""


@pytest.fixture
def gala(transactional_db: None, fake_engine: Any) -> Event:
    """Ann is in 1.png, 2.png, 3.png and 5.png, Bob in 1.png and 4.png."""
    event = open_event("Gala")
    processed(event, painted(ANN, BOB), painted(ANN), painted(ANN), painted(BOB), painted(ANN))
    return event


@pytest.fixture
def browser(gala: Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser whose camera shows Ann."""
    with camera(filmed(ANN), tmp_path, monkeypatch) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """The page of the event on a phone."""
    with visitor(browser) as page:
        page.goto(f"{live_server.url}/e/gala/")
        yield page


def _shoot(page: Page) -> None:
    page.locator("[data-agree]").check()
    page.get_by_role("button", name="Take a selfie").click()
    expect(page.locator("[data-shutter]")).to_be_enabled()
    page.locator("[data-shutter]").click()
    page.locator("[data-use]").click()


def _choose(page: Page, data: bytes) -> None:
    page.locator("[data-agree]").check()
    with page.expect_file_chooser() as chooser:
        page.locator("form [data-file]").click()
    chooser.value.set_files({"name": "me.png", "mimeType": "image/png", "buffer": data})


def _photos(page: Page) -> Any:
    return page.locator("[data-photo]:visible")


def _problem(page: Page) -> Any:
    return page.locator("[data-problem]")


def test_the_camera_leads_to_ones_photos(page: Page) -> None:
    _shoot(page)
    page.wait_for_url("**/r/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("4 photos of you")
    expect(_photos(page)).to_have_count(4)
    assert SelfieSearch.objects.get().has_consent


def test_it_is_all_done_by_keyboard(page: Page) -> None:
    page.locator("[data-agree]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-shutter]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-use]")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/*/")
    page.locator("[data-open]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-viewer-place]")).to_have_text("1 of 4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-viewer-place]")).to_have_text("2 of 4")
    page.keyboard.press("Escape")
    expect(page.locator("[data-viewer]")).to_be_hidden()
    expect(page.locator("[data-open]").nth(1)).to_be_focused()


def test_without_the_tick_the_camera_stays_off(page: Page) -> None:
    page.get_by_role("button", name="Take a selfie").click()
    expect(_problem(page)).to_contain_text("One tick is missing")
    expect(page.locator("[data-agree]")).to_be_focused()
    expect(page.locator("[data-camera-dialog]")).to_be_hidden()


def test_leaving_the_camera_sends_nothing(page: Page) -> None:
    page.locator("[data-agree]").check()
    page.get_by_role("button", name="Take a selfie").click()
    page.locator("[data-shutter]").click()
    page.get_by_role("button", name="Take it again").click()
    expect(page.locator("[data-shutter]")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator("[data-camera-dialog]")).to_be_hidden()
    page.wait_for_function("document.querySelector('[data-video]').srcObject === null")
    assert not SelfieSearch.objects.exists()


def test_a_blocked_camera_is_explained(browser: Browser, live_server: Any) -> None:
    with visitor(browser) as page:
        page.add_init_script(BLOCKED)
        page.goto(f"{live_server.url}/e/gala/")
        page.locator("[data-agree]").check()
        page.get_by_role("button", name="Take a selfie").click()
        expect(_problem(page)).to_contain_text("The camera is blocked")
        expect(page.locator("[data-camera-dialog]")).to_be_hidden()


def test_a_photo_is_sent_small(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def sent_picture(file: Any) -> Picture:
        picture = Picture(file)
        sizes.append(picture.long_side)
        return picture

    monkeypatch.setattr(selfies, "sent_picture", sent_picture)
    large = io.BytesIO()
    Image.open(io.BytesIO(painted(ANN))).resize((2400, 2400)).save(large, "PNG")
    _choose(page, large.getvalue())
    page.wait_for_url("**/r/*/")
    assert sizes == [1600]


def test_one_of_several_faces_is_tapped(page: Page) -> None:
    _choose(page, painted(BOB, ANN, side=300))
    expect(page.locator(".face-box")).to_have_count(2)
    left = [page.locator(".face-box").nth(index).bounding_box() for index in (0, 1)]
    bob = 0 if left[0] and left[1] and left[0]["x"] < left[1]["x"] else 1
    page.get_by_role("button", name=f"Face {bob + 1}").click()
    page.wait_for_url("**/r/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 photos of you")


def test_what_is_wrong_is_said_and_another_photo_does_it(page: Page) -> None:
    _choose(page, painted())
    expect(_problem(page)).to_contain_text("No face was found")
    expect(page.locator("[data-camera-dialog]")).to_be_hidden()
    _choose(page, b"text")
    expect(_problem(page)).to_contain_text("This is not a photo")
    _choose(page, painted(ANN))
    page.wait_for_url("**/r/*/")


def test_a_lost_connection_is_said(page: Page) -> None:
    page.route("**/find/", lambda route: route.abort())
    _choose(page, painted(ANN))
    expect(_problem(page)).to_contain_text("There is no connection")


def test_not_me_hides_a_photo_and_is_taken_back(page: Page) -> None:
    _shoot(page)
    page.locator("[data-open]").first.click()
    page.locator("[data-viewer-not-me]").click()
    expect(page.locator("[data-viewer-place]")).to_have_text("1 of 3")
    expect(page.locator("[data-toast]")).to_contain_text("The photo is hidden")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-toast]")).to_contain_text("The photo is back")
    assert not NotMe.objects.exists()
    page.locator("[data-viewer-not-me]").click()
    expect(page.locator("[data-toast]")).to_contain_text("The photo is hidden")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 photos of you")
    expect(_photos(page)).to_have_count(3)
    assert NotMe.objects.count() == 1


def test_a_swipe_leads_to_the_next_photo_and_the_way_back_closes_it_only(page: Page) -> None:
    _shoot(page)
    page.wait_for_url("**/r/*/")
    page.locator("[data-open]").first.click()
    page.locator("[data-viewer-stage]").evaluate(SWIPE)
    expect(page.locator("[data-viewer-place]")).to_have_text("2 of 4")
    page.go_back()
    expect(page.locator("[data-viewer]")).to_be_hidden()
    assert "/r/" in page.url


def test_more_photos_come_while_one_scrolls(page: Page, gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "PAGE", 3)
    processed(gala, *(painted(ANN) for _ in range(6)))
    _shoot(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("10 photos of you")
    expect(_photos(page)).to_have_count(10)
    expect(page.locator("[data-next]")).to_have_count(0)


def test_the_link_for_others_is_copied_and_opens(browser: Browser, live_server: Any) -> None:
    with visitor(browser, permissions=["camera", "clipboard-read", "clipboard-write"]) as page:
        page.add_init_script(CANNOT_SHARE)
        page.goto(f"{live_server.url}/e/gala/")
        _shoot(page)
        page.get_by_role("button", name="Share").click()
        expect(page.locator("[data-toast]")).to_contain_text("The link is copied")
        link = page.evaluate("navigator.clipboard.readText()")
    with visitor(browser, **LAPTOP) as page:
        page.goto(link)
        expect(_photos(page)).to_have_count(4)
        expect(page.get_by_role("heading", level=1)).to_have_text("4 photos")
        expect(page.locator(".not-me")).to_have_count(0)


def test_where_the_phone_shares_the_phone_is_asked(page: Page) -> None:
    page.add_init_script(SHARES)
    page.reload()
    _shoot(page)
    page.wait_for_url("**/r/*/")
    page.get_by_role("button", name="Share").click()
    page.wait_for_function("window.shared")
    assert page.evaluate("window.shared") == {"title": "Gala", "url": page.locator("[data-shared-url]").input_value()}


def test_another_photo_adds_to_the_result(page: Page) -> None:
    _shoot(page)
    page.wait_for_url("**/r/*/")
    first = page.url
    _choose(page, painted(BOB))
    expect(_problem(page)).to_contain_text("This looks like somebody else")
    _choose(page, painted(ANN))
    page.wait_for_function("url => location.href !== url && location.pathname.startsWith('/r/')", arg=first)
    expect(page.get_by_role("heading", level=1)).to_have_text("4 photos of you")


def test_who_just_searched_is_forgotten_without_another_selfie(page: Page) -> None:
    _shoot(page)
    page.get_by_role("link", name="Forget me").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("button", name="Delete it all").click()
    page.wait_for_url("**/receipt/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are forgotten")
    expect(page.locator(".receipt-number")).to_have_text(Erasure.objects.get().number)


def test_opting_out_takes_a_selfie_and_a_yes(page: Page) -> None:
    page.get_by_role("link", name="Do not find me in photos").click()
    page.get_by_role("button", name="Take a selfie").click()
    page.locator("[data-shutter]").click()
    page.locator("[data-use]").click()
    expect(page.get_by_role("heading", name="What will happen")).to_be_focused()
    assert not Erasure.objects.exists()
    page.get_by_role("button", name="Delete, and do not find me again").click()
    page.wait_for_url("**/receipt/*/")
    assert Erasure.objects.get().kind == "opt_out"


def test_it_works_without_scripts(browser: Browser, live_server: Any) -> None:
    with visitor(browser, java_script_enabled=False) as page:
        page.goto(f"{live_server.url}/e/gala/")
        expect(page.get_by_role("button", name="Take a selfie")).to_be_hidden()
        page.locator("[name=consent]").check()
        page.locator("[name=photo]").set_input_files(
            {"name": "us.png", "mimeType": "image/png", "buffer": painted(ANN, BOB)}
        )
        page.get_by_role("button", name="Find my photos").click()
        expect(page.locator(".face-box")).to_have_count(2)
        page.get_by_role("button", name="Face 2").click()
        page.wait_for_url("**/r/*/")
        shown = _photos(page).count()
        page.locator(".not-me").first.click()  # the forms of this page too are taken by the protection of forms
        expect(_photos(page)).to_have_count(shown - 1)
        page.get_by_role("button", name="Share").click()
        expect(page.locator("[data-shared-url]")).to_have_value(re.compile(r"/s/.+/"))


def test_the_language_is_switched_in_place(page: Page) -> None:
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Найдите свои фото")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "ru"


def test_it_is_light_or_dark_as_the_visitor_likes(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ground, ink = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        assert (_light(ground) > _light(ink)) == (scheme == "light")
        assert _contrast(ground, ink) > 7
        for part in (".card .soft", ".foot a", ".primary", ".more-about summary"):
            behind, colour = page.locator(part).first.evaluate(BEHIND)
            assert _contrast(behind, colour) >= 4.5, part


def _light(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_light(one), _light(other)))
    return (light + 0.05) / (dark + 0.05)


def test_nothing_is_wider_than_the_screen_and_all_can_be_touched(page: Page, live_server: Any) -> None:
    _shoot(page)
    page.wait_for_url("**/r/*/")
    for url in (page.url, *(live_server.url + path for path in ("/e/gala/", "/opt-out/", "/e/nothing/"))):
        page.goto(url)
        for width in (320, 390, 720, 1440):  # 720 is a laptop's at a zoom of 200 %
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (url, width)
            assert _small(page) == [], (url, width)


def _small(page: Page) -> Any:
    """What is there to be touched and less than 44 pixels high or wide."""
    return page.evaluate(
        """[...document.querySelectorAll("button, .button, .brand[href], summary, .foot a, .consent")]
            .map((node) => [node.className || node.outerHTML, node.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < 44 || box.width < 44)).map(([name]) => name)"""
    )


def test_nothing_jumps_while_photos_load(page: Page) -> None:
    page.add_init_script("""window.shift = 0; new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });""")
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") < 0.02
    _shoot(page)
    page.wait_for_url("**/r/*/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") < 0.02


@pytest.mark.assets
def test_a_real_face_before_the_camera_finds_its_photos(
    transactional_db: None, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = (_portraits(name) for name in ("Lucy_Liu", "Vicente_Fox"))
    event = open_event("Real")
    process(upload(event, *(path.read_bytes() for path in [*ann[1:4], *bob[:3]])))
    selfie = Image.new("RGB", (640, 480), (90, 96, 104))
    selfie.paste(Image.open(ann[0]).convert("RGB").resize((400, 400)), (120, 40))
    with camera(selfie, tmp_path, monkeypatch) as browser, visitor(browser) as page:
        page.goto(f"{live_server.url}/e/real/")
        _shoot(page)
        page.wait_for_url("**/r/*/", timeout=60_000)
        expect(_photos(page)).to_have_count(3)
        names = [image.get_attribute("alt") for image in page.locator("[data-photo] img").all()]
        assert sorted(str(name) for name in names) == ["Photo 1.png", "Photo 2.png", "Photo 3.png"]


def _portraits(name: str) -> list[Path]:
    return sorted((photographs.assets() / "data" / "lfw_dev" / name).iterdir())
