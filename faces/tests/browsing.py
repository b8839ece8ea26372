"""A real browser before the pages of Admin."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Page, sync_playwright

from faces.tests.desk import signed_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
MARKS = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "plain_static", "sent"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]


@contextmanager
def browsing(role: str, *, url: str, profile: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page in which somebody with the role is signed in at `url`; what it complains about fails the test."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright runs an event loop in this thread
    cookie = signed_in(role).cookies["sessionid"]
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=FLAGS)
        browser.add_cookies([{"name": "sessionid", "value": cookie.value, "url": url}])
        page = browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
        yield page
        browser.close()
        connections.close_all()  # Django keeps others for a thread with an event loop, which nobody else would close
    assert complaints == []
