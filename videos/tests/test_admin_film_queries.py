"""Pages of films ask the database equally often, however much they show."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in
from videos.models import Video
from videos.tests.happenings import happening
from videos.tests.portraits import a_film, seen

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static"),
]
MOST_QUERIES = 20  # session, user, permissions and messages included


def _grow(event: Event, video: Video, *, first: int, count: int) -> None:
    seen(video, {float(at * 10 + 1): (at,) for at in range(first, first + count)})
    for at in range(first, first + count):
        happening(video, at * 10, at * 10 + 5, "A person walking.", object_counts={"person": 1})
        other = a_film(event)
        happening(other, 3, 5, "A person standing.")


def _links(video: Video) -> dict[str, str]:
    page = address("videos_video_change", video.pk)
    return {
        "list": address("videos_video_changelist"),
        "film": page,
        "film searched": f"{page}?q=person",
        "state": address("videos_video_state", video.pk),
        "search": f"{address('videos_video_search')}?q=person",
        "filters": f"{address('videos_video_search')}?objects=person",
        "event": address("faces_event_change", video.event_id),
    }


def _queries(browser: Any, link: str) -> int:
    browser.get(link)  # what is asked once per process or session
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(link).status_code == 200
    return len(queries)


def test_they_ask_equally_often_for_little_and_for_much() -> None:
    event = event_create(name="Gala")
    video = a_film(event)
    _grow(event, video, first=1, count=1)
    browser = signed_in("organiser")
    before = {name: _queries(browser, link) for name, link in _links(video).items()}
    _grow(event, video, first=2, count=4)
    assert {name: _queries(browser, link) for name, link in _links(video).items()} == before
    assert max(before.values()) <= MOST_QUERIES
