"""The poster and the QR codes of an event: what they lead to is read back from their pictures."""

import datetime
import io
from typing import Any
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
from django.urls import resolve
from PIL import Image

from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
POSTER, PRINT, QR = "faces_event_poster", "faces_event_print", "faces_event_qr"

READERS = (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco())


@pytest.fixture(autouse=True)
def bot(settings: Any) -> None:
    settings.TELEGRAM_BOT_NAME = "finder_bot"


def _event(**options: Any) -> Event:
    return event_create(name="День города", date=datetime.date(2026, 6, 12), published=True, **options)


def _read(png: bytes) -> str:
    """What the QR code in the picture says; OpenCV's reader, weaker than a phone's, gets it in several sizes."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert min(image.size) >= 1200
    sizes = [np.asarray(image.resize((side, side))) for side in (300, 400, 480, 560, 640, 800, 1000)]
    read = (reader.detectAndDecode(size)[0] for reader in READERS for size in sizes)
    return next((str(said) for said in read if said), "")


def test_the_code_of_the_page_leads_to_the_page() -> None:
    event = _event()
    answer = signed_in("organiser").get(address(QR, event.pk, "page", "png"))
    assert _read(answer.content) == "http://testserver/e/den-goroda/"
    assert resolve("/e/den-goroda/").url_name == "event-page"


def test_of_an_event_by_code_it_brings_the_code() -> None:
    event = _event(access=Event.Access.CODE)
    answer = signed_in("organiser").get(address(QR, event.pk, "page", "png"))
    assert _read(answer.content) == f"http://testserver/e/den-goroda/?code={event.code}"


def test_the_code_of_the_bot_opens_the_event_in_the_bot() -> None:
    event = _event()
    answer = signed_in("moderator").get(address(QR, event.pk, "bot", "png"), {"download": "1"})
    assert _read(answer.content) == f"https://t.me/finder_bot?start={event.code}"
    assert answer["Content-Disposition"] == 'attachment; filename="den-goroda-bot.png"'


def test_a_code_is_a_vector_drawing_too() -> None:
    answer = signed_in("organiser").get(address(QR, _event().pk, "page", "svg"))
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content


@pytest.mark.parametrize(("kind", "form"), [("page", "pdf"), ("other", "png")])
def test_there_are_no_other_codes(kind: str, form: str) -> None:
    assert signed_in("organiser").get(address(QR, _event().pk, kind, form)).status_code == 404


def test_without_a_bot_there_is_only_the_page(settings: Any) -> None:
    settings.TELEGRAM_BOT_NAME = ""
    event, browser = _event(), signed_in("organiser")
    assert browser.get(address(QR, event.pk, "bot", "png")).status_code == 404
    assert "Bot in Telegram" not in text(browser.get(address(POSTER, event.pk)))
    assert text(browser.get(address(PRINT, event.pk))).count("<svg") == 1


@pytest.mark.parametrize(
    ("language", "said", "silent"),
    [
        ("ru", ["Найдите свои фото", "12 июня 2026"], ["Find your photos"]),
        ("en", ["Find your photos", "June 12, 2026"], ["Найдите свои фото"]),
        ("both", ["Найдите свои фото", "Find your photos", "12 июня 2026", "June 12, 2026"], []),
    ],
)
def test_it_speaks_the_languages_that_are_chosen(language: str, said: list[str], silent: list[str]) -> None:
    page = text(signed_in("organiser").get(address(PRINT, _event().pk), {"language": language}))
    assert [words for words in said if words not in page] == []
    assert [words for words in silent if words in page] == []


@pytest.mark.parametrize(("size", "paper"), [("a4", "210mm 297mm"), ("a6", "105mm 148mm"), ("a0", "210mm 297mm")])
def test_it_is_as_large_as_its_paper(size: str, paper: str) -> None:
    assert f"size: {paper}" in text(signed_in("organiser").get(address(PRINT, _event().pk), {"size": size}))


def test_it_shows_cover_name_and_code() -> None:
    event = _event(access=Event.Access.CODE)
    photos = processed(event, painted(1), painted(2))
    Event.objects.update(cover=photos[1])
    answer = signed_in("organiser").get(address(PRINT, event.pk))
    page = text(answer)
    assert f"{photos[1].image.sha256}_1600.webp" in unquote(page)
    assert f"<b>{event.code}</b>" in page
    assert page.count("<svg") == 2
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_a_name_cannot_bring_in_markup() -> None:
    Event.objects.filter(pk=_event().pk).update(name="<script>alert(1)</script>")
    browser = signed_in("organiser")
    for page in (POSTER, PRINT):
        assert "<script>alert" not in text(browser.get(address(page, Event.objects.get().pk)))


def test_it_warns_of_an_event_that_is_not_open() -> None:
    browser, event = signed_in("organiser"), _event()
    assert "The event is not open yet." not in text(browser.get(address(POSTER, event.pk)))
    Event.objects.update(published=False)
    assert "The event is not open yet." in text(browser.get(address(POSTER, event.pk)))


def test_only_who_may_see_the_event_sees_it() -> None:
    browser, event = signed_in(""), _event()
    for link in (address(POSTER, event.pk), address(PRINT, event.pk), address(QR, event.pk, "page", "png")):
        assert browser.get(link).status_code == 403
