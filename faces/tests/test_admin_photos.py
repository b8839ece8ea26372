"""Photos in Admin: finding them, the boxes of their faces, and another attempt for those that failed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from faces.models import Erasure, Event, Person, Photo
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed
from media_index.models import Image

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
LIST = "faces_photo_changelist"


@pytest.fixture
def photos() -> list[Photo]:
    """Photos with two, one and no faces."""
    return processed(event_create(name="Gala"), painted(1, 2), painted(1), painted())


def _names(answer: Any) -> list[str]:
    return sorted(photo.original_name for photo in answer.context["cl"].result_list)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["1.png", "2.png", "3.png"]),
        ({"q": "2.p"}, ["2.png"]),
        ({"has_faces": "yes"}, ["1.png", "2.png"]),
        ({"has_faces": "no"}, ["3.png"]),
        ({"state__exact": "failed"}, []),
    ],
)
def test_the_list_is_filtered_and_searched(photos: list[Photo], query: dict[str, str], names: list[str]) -> None:
    assert _names(signed_in("moderator").get(address(LIST), query)) == names


def test_the_list_is_filtered_by_event_and_upload(photos: list[Photo]) -> None:
    processed(event_create(name="Lunch"), painted(5))
    browser, gala = signed_in("organiser"), Event.objects.get(name="Gala")
    assert len(_names(browser.get(address(LIST), {"event__id__exact": gala.pk}))) == 3
    assert len(_names(browser.get(address(LIST), {"batch__id__exact": photos[0].batch_id}))) == 3


def test_its_page_draws_a_box_for_each_face_linked_to_the_person(photos: list[Photo]) -> None:
    Person.objects.filter(faces__photo=photos[1]).update(name="Ann")
    page = text(signed_in("moderator").get(address("faces_photo_change", photos[0].pk)))
    assert page.count('<a class="pf-box ') == 2
    face = photos[0].faces.get(person__name="Ann")
    assert f'data-face="{face.pk}" href="{address("faces_person_change", face.person_id)}"' in page
    assert f"left:{face.box[0]:.3%};top:{face.box[1]:.3%}" in page
    assert '<span class="pf-box-name">Ann</span>' in page


def test_its_page_says_why_it_failed(photos: list[Photo]) -> None:
    values = {"state": Photo.State.FAILED, "error_code": "damaged", "error": "It ends early."}
    Photo.objects.filter(pk=photos[0].pk).update(**values)
    page = text(signed_in("organiser").get(address("faces_photo_change", photos[0].pk)))
    assert "<strong>Damaged file</strong> It ends early." in page


def test_its_name_cannot_bring_in_markup(photos: list[Photo]) -> None:
    Photo.objects.filter(pk=photos[0].pk).update(original_name='"><script>alert(1)</script>')
    browser = signed_in("organiser")
    for link in (address(LIST), address("faces_photo_change", photos[0].pk)):
        assert "<script>alert" not in text(browser.get(link))


def test_it_cannot_be_changed(photos: list[Photo]) -> None:
    browser = signed_in("organiser")
    browser.post(address("faces_photo_change", photos[0].pk), {"original_name": "other.png"})
    photos[0].refresh_from_db()
    assert photos[0].original_name == "1.png"


def test_one_is_deleted_from_its_page_once_it_was_asked_about(photos: list[Photo]) -> None:
    browser, link = signed_in("organiser"), address("faces_photo_delete", photos[0].pk)
    assert link in text(browser.get(address("faces_photo_change", photos[0].pk)))
    page = text(browser.get(link))
    assert "Delete 1 photo" in page
    assert "1.png" in page
    assert browser.post(link, {"sure": "1"}).status_code == 302
    assert not Photo.objects.filter(pk=photos[0].pk).exists()
    assert Erasure.objects.get().by is not None


def test_several_are_deleted_from_the_list_once_they_were_asked_about(photos: list[Photo]) -> None:
    browser = signed_in("organiser")
    chosen = {"action": "delete_selected", "_selected_action": [photo.pk for photo in photos[:2]], "index": "0"}
    page = text(browser.post(address(LIST), chosen))
    assert "Delete 2 photos" in page
    assert page.count('name="_selected_action"') == 2
    assert Photo.objects.count() == len(photos)
    browser.post(address(LIST), chosen | {"sure": "1"})
    assert Photo.objects.count() == len(photos) - 2


def test_moderators_delete_none(photos: list[Photo]) -> None:
    browser = signed_in("moderator")
    assert browser.post(address("faces_photo_delete", photos[0].pk), {"sure": "1"}).status_code == 403
    browser.post(address(LIST), {"action": "delete_selected", "_selected_action": [photos[0].pk], "sure": "1"})
    assert Photo.objects.filter(pk=photos[0].pk).exists()


def test_the_list_shows_the_cameras_clock_as_it_is(photos: list[Photo], settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    Image.objects.update(taken_at=datetime(2026, 6, 12, 18, 30, tzinfo=UTC))
    browser = signed_in("organiser")
    for link in (address(LIST), address("faces_photo_change", photos[0].pk)):
        assert "06/12/2026 18:30" in text(browser.get(link))


def _try_again(role: str, photos: list[Photo]) -> Any:
    chosen = {"action": "try_again", "_selected_action": [photo.pk for photo in photos]}
    return signed_in(role).post(address(LIST), chosen, follow=True)


def test_failed_ones_are_tried_again(photos: list[Photo], sent: list[Any]) -> None:
    sent.clear()
    Photo.objects.filter(pk=photos[0].pk).update(state=Photo.State.FAILED, error_code="damaged", error="x")
    assert "1 photo is tried again." in text(_try_again("organiser", photos))
    photos[0].refresh_from_db()
    assert (photos[0].state, photos[0].error_code) == (Photo.State.QUEUED, "")
    assert [ids for _, ids in sent] == [[photos[0].pk]]


def test_photos_that_have_not_failed_are_left_alone(photos: list[Photo]) -> None:
    assert "None of these photos has failed." in text(_try_again("organiser", photos))


def test_who_may_not_upload_may_not_try_again(photos: list[Photo]) -> None:
    Photo.objects.update(state=Photo.State.FAILED)
    _try_again("moderator", photos)
    assert not Photo.objects.exclude(state=Photo.State.FAILED).exists()
