"""What a selfie found: the finder's page, and the one that others are shown."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from faces.models import Event, NotMe, Photo, SelfieSearch
from faces.pages import cards
from faces.tests.attendance import ANN, BOB, CARL, open_event
from faces.tests.painting import painted, processed
from faces.tests.visiting import JSON, found, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static", "unhurried")]


@pytest.fixture
def gala() -> Event:
    """Ann is in 1.png, 2.png and 3.png, Bob in 1.png and 4.png."""
    event = open_event("Gala", date="2026-06-12")
    processed(event, painted(ANN, BOB), painted(ANN), painted(ANN), painted(BOB))
    return event


@pytest.fixture
def ann(client: Client, gala: Event) -> SelfieSearch:
    """What Ann found."""
    return found(client, gala, ANN)


def _shown(page: str) -> list[str]:
    return sorted(re.findall(r'alt="Photo (\d+\.png)"', page))


def _photo(name: str) -> int:
    return int(Photo.objects.get(original_name=name).pk)


def test_every_photo_has_its_size_and_links_that_open(client: Client, ann: SelfieSearch) -> None:
    page = text(client.get(f"/r/{ann.code}/"))
    assert _shown(page) == ["1.png", "2.png", "3.png"]
    assert "3 photos of you" in page
    assert 'width="240" height="120"' in page
    links = re.findall(r'(?:href|src|data-download)="(/f/[^"]+)"', page)
    assert len(links) == 9
    assert {client.get(link)["Content-Type"] for link in links} == {"image/jpeg", "image/png"}


def test_its_address_stays_a_secret(client: Client, ann: SelfieSearch) -> None:
    client.post(f"/r/{ann.code}/share/")
    ann.refresh_from_db()
    for path in (f"/r/{ann.code}/", f"/s/{ann.shared_code}/", f"/r/{ann.code}/photos/", f"/r/{ann.code}/forget/"):
        answer = client.get(path)
        assert answer["X-Robots-Tag"] == "noindex", path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert "no-store" in answer["Cache-Control"], path


@pytest.mark.parametrize("code", ["nothing", "a" * 500])
def test_a_wrong_code_is_a_friendly_page(client: Client, code: str) -> None:
    for path in (f"/r/{code}/", f"/s/{code}/", f"/r/{code}/photos/", f"/r/{code}/forget/"):
        assert "not valid any more" in text(client.get(path), 404), path


def test_a_result_expires(client: Client, ann: SelfieSearch) -> None:
    SelfieSearch.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "not valid any more" in text(client.get(f"/r/{ann.code}/"), 404)


def test_it_comes_in_pages(client: Client, ann: SelfieSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "PAGE", 2)
    first = text(client.get(f"/r/{ann.code}/"))
    assert len(_shown(first)) == 2
    assert 'href="?start=2"' in first
    rest = text(client.get(f"/r/{ann.code}/photos/?start=2"))
    assert sorted(_shown(first) + _shown(rest)) == ["1.png", "2.png", "3.png"]
    assert "<html" not in rest
    assert 'href="?start=0"' in text(client.get(f"/r/{ann.code}/?start=2"))
    for start in ("x", "-1", "99999"):
        assert client.get(f"/r/{ann.code}/photos/", {"start": start}).status_code == 200


def test_its_pages_ask_the_same_queries_for_any_number_of_photos(
    client: Client, gala: Event, django_assert_max_num_queries: Any
) -> None:
    processed(gala, *(painted(ANN) for _ in range(12)))
    search = found(client, gala, ANN)
    with django_assert_max_num_queries(8):
        assert len(_shown(text(client.get(f"/r/{search.code}/")))) == 15


def test_not_me_hides_a_photo_at_once_and_asks_the_moderators(client: Client, ann: SelfieSearch) -> None:
    answer = client.post(f"/r/{ann.code}/not-me/", {"photo": _photo("2.png")}, headers=JSON)
    assert answer.json() == {"photos_count": 2, "heading": "2 photos of you"}
    assert _shown(text(client.get(f"/r/{ann.code}/"))) == ["1.png", "3.png"]
    assert NotMe.objects.get().face.photo.original_name == "2.png"


def test_not_me_is_taken_back(client: Client, ann: SelfieSearch) -> None:
    photo = _photo("2.png")
    assert client.post(f"/r/{ann.code}/not-me/", {"photo": photo})["Location"] == f"/r/{ann.code}/"
    client.post(f"/r/{ann.code}/not-me/", {"photo": photo, "undo": "1"})
    assert len(_shown(text(client.get(f"/r/{ann.code}/")))) == 3


@pytest.mark.parametrize("photo", ["", "x", "0", "9" * 30, "4.png"])
def test_not_me_is_only_said_of_what_was_found(client: Client, ann: SelfieSearch, photo: str) -> None:
    number = _photo(photo) if photo.endswith("png") else photo
    assert client.post(f"/r/{ann.code}/not-me/", {"photo": number}, headers=JSON).status_code == 404


def test_what_is_shared_can_only_be_looked_at(client: Client, ann: SelfieSearch) -> None:
    answer = client.post(f"/r/{ann.code}/share/", headers=JSON).json()
    code = answer["url"].split("/")[-2]
    page = text(Client().get(f"/s/{code}/"))
    assert len(_shown(page)) == 3
    assert ann.code not in page
    assert "works until" in page
    for words in ("not-me", "data-share", "data-selfie", "forget", "photos of you"):
        assert words not in page, words
    for path in (f"/r/{code}/", f"/r/{code}/forget/", f"/s/{ann.code}/"):
        assert client.get(path).status_code == 404, path
    assert client.post(f"/r/{code}/not-me/", {"photo": _photo("2.png")}).status_code == 404


def test_a_form_shares_as_well(client: Client, ann: SelfieSearch) -> None:
    answer = client.post(f"/r/{ann.code}/share/")
    assert answer["Location"] == f"/r/{ann.code}/#share"
    ann.refresh_from_db()
    assert f"http://testserver/s/{ann.shared_code}/" in text(client.get(f"/r/{ann.code}/"))


def test_nothing_found_is_said_kindly(client: Client, gala: Event) -> None:
    page = text(client.get(f"/r/{found(client, gala, CARL).code}/"))
    assert "No photos of you yet" in page
    assert "may still be on their way" in page
    assert "data-selfie" in page
    assert "/zip/" not in page


def test_one_photo_is_one_photo(client: Client, gala: Event) -> None:
    processed(gala, painted(CARL))
    code = found(client, gala, CARL).code
    assert "1 photo of you" in text(client.get(f"/r/{code}/"))
    assert "1 ваше фото" in text(client.get(f"/r/{code}/", headers={"accept-language": "ru"}))


def test_the_original_is_offered_only_where_it_is_given(client: Client, gala: Event, ann: SelfieSearch) -> None:
    def downloads() -> set[str]:
        page = text(client.get(f"/r/{ann.code}/"))
        return {client.get(link)["Content-Type"] for link in re.findall(r'data-download="([^"]+)"', page)}

    assert downloads() == {"image/png"}
    Event.objects.update(originals_allowed=False)
    assert downloads() == {"image/jpeg"}


def test_nothing_is_shown_of_an_event_that_was_closed_meanwhile(client: Client, ann: SelfieSearch) -> None:
    Event.objects.update(access="closed")
    page = text(client.get(f"/r/{ann.code}/"))
    assert _shown(page) == []
    assert "No photos of you yet" in page


def test_the_bot_is_named_where_there_is_one(client: Client, gala: Event, ann: SelfieSearch, settings: Any) -> None:
    settings.TELEGRAM_BOT_NAME = ""
    assert "t.me" not in text(client.get(f"/r/{ann.code}/"))
    settings.TELEGRAM_BOT_NAME = "gala_bot"
    assert f'href="https://t.me/gala_bot?start={gala.code}"' in text(client.get(f"/r/{ann.code}/"))
