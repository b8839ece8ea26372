"""Attendees before the pages: over HTTP, and in a real browser with a camera."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from faces.engines.fake import paint_face
from faces.models import Event, SelfieSearch
from faces.tests.browsing import CHROMIUM, FLAGS
from faces.tests.painting import painted

JSON = {"Accept": "application/json"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "en", "has_touch": True}
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en"}


def sent_file(*identities: int, data: bytes | None = None) -> SimpleUploadedFile:
    """A selfie of these, or a file with that content."""
    return SimpleUploadedFile("me.png", painted(*identities) if data is None else data)


def find(client: Client, event: Event, *identities: int, **fields: Any) -> Any:
    """The answer to a selfie of these, sent by a form without scripts; a field of None is left out."""
    fields = {"photo": sent_file(*identities), "consent": "1"} | fields
    form = {name: value for name, value in fields.items() if value is not None}
    return client.post(f"/e/{event.slug}/find/", form)


def found(client: Client, event: Event, *identities: int) -> SelfieSearch:
    """The search of that selfie."""
    answer = find(client, event, *identities)
    assert answer.status_code == 302, answer.content.decode()
    return SelfieSearch.objects.get(code=answer["Location"].split("/")[2])


def text(answer: Any, status: int = 200) -> str:
    """The page of an answer."""
    assert answer.status_code == status, answer.status_code
    return str(answer.content.decode())


def filmed(*identities: int) -> Image.Image:
    """What a camera sees of the fake engine's faces, side by side."""
    pixels = np.full((480, 640, 3), 128, np.uint8)
    side = 150 if len(identities) < 2 else 100
    for place, identity in enumerate(identities):
        left = 320 - (side + 20) * len(identities) // 2 + place * (side + 20) + 10
        paint_face(pixels, (left, 160, side), identity)
    return Image.fromarray(pixels)


@contextmanager
def camera(picture: Image.Image, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser whose camera shows the picture."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs an event loop in this thread
    frame = io.BytesIO()
    picture.save(frame, "JPEG", quality=95)
    film = folder / "camera.mjpeg"
    film.write_bytes(frame.getvalue())
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with sync_playwright() as playwright:
        flags = [*FLAGS, *fake, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()
        connections.close_all()  # Django keeps others for a thread with an event loop, which nobody else would close


@contextmanager
def visitor(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of a new visitor; what it complains about, and every request to another site, fails the test."""
    context: BrowserContext = browser.new_context(**(PHONE | {"permissions": ["camera"]} | options))
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    page.on("request", lambda request: None if _is_own(request.url) else complaints.append(request.url))
    yield page
    context.close()
    assert complaints == []


def _is_own(url: str) -> bool:
    return url.startswith(("http://localhost:", "http://127.0.0.1:", "blob:", "data:"))
