"""The settings of an event: its form, its logo, its code, and the picture of its watermark."""

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone
from PIL import Image

from faces.models import Event
from faces.services import deletion
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed
from photofinder import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
CODE, SETTINGS, WATERMARK = "faces_event_code", "faces_event_settings", "faces_event_watermark"
FIELDS = {
    **{"name": "Gala", "slug": "gala", "date": "", "text": "", "published": "on", "access": "code"},
    **{"originals_allowed": "on", "watermark_text": "", "watermark_corner": "tiled", "watermark_opacity": "40"},
    "retention_days": "",
}


@pytest.fixture
def event() -> Event:
    return event_create(name="Gala")


def logo(width: int = 60, height: int = 30, fmt: str = "PNG", mode: str = "RGBA") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), "red").save(buffer, fmt)
    return SimpleUploadedFile("логотип.png", buffer.getvalue(), "image/png")


def save(event: Event, *, role: str = "organiser", **fields: Any) -> Any:
    answer = signed_in(role).post(address(SETTINGS, event.pk), FIELDS | fields)
    event.refresh_from_db()
    return answer


def test_saving_keeps_what_the_form_says_and_stays_there(event: Event) -> None:
    answer = save(event, text="Welcome", released_only="on", retention_days="30", watermark_text="© Gala")
    assert answer["Location"] == address(SETTINGS, event.pk)
    assert (event.published, event.access, event.text) == (True, "code", "Welcome")
    assert (event.originals_allowed, event.released_only, event.retention_days) == (True, True, 30)
    assert (event.watermark_text, event.watermark_corner, event.watermark_opacity) == ("© Gala", "tiled", 40)


@pytest.mark.parametrize(
    "wrong",
    [{"watermark_opacity": "0"}, {"watermark_opacity": "101"}, {"retention_days": "0"}, {"access": "x"}],
    ids=str,
)
def test_what_makes_no_sense_is_refused(event: Event, wrong: dict[str, str]) -> None:
    assert save(event, **wrong).status_code == 200
    assert event.watermark_corner != "tiled"


def test_the_form_says_on_which_day_faces_are_deleted(event: Event) -> None:
    event.date, event.retention_days = datetime.date(2040, 1, 1), 30
    event.save()
    assert "On Jan. 31, 2040: 30 days after the event" in text(signed_in("organiser").get(address(SETTINGS, event.pk)))
    event.biometrics_deleted_at = timezone.make_aware(datetime.datetime(2040, 2, 1, 12))
    event.save()
    assert "The faces were deleted on Feb. 1, 2040." in text(signed_in("moderator").get(address(SETTINGS, event.pk)))


@pytest.mark.parametrize(
    ("change", "renewed"), [({"watermark_text": "© Gala"}, 1), ({"watermark_opacity": "90"}, 0), ({"text": "Hi"}, 0)]
)
def test_old_copies_go_when_the_photos_look_otherwise(
    event: Event, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], renewed: int
) -> None:
    processed(event, painted(1))
    messages: list[str] = []
    monkeypatch.setattr(deletion, "enqueue", lambda path, ids, chunk: messages.append(path))
    save(event, **change)
    assert messages == ["faces.tasks.sweep_previews"] * renewed


def test_who_may_only_look_sees_settings_and_no_form(event: Event) -> None:
    page = text(signed_in("moderator").get(address(SETTINGS, event.pk)))
    assert event.code in page
    assert 'name="logo"' not in page
    assert save(event, role="moderator").status_code == 403
    assert event.published is False


def test_a_logo_is_kept_as_a_png_of_at_most_1000_pixels(event: Event) -> None:
    save(event, logo=logo(2400, 1200, "WEBP"))
    with storage.open_file(event.watermark_logo) as file:
        image = Image.open(file)
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (1000, 500))
    assert event.watermark_logo.startswith("logos/")


def test_transparent_margins_of_a_logo_are_cut(event: Event) -> None:
    pixels = np.zeros((100, 200, 4), np.uint8)
    pixels[40:60, 50:150] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    save(event, logo=SimpleUploadedFile("logo.png", buffer.getvalue()))
    with storage.open_file(event.watermark_logo) as file:
        assert Image.open(file).size == (100, 20)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>"), "This is not a picture that can be read"),
        (lambda: SimpleUploadedFile("logo.png", logo(400, 400).read()[:200]), "The file is damaged."),
        (lambda: SimpleUploadedFile("logo.png", bytes(10 * 1024**2 + 1)), "The file is larger than 10 MB."),
        (lambda: logo(8000, 6000, mode="1"), "The picture has too many pixels"),
    ],
)
def test_a_file_that_is_no_logo_is_refused(event: Event, make: Callable[[], Any], words: str) -> None:
    assert words in text(save(event, logo=make()))
    assert event.watermark_logo == ""


def test_a_logo_can_be_removed_and_its_file_goes_with_the_last_event(
    event: Event, django_capture_on_commit_callbacks: Any
) -> None:
    other = event_create(name="Ball")
    for one in (event, other):
        save(one, logo=logo(), slug=one.slug)
    key = event.watermark_logo
    assert other.watermark_logo == key
    for one, is_there in ((event, True), (other, False)):
        with django_capture_on_commit_callbacks(execute=True):
            save(one, remove_logo="on", slug=one.slug)
        assert one.watermark_logo == ""
        assert storage.exists(key) is is_there


def test_a_new_code_closes_the_door_to_the_old_one(event: Event) -> None:
    before = event.code
    answer = signed_in("organiser").post(address(CODE, event.pk), FIELDS, follow=True)
    event.refresh_from_db()
    assert event.code != before
    assert f"The new code is {event.code}." in text(answer)
    assert event.name == "Gala"


def test_only_who_may_change_the_event_makes_a_code(event: Event) -> None:
    before = event.code
    assert signed_in("moderator").post(address(CODE, event.pk)).status_code == 403
    assert signed_in("organiser").get(address(CODE, event.pk)).status_code == 405
    event.refresh_from_db()
    assert event.code == before


def _sample(answer: Any) -> Any:
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    return np.asarray(Image.open(io.BytesIO(answer.content))).astype(int)


def test_its_watermark_is_shown_before_it_is_saved(event: Event) -> None:
    processed(event, painted(1, 2, 3))
    browser, link = signed_in("organiser"), address(WATERMARK, event.pk)
    plain = _sample(browser.get(link))
    with_text = _sample(browser.post(link, FIELDS | {"watermark_text": "Ёлка"}))
    with_logo = _sample(browser.post(link, FIELDS | {"logo": logo()}))
    assert np.abs(with_text - plain).max() > 40
    assert np.abs(with_logo - plain).max() > 40
    event.refresh_from_db()
    assert (event.watermark_text, event.watermark_logo) == ("", "")


def test_a_stored_logo_is_shown_and_can_be_thought_away(event: Event) -> None:
    browser, link = signed_in("organiser"), address(WATERMARK, event.pk)
    plain = _sample(browser.get(link))
    save(event, logo=logo())
    assert np.abs(_sample(browser.get(link)) - plain).max() > 40
    without = _sample(browser.post(link, FIELDS | {"remove_logo": "on"}))
    assert np.abs(without - plain).max() == 0


def test_a_watermark_that_makes_no_sense_has_no_picture(event: Event) -> None:
    browser, link = signed_in("organiser"), address(WATERMARK, event.pk)
    for wrong in ({"watermark_opacity": "x"}, {"watermark_corner": "x"}, {"watermark_text": "x" * 61}):
        assert browser.post(link, FIELDS | wrong).status_code == 400
    answer = browser.post(link, FIELDS | {"logo": SimpleUploadedFile("logo.png", b"no picture")})
    assert "This is not a picture" in answer.json()["detail"]


def test_strangers_see_no_watermark(event: Event) -> None:
    assert signed_in("").get(address(WATERMARK, event.pk)).status_code == 403


def test_opening_an_event_tells_its_subscribers(event: Event) -> None:
    save(event, watermark_opacity="50", published="on", access="public")
    assert event.news > event.told
    Event.objects.update(told=F("news"))
    save(event, watermark_opacity="60", published="on", access="public")
    assert event.news == event.told


def test_its_overview_says_who_finds_themselves_and_where(event: Event, settings: Any) -> None:
    settings.TELEGRAM_BOT_NAME = "finder_bot"
    browser, link = signed_in("organiser"), address("faces_event_change", event.pk)
    page = text(browser.get(link))
    assert "A draft: attendees do not see it yet." in page
    assert f"https://t.me/finder_bot?start={event.code}" in page
    assert f"/e/gala/?code={event.code}" not in page
    save(event)
    page = text(browser.get(link))
    assert "Whoever has the code finds themselves in it." in page
    assert f"http://testserver/e/gala/?code={event.code}" in page
    assert '<form enctype="multipart/form-data"' not in page


def test_the_first_photo_is_the_cover_until_one_is_chosen(event: Event, tmp_path: Path) -> None:
    photos = processed(event, painted(1), painted(2))
    browser = signed_in("organiser")
    assert "The first photo that attendees may see." in text(browser.get(address(SETTINGS, event.pk)))
    answer = browser.post(address("faces_photo_cover", photos[1].pk), follow=True)
    assert "The photo stands for “Gala” now." in text(answer)
    event.refresh_from_db()
    assert event.cover == photos[1]
    assert "pf-cover-chosen" in text(browser.get(address(SETTINGS, event.pk)))


def test_a_cover_is_chosen_from_the_list_too(event: Event) -> None:
    photos = processed(event, painted(1), painted(2))
    browser, link = signed_in("organiser"), address("faces_photo_changelist")
    chosen = {"action": "use_as_cover", "_selected_action": [photo.pk for photo in photos]}
    assert "Choose one photo." in text(browser.post(link, chosen, follow=True))
    browser.post(link, chosen | {"_selected_action": [photos[1].pk]})
    event.refresh_from_db()
    assert event.cover == photos[1]


def test_moderators_choose_no_cover(event: Event) -> None:
    photo = processed(event, painted(1))[0]
    browser = signed_in("moderator")
    assert browser.post(address("faces_photo_cover", photo.pk)).status_code == 403
    browser.post(address("faces_photo_changelist"), {"action": "use_as_cover", "_selected_action": [photo.pk]})
    event.refresh_from_db()
    assert event.cover is None
