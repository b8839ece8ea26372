"""An event's page: its form, its figures, and who may drop photos on it."""

import datetime

import pytest

from faces.models import Event, Photo
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, process, processed, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]


def test_a_new_event_gets_its_slug_and_leads_to_its_page() -> None:
    answer = signed_in("organiser").post(address("faces_event_add"), {"name": "День города", "date": "2026-06-12"})
    event = Event.objects.get()
    assert (event.slug, event.date, event.published) == ("den-goroda", datetime.date(2026, 6, 12), False)
    assert answer["Location"] == address("faces_event_change", event.pk)


def test_its_progress_counts_photos_and_faces() -> None:
    event = event_create(name="Gala")
    photos = upload(event, painted(1, 2), painted(3), painted(4))
    process(photos[:1])
    Photo.objects.filter(pk=photos[1].pk).update(state=Photo.State.FAILED)
    figures = signed_in("organiser").get(address("faces_event_progress", event.pk)).json()
    assert figures["eta_s"] is not None
    assert figures | {"eta_s": 0, "eta": ""} == {
        **{"total": 3, "processed": 2, "failed": 1, "unfinished": 1, "faces": 2},
        **{"eta_s": 0, "eta": "", "settled": True},
    }


def test_its_progress_is_no_secret_from_staff_only() -> None:
    event = event_create(name="Gala")
    assert signed_in("").get(address("faces_event_progress", event.pk)).status_code == 403


def test_only_who_may_upload_gets_a_drop_zone() -> None:
    link = address("faces_event_change", event_create(name="Gala").pk)
    assert "data-upload" in text(signed_in("organiser").get(link))
    assert "data-upload" not in text(signed_in("moderator").get(link))


def test_it_shows_the_latest_photos_with_alternative_texts() -> None:
    event = event_create(name="Gala")
    processed(event, painted(1, 2))
    page = text(signed_in("organiser").get(address("faces_event_change", event.pk)))
    assert 'alt="1.png"' in page
    assert 'loading="lazy"' in page


def test_before_an_event_is_deleted_its_page_says_what_goes() -> None:
    event = event_create(name="Full")
    processed(event, painted(1), painted(1, 2))
    page = text(signed_in("organiser").get(address("faces_event_delete", event.pk)))
    assert "Delete “Full”" in page
    assert "<dt>Photos</dt><dd>2</dd>" in page
    assert "<dt>Faces</dt><dd>3</dd>" in page
    assert Event.objects.get().deletion_began_at is None


def test_an_event_that_is_being_deleted_is_closed_and_says_so() -> None:
    event = event_create(name="Full", published=True)
    upload(event, painted(1))
    browser = signed_in("organiser")
    browser.post(address("faces_event_delete", event.pk), {"sure": "1"})
    event.refresh_from_db()
    assert (event.published, event.deletion_began_at is not None) == (False, True)
    assert "being deleted" in text(browser.get(address("faces_event_changelist")))
    page = text(browser.get(address("faces_event_change", event.pk)))
    assert "This event is being deleted" in page
    assert "data-upload" not in page
    assert browser.post(address("faces_event_settings", event.pk), {"published": "on"}).status_code == 403


def test_moderators_delete_no_event() -> None:
    event = event_create(name="Full")
    assert signed_in("moderator").post(address("faces_event_delete", event.pk), {"sure": "1"}).status_code == 403


def test_the_list_shows_the_chosen_cover() -> None:
    event = event_create(name="Gala")
    first, second = processed(event, painted(1), painted(2))
    browser = signed_in("organiser")
    assert first.image.sha256 in text(browser.get(address("faces_event_changelist")))
    Event.objects.update(cover=second)
    assert second.image.sha256 in text(browser.get(address("faces_event_changelist")))
