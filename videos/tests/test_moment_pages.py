"""Moments for attendees: beside their photos, and a page that plays the film, where the event hands out originals."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conftest import Caller
from faces.models import Event
from faces.tests.attendance import ANN, BOB, CARL, open_event, selfie, visitor_search
from faces.tests.painting import painted, processed
from videos.models import Video
from videos.tests.portraits import a_film, seen

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static"),
]


@pytest.fixture
def event(own_storage: None) -> Event:
    return open_event()


@pytest.fixture
def film(event: Event) -> Video:
    return seen(a_film(event, b"0123456789"), {3.0: (ANN,), 30.0: (ANN, BOB)})


def result_page(client: Client, event: Event, language: str = "en") -> str:
    code = visitor_search(event, selfie(ANN)).search.code
    return str(client.get(f"/r/{code}/", headers={"accept-language": language}).content.decode())


def players(page: str) -> list[str]:
    return re.findall(r'href="(/v/[^"]+)"', page)


def test_the_result_shows_frames_with_their_times(client: Client, event: Event, film: Video) -> None:
    page = result_page(client, event)
    assert "You are in films, in no photo yet" in page
    assert page.count('class="moment"') == 2
    assert "<strong>0:01–0:04</strong>" in page
    (frame,) = set(re.findall(r'class="moment">\s*<a[^>]*><img src="([^"]+)"', page)[:1])
    assert client.get(frame).status_code == 200
    assert "Вы в фильмах" in result_page(client, event, "ru")


def test_photos_stay_in_front(client: Client, event: Event, film: Video) -> None:
    processed(event, painted(ANN))
    page = result_page(client, event)
    assert "1 photo of you" in page
    assert page.count('class="moment"') == 2


def test_the_link_plays_the_film_from_there(client: Client, event: Event, film: Video) -> None:
    link = players(result_page(client, event))[0]
    page = client.get(link).content.decode()
    (url,) = re.findall(r'<video[^>]* src="([^"]+)#t=1\.5"', page)
    answer = client.get(url.replace("&amp;", "&"), headers={"range": "bytes=2-4"})
    assert (answer.status_code, answer["Content-Type"]) == (206, "video/mp4")
    assert b"".join(answer) == b"234"
    assert client.get(link.replace("?t=1.5", "?t=-1e5")).status_code == 200


def test_a_film_at_a_path_is_played_from_there(
    client: Client, event: Event, film: Video, tmp_path: Path, settings: Any
) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path)]
    (tmp_path / "party.mp4").write_bytes(b"0123456789")
    Video.objects.filter(pk=film.pk).update(key="", path=str(tmp_path / "party.mp4"))
    link = players(result_page(client, event))[0]
    (url,) = re.findall(r'<video[^>]* src="(/v/[^"]+/file/)#t=1\.5"', client.get(link).content.decode())
    answer = client.get(url, headers={"range": "bytes=2-4"})
    assert (answer.status_code, answer["Content-Type"]) == (206, "video/mp4")
    assert b"".join(answer) == b"234"
    settings.VIDEO_ROOTS = []
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("change", [{"originals_allowed": False}, {"published": False}, {"access": "closed"}])
def test_an_event_that_gives_no_originals_plays_no_film(
    client: Client, event: Event, film: Video, change: dict[str, Any]
) -> None:
    link = players(result_page(client, event))[0]
    Event.objects.update(**change)
    assert client.get(link).status_code == 404
    page = result_page(client, event)
    assert players(page) == []
    assert page.count('class="moment"') == (2 if "originals_allowed" in change else 0)


def test_a_link_that_was_bent_opens_nothing(client: Client, film: Video) -> None:
    assert client.get("/v/1-0-9999999999~x/").status_code in (400, 403, 404)


def test_the_api_tells_bots_what_attendees_may_see(film: Video, event: Event, caller: Callable[[str], Caller]) -> None:
    def asked(role: str, who: int = ANN, **fields: Any) -> Any:
        photo = SimpleUploadedFile("me.png", painted(who))
        return caller(role).upload("videos/search/", **{"photo": photo, "event": event.slug} | fields)

    Event.objects.update(originals_allowed=False)
    assert [moment["url"] for moment in asked("bot").json()] == [None, None]
    assert all("/f/" in moment["frame_url"] for moment in asked("bot").json())
    assert all("/v/" in moment["url"] for moment in asked("organiser").json())
    assert asked("organiser", CARL).json() == []
    assert len(asked("organiser", limit=1).json()) == 1


def test_the_api_refuses_as_the_search_for_photos_does(event: Event, caller: Callable[[str], Caller]) -> None:
    client = caller("client")
    nobody = SimpleUploadedFile("me.png", painted())
    assert client.upload("videos/search/").json()["code"] == "invalid"
    assert client.upload("videos/search/", photo=nobody).json()["code"] == "no_face"
    answer = client.upload("videos/search/", photo=nobody, event="none")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = client.upload("videos/search/", photo=nobody, event=event.slug)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_videos")
    broken = SimpleUploadedFile("me.png", b"no picture")
    assert client.upload("videos/search/", photo=broken).status_code == 415
