"""The settings of an event before a real browser: the watermark as it is typed, a logo as it is chosen, the code."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.browsing import MARKS, browsing
from faces.tests.desk import address
from faces.tests.painting import painted, processed

pytestmark = MARKS


def _sample(page: Page) -> Any:
    return page.locator("[data-sample]")


def test_the_watermark_is_shown_while_it_is_typed(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = event_create(name="Gala")
    processed(event, painted(1, 2, 3))
    buffer = io.BytesIO()
    Image.new("RGBA", (80, 40), "red").save(buffer, "PNG")
    logo: Any = {"name": "logo.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    with browsing("organiser", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.goto(live_server.url + address("faces_event_settings", event.pk))
        page.get_by_label("Watermark text").fill("© Gala")
        expect(_sample(page)).to_have_attribute("src", re.compile("^blob:"))
        before = _sample(page).get_attribute("src")
        page.locator('input[name="logo"]').set_input_files([logo])
        expect(_sample(page)).not_to_have_attribute("src", before or "")
        page.locator('input[name="logo"]').set_input_files([logo | {"buffer": b"no picture"}])
        expect(page.locator("[data-sample-words]")).to_contain_text("This is not a picture that can be read")
        page.locator('input[name="logo"]').set_input_files([logo])
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        expect(page.get_by_alt_text("The logo")).to_be_visible()
    event.refresh_from_db()
    assert event.watermark_text == "© Gala"
    assert event.watermark_logo.startswith("logos/")


def test_another_code_is_made_only_by_who_is_sure(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = event_create(name="Gala")
    with browsing("organiser", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.goto(live_server.url + address("faces_event_settings", event.pk))
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="New code").click()
        expect(page.get_by_text(event.code, exact=True)).to_be_visible()
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="New code").click()
        expect(page.get_by_text("Print the posters anew")).to_be_visible()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert Event.objects.get().code != event.code


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_tabs_of_an_event_are_on_one_line_and_scroll_on_a_phone(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    event = event_create(name="Gala")
    with browsing("organiser", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(live_server.url + address("faces_event_change", event.pk))
        tabs = page.locator(".pf-tabs")
        tops = {box["y"] for tab in tabs.locator("a").all() if (box := tab.bounding_box())}
        assert (tabs.locator("a").count(), len(tops)) == (10, 1)
        assert tabs.evaluate("tabs => tabs.scrollWidth <= tabs.clientWidth")
        page.set_viewport_size({"width": 390, "height": 844})
        assert tabs.evaluate("tabs => tabs.scrollWidth > tabs.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
