"""The page of an event: whom it lets in, and what it says."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from faces.models import Event, Photo
from faces.services.erasure import event_expire
from faces.services.uploads import event_create
from faces.tests.attendance import ANN, open_event
from faces.tests.painting import painted, processed
from faces.tests.visiting import JSON, find, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static", "unhurried")]
STATIC = Path(settings.BASE_DIR) / "photofinder" / "static" / "photofinder" / "pages"


@pytest.fixture
def gala() -> Event:
    """A public event with two photos."""
    event = open_event("Gala", text="Thank you for coming!\n\nSee you next year.", date="2026-06-12")
    processed(event, painted(ANN), painted(ANN))
    return event


def test_it_shows_cover_name_date_and_text(client: Client, gala: Event) -> None:
    gala.cover = Photo.objects.get(original_name="2.png")
    gala.save()
    page = text(client.get("/e/gala/"))
    assert "<h1>Gala</h1>" in page
    assert "June 12, 2026" in page
    assert "<p>See you next year.</p>" in page
    cover = re.search(r'<img src="(/f/[^"]+)"[^>]*width="120" height="120"', page)
    assert cover is not None
    assert client.get(cover[1])["Content-Type"] == "image/jpeg"


def test_its_text_is_only_text(client: Client) -> None:
    open_event("Gala", text="<script>alert(1)</script>")
    assert "<script>alert" not in text(client.get("/e/gala/"))


def test_it_says_in_how_many_photos_it_looks(client: Client, gala: Event) -> None:
    assert "in all 2 photos" in text(client.get("/e/gala/"))
    open_event("Empty")
    assert "still on their way" in text(client.get("/e/empty/"))


@pytest.mark.parametrize("options", [{"published": False}, {"published": False, "access": "code"}])
def test_an_event_that_is_not_published_is_as_unknown_as_none(client: Client, options: dict[str, Any]) -> None:
    event_create(name="Secret", **options)
    for slug in ("secret", "nothing"):
        page = text(client.get(f"/e/{slug}/"), 404)
        assert "There is no event here" in page
        assert "Secret" not in page


def test_a_closed_event_says_so(client: Client) -> None:
    closed = open_event("Party", access="closed", text="Inside")
    page = text(client.get("/e/party/"), 403)
    assert "closed" in page
    assert "Inside" not in page
    assert find(client, closed, ANN).status_code == 403


def test_an_event_by_code_asks_for_it_once(client: Client) -> None:
    event = open_event("Dinner", access="code", text="Inside")
    page = text(client.get("/e/dinner/"), 403)
    assert 'name="code"' in page
    assert "Inside" not in page
    assert "does not open" in text(client.get("/e/dinner/?code=wrong%00"), 403)
    assert "Inside" in text(client.get(f"/e/dinner/?code={event.code}"))
    assert "Inside" in text(client.get("/e/dinner/"))
    assert 'name="code"' in text(Client().get("/e/dinner/"), 403)


def test_a_code_is_read_as_people_write_it(client: Client) -> None:
    code = open_event("Dinner", access="code").code
    assert client.get("/e/dinner/", {"code": f" {code[:5].upper()}-{code[5:]} "}).status_code == 200


def test_the_code_of_one_event_opens_no_other(client: Client) -> None:
    open_event("Dinner", access="code")
    other = open_event("Lunch", access="code")
    assert client.get("/e/dinner/", {"code": other.code}).status_code == 403


def test_a_code_that_was_changed_is_asked_for_anew(client: Client) -> None:
    event = open_event("Dinner", access="code")
    client.get("/e/dinner/", {"code": event.code})
    Event.objects.update(code="another")
    assert client.get("/e/dinner/").status_code == 403


def test_a_remembered_code_cannot_be_made_up(client: Client) -> None:
    event = open_event("Dinner", access="code")
    client.cookies[f"event-{event.pk}"] = event.code
    assert client.get("/e/dinner/").status_code == 403


def test_codes_are_not_guessed_quickly(client: Client, settings: Any) -> None:
    from django.core.cache import cache

    cache.clear()
    settings.PAGE_SEARCH_RATE = "2/min"
    open_event("Dinner", access="code")
    answers = [client.get("/e/dinner/?code=wrong") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_only_who_is_let_in_searches(client: Client) -> None:
    event = open_event("Dinner", access="code")
    processed(event, painted(ANN))
    answer = client.post("/e/dinner/find/", {"consent": "1"}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_let_in")
    client.get("/e/dinner/", {"code": event.code})
    assert find(client, event, ANN).status_code == 302


def test_the_search_ends_with_the_retention(client: Client, gala: Event) -> None:
    event_expire(event=gala)
    page = text(client.get("/e/gala/"))
    assert "The search has ended" in page
    assert "data-selfie" not in page
    processed(gala, painted(ANN))
    assert "The search has ended" not in text(client.get("/e/gala/"))


def test_it_speaks_the_visitors_language_and_is_switched(client: Client, gala: Event) -> None:
    assert "Найдите свои фото" in text(client.get("/e/gala/", headers={"accept-language": "ru"}))
    assert "Find your photos" in text(client.get("/e/gala/", headers={"accept-language": "de"}))
    answer = client.post("/i18n/setlang/", {"language": "ru", "next": "/e/gala/"})
    assert answer["Location"] == "/e/gala/"
    assert "Найдите свои фото" in text(client.get("/e/gala/"))


def test_it_needs_nothing_from_elsewhere(client: Client, gala: Event) -> None:
    page = text(client.get("/e/gala/"))
    assert re.findall(r"(?:https?:)?//[\w.-]+", page) == []
    for file in STATIC.iterdir():
        urls = re.findall(r"https?://[\w./-]+", file.read_text())
        assert set(urls) <= {"http://www.w3.org/2000/svg"}, file.name


def test_its_files_are_small() -> None:
    sizes = {suffix: sum(file.stat().st_size for file in STATIC.glob(f"*{suffix}")) for suffix in (".css", ".js")}
    assert sizes[".css"] < 26_000
    assert sizes[".js"] < 30_000


def test_it_has_no_script_of_its_own(client: Client, gala: Event) -> None:
    page = text(client.get("/e/gala/"))
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"\bon\w+=\"", page) == []
