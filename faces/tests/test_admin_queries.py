"""Pages of Admin ask the database equally often, however many rows they show."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faces.models import Decision, Event, Person, Photo, UploadBatch
from faces.services.decisions import people_merge
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
MOST_QUERIES = 16  # session, user, permissions and messages included


@pytest.fixture
def small() -> None:
    """One event with one person more than the merge takes away."""
    _grow(first=0, events=1)


def _grow(*, first: int, events: int) -> None:
    for event in range(events):
        who = first + event * 4
        processed(event_create(name="Gala"), painted(who, who + 2), painted(who), painted(who + 1))
        pair = Person.objects.filter(photos_count=1).order_by("-pk")[:2]
        people_merge(into=pair[0], others=[pair[1]], actor=None)


def _pages() -> dict[str, str]:
    return {
        "dashboard": address("index"),
        "events": address("faces_event_changelist"),
        "photos": address("faces_photo_changelist"),
        "people": address("faces_person_changelist"),
        "uploads": address("faces_uploadbatch_changelist"),
        "decisions": address("faces_decision_changelist"),
        "images": address("media_index_image_changelist"),
    }


def _queries(browser: Any, link: str) -> int:
    browser.get(link)  # what is asked once per process or session
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(link).status_code == 200
    return len(queries)


def test_lists_ask_equally_often_for_few_and_for_many_rows(small: None) -> None:
    browser = signed_in("moderator")
    before = {name: _queries(browser, link) for name, link in _pages().items()}
    _grow(first=8, events=4)
    assert {name: _queries(browser, link) for name, link in _pages().items()} == before
    assert max(before.values()) <= MOST_QUERIES


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("faces_event_change", lambda: Event.objects.latest("pk")),
        ("faces_photo_change", lambda: Photo.objects.latest("pk")),
        ("faces_person_change", lambda: Person.objects.current()[0]),
        ("faces_uploadbatch_change", lambda: UploadBatch.objects.latest("pk")),
        ("faces_decision_undo", lambda: Decision.objects.latest("pk")),
    ],
)
def test_a_page_asks_a_bounded_number_of_times(small: None, name: str, row: Callable[[], Any]) -> None:
    link = address(name, row().pk)
    assert _queries(signed_in("moderator"), link) <= MOST_QUERIES
