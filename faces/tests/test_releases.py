"""Releasing photos: who may, what it changes, and who is told."""

from typing import Any

import pytest
from django.conf import settings
from django.db.models import F

from faces.models import Event, Photo
from faces.services import releases
from faces.services.releases import event_release, photos_release
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
LIST = "faces_photo_changelist"


@pytest.fixture
def photos() -> list[Photo]:
    return processed(event_create(name="Gala", published=True, released_only=True), painted(1), painted(2), painted(3))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    messages: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(releases, "enqueue", lambda path, ids, *, chunk: messages.append((path, list(ids))))
    return messages


def _released() -> list[str]:
    return sorted(Photo.objects.filter(is_released=True).values_list("original_name", flat=True))


def test_a_release_is_counted_and_told_once(photos: list[Photo], told: list[Any]) -> None:
    ids = [photo.pk for photo in photos[:2]]
    Event.objects.update(told=F("news"))
    assert photos_release(photo_ids=ids, released=True) == 2
    assert photos_release(photo_ids=ids, released=True) == 0
    assert _released() == ["1.png", "2.png"]
    assert Event.objects.get().news > Event.objects.get().told
    assert told == [(settings.NOTIFICATION, [photos[0].event_id])]


def test_taking_back_tells_nobody(photos: list[Photo], told: list[Any]) -> None:
    Photo.objects.update(is_released=True)
    Event.objects.update(told=F("news"))
    assert photos_release(photo_ids=[photos[0].pk], released=False) == 1
    assert _released() == ["2.png", "3.png"]
    assert (told, Event.objects.get().news) == ([], Event.objects.get().told)


def test_a_whole_event_is_released_but_for_what_is_not_ready(photos: list[Photo], told: list[Any]) -> None:
    Photo.objects.filter(pk=photos[2].pk).update(state=Photo.State.FAILED)
    assert event_release(event=photos[0].event) == 2
    assert _released() == ["1.png", "2.png"]


def _act(role: str, action: str, photos: list[Photo]) -> Any:
    chosen = {"action": action, "_selected_action": [photo.pk for photo in photos]}
    return signed_in(role).post(address(LIST), chosen, follow=True)


def test_moderators_release_and_take_back_from_the_list(photos: list[Photo]) -> None:
    assert "2 photos are released." in text(_act("moderator", "release", photos[:2]))
    assert "Nothing to change" in text(_act("moderator", "release", photos[:2]))
    assert "1 photo is taken back." in text(_act("moderator", "take_back", photos[:1]))
    assert _released() == ["2.png"]


def test_organisers_see_and_do_not_release(photos: list[Photo]) -> None:
    _act("organiser", "release", photos)
    browser, event = signed_in("organiser"), photos[0].event
    assert browser.post(address("faces_event_release", event.pk)).status_code == 403
    assert browser.post(address("faces_photo_release", photos[0].pk)).status_code == 403
    assert _released() == []
    page = text(browser.get(address("faces_event_change", event.pk)))
    assert "3 photos wait for a moderator," in page
    assert "Release all" not in page


def test_all_are_released_from_the_event(photos: list[Photo]) -> None:
    browser, event = signed_in("moderator"), photos[0].event
    assert "Release all" in text(browser.get(address("faces_event_change", event.pk)))
    assert "3 photos are released." in text(browser.post(address("faces_event_release", event.pk), follow=True))
    assert len(_released()) == 3
    assert "Release all" not in text(browser.get(address("faces_event_change", event.pk)))


def test_one_is_released_from_its_page(photos: list[Photo]) -> None:
    browser, link = signed_in("moderator"), address("faces_photo_release", photos[0].pk)
    assert "not released yet" in text(browser.get(address("faces_photo_change", photos[0].pk)))
    browser.post(link)
    assert _released() == ["1.png"]
    browser.post(link, {"back": "1"})
    assert _released() == []


def test_the_list_is_filtered_by_release(photos: list[Photo]) -> None:
    processed(event_create(name="Open"), painted(5))
    Photo.objects.filter(pk=photos[0].pk).update(is_released=True)
    browser = signed_in("organiser")
    for choice, names in (("yes", ["1.png"]), ("no", ["2.png", "3.png"])):
        rows = browser.get(address(LIST), {"released": choice}).context["cl"].result_list
        assert sorted(photo.original_name for photo in rows) == names


def test_an_event_that_shows_all_asks_for_no_release(photos: list[Photo]) -> None:
    event = event_create(name="Open")
    photo = processed(event, painted(5))[0]
    browser = signed_in("moderator")
    assert "wait for a moderator" not in text(browser.get(address("faces_event_change", event.pk)))
    assert "not released yet" not in text(browser.get(address("faces_photo_change", photo.pk)))
