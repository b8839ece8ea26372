"""The pages of Admin in a real browser: dropping files, watching them, choosing a face, pointing at one."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from faces.models import Person, Photo
from faces.services.uploads import event_create
from faces.tests.browsing import MARKS, browsing
from faces.tests.desk import address
from faces.tests.painting import painted, process, processed

DROP = """(zone, files) => {
    const transfer = new DataTransfer();
    for (const [name, data] of files) {
        transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
    }
    zone.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""
pytestmark = MARKS


@pytest.fixture
def page(live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page in which an organiser is signed in; what it complains about fails the test."""
    with browsing("organiser", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        yield page


def _drop(page: Page, files: dict[str, bytes]) -> None:
    encoded = [[name, base64.b64encode(data).decode()] for name, data in files.items()]
    page.locator("[data-drop]").evaluate(DROP, encoded)


def test_dropped_files_are_sent_named_and_watched_until_they_are_processed(page: Page, live_server: Any) -> None:
    event = event_create(name="Gala")
    page.goto(live_server.url + address("faces_event_change", event.pk))
    photos = {f"{number}.png": painted(number, 30) for number in range(8)}
    _drop(page, photos | {"notes.txt": b"words", "again.png": photos["0.png"]})
    expect(page.locator("[data-status]")).to_have_text("Finished, but not every file was taken")
    expect(page.locator("[data-amount]")).to_contain_text("10 of 10 files")
    expect(page.locator("[data-counts]")).to_have_text("8 new · 1 were here already · 1 not taken")
    expect(page.locator("[data-trouble] li")).to_contain_text("notes.txt Not a photo.")
    expect(page.locator(".pf-progress [data-figure=total]")).to_have_text("8")
    assert event.batches.get().photos.count() == 8

    process(list(Photo.objects.all()))
    expect(page.locator(".pf-progress [data-figure=processed]")).to_have_text("8")
    expect(page.locator(".pf-progress [data-figure=faces]")).to_have_text("16")
    expect(page.locator(".pf-progress")).to_have_attribute("data-done", "")
    expect(page.locator(".pf-photo-tile img")).to_have_count(8)


def test_a_lost_connection_is_tried_again(page: Page, live_server: Any) -> None:
    event = event_create(name="Gala")
    page.goto(live_server.url + address("faces_event_change", event.pk))
    lost: list[str] = []

    def lose(route: Any) -> None:
        lost.append(route.request.url)
        route.abort() if len(lost) == 1 else route.continue_()

    page.route("**/upload/*/", lose)
    _drop(page, {"1.png": painted(1)})
    expect(page.locator("[data-status]")).to_have_text("All files are sent")
    assert len(lost) == 2
    assert event.photos.count() == 1


def test_sending_can_be_cancelled_and_gone_on_with(page: Page, live_server: Any) -> None:
    event = event_create(name="Gala")
    page.goto(live_server.url + address("faces_event_change", event.pk))
    page.route("**/upload/*/", lambda route: None)  # no answer ever
    with page.expect_request("**/upload/*/"):  # the batch is there by then
        _drop(page, {f"{number}.png": painted(number) for number in range(5)})
    page.click("[data-cancel]")
    expect(page.locator("[data-status]")).to_have_text("Cancelled")
    page.unroute("**/upload/*/")
    page.click("[data-again]")
    expect(page.locator("[data-status]")).to_have_text("All files are sent")
    assert event.batches.get().photos.count() == 5


def test_one_of_several_faces_is_chosen_without_choosing_the_file_again(page: Page, live_server: Any) -> None:
    processed(event_create(name="Gala"), painted(3), painted(17))
    Person.objects.filter(faces__photo__original_name="1.png").update(name="Ann")
    page.goto(live_server.url + address("faces_person_find"))
    selfie = {"name": "us.png", "mimeType": "image/png", "buffer": painted(3, 17)}
    page.set_input_files("[name=photo]", selfie)  # type: ignore[arg-type]
    page.click("#pf-find [type=submit]")
    expect(page.locator(".pf-box-choice")).to_have_count(2)
    names = []
    for choice in range(2):
        page.click("#pf-find [type=submit]")
        page.locator(".pf-box-choice").nth(choice).click()
        names.append(page.locator(".pf-match strong").inner_text())
    assert "Ann" in names
    assert len(set(names)) == 2


def test_pointing_at_a_face_lights_its_row(page: Page, live_server: Any) -> None:
    photo = processed(event_create(name="Gala"), painted(1, 2))[0]
    page.goto(live_server.url + address("faces_photo_change", photo.pk))
    box = page.locator("a.pf-box").first
    box.hover()
    face = box.get_attribute("data-face")
    expect(page.locator(f".pf-face-row[data-face='{face}']")).to_have_class("pf-face-row pf-lit")
    expect(page.locator(".pf-face-row:not(.pf-lit)")).to_have_count(1)
