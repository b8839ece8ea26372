"""Frames of films tell who is in them; as photos nobody sees or counts them."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from conftest import Caller
from faces.admin import reads
from faces.metrics import photo_gauges
from faces.models import Event, Face, Person, Photo, UploadBatch
from faces.services.deletion import previews_renew
from faces.services.deliveries import photo_check
from faces.services.image_facts import images_of_event, images_of_person, texts_of_images
from faces.services.releases import event_release, photos_release
from faces.services.uploads import batch_create, event_cover, photos_upload
from faces.tests.attendance import ANN, BOB, open_event, selfie, visitor_search
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed
from photofinder import storage
from photofinder.errors import Problem
from videos.models import Video, VideoStill
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
    """Frames before any photo was there."""
    return seen(a_film(event), {3.0: (ANN,), 9.0: (BOB,)})


@pytest.fixture
def photo(film: Video, event: Event) -> Photo:
    (photo,) = processed(event, painted(ANN))
    return photo


def a_still(film: Video) -> Photo:
    still: Any = film.stills.order_by("pk")[0].photo
    return still  # type: ignore[no-any-return]


def test_events_do_not_count_them(photo: Photo, event: Event, caller: Callable[[str], Caller]) -> None:
    about = caller("organiser").read(f"events/{event.slug}/").json()
    assert (about["photos_count"], about["people_count"]) == (1, 2)
    listed: Any = reads.events_listed().get(pk=event.pk)
    assert (listed.photos_count, listed.processed, listed.failed) == (1, 1, 0)
    assert listed.cover_sha == photo.image.sha256
    assert event_cover(event) == photo
    assert reads.progress(event.photos.taken())["total"] == 1
    assert [sample.value for sample in next(photo_gauges()).samples if sample.labels["state"] == "ready"] == [1]


def test_an_event_with_films_only_has_no_photos(film: Video, event: Event, client: Client) -> None:
    assert event_cover(event) is None
    page = client.get(f"/e/{event.slug}/").content.decode()
    assert "we look for you in the videos" in page


def test_people_are_counted_by_photos_and_known_by_frames(photo: Photo, caller: Callable[[str], Caller]) -> None:
    people = caller("client").read("users/").json()["results"]
    assert [(person["photos_count"], bool(person["cover_url"])) for person in people] == [(1, True), (0, True)]
    ann = Person.objects.get(user_id=people[0]["user_id"])
    shown = caller("client").read(f"users/{ann.user_id}/photos/").json()
    assert [row["id"] for row in shown["results"]] == [photo.pk]
    faces = caller("client").read(f"users/{ann.user_id}/faces/").json()["results"]
    assert sorted(face["is_still"] for face in faces) == [False, True]


def test_results_and_archives_hold_none(photo: Photo, event: Event, client: Client) -> None:
    found = visitor_search(event, selfie(ANN))
    assert [match.face.photo for match in found.matches.photos] == [photo]
    assert found.search.photos_count == 1
    archive = b"".join(client.get(f"/r/{found.search.code}/zip/"))
    assert archive.count(b"PK\x01\x02") == 1


def test_nobody_may_have_one_as_a_photo(film: Video) -> None:
    still = Photo.objects.select_related("event").get(pk=a_still(film).pk)
    photo_check(photo=still, is_original=False)
    with pytest.raises(Problem):
        photo_check(photo=still, is_original=True)


def test_they_are_not_released(photo: Photo, film: Video, event: Event) -> None:
    assert photos_release(photo_ids=[a_still(film).pk], released=True) == 0
    assert event_release(event=event) == 1
    assert not Photo.objects.stills().filter(is_released=True).exists()


def test_the_media_index_is_told_of_photos_only(photo: Photo, film: Video, event: Event) -> None:
    ann = Face.objects.get(photo=photo).person
    assert ann
    assert [row["image"] for row in images_of_event(event.slug)] == [photo.image_id]
    assert [row["photo__image"] for row in images_of_person(str(ann.user_id))] == [photo.image_id]
    assert set(texts_of_images(Photo.objects.values_list("image", flat=True))) == {photo.image_id}
    previews_renew(event=event)


def test_admin_lists_neither_frames_nor_their_upload(photo: Photo, film: Video) -> None:
    browser = signed_in("organiser")
    photos = text(browser.get(address("faces_photo_changelist")))
    assert "party.mp4" not in photos
    assert set(reads.batches_listed()) == {photo.batch}
    assert UploadBatch.objects.count() == 2
    for name, key in (("event", film.event_id), ("uploadbatch", photo.batch_id)):
        assert "party.mp4 0:" not in text(browser.get(address(f"faces_{name}_change", key))), "as stills are named"


def test_the_page_of_a_frame_leads_into_its_film(photo: Photo, film: Video) -> None:
    browser = signed_in("organiser")
    page = text(browser.get(address("faces_photo_change", a_still(film).pk)))
    assert "A frame of a film, no photo: party.mp4 0:03" in page
    assert 'href="/v/' in page
    assert address("faces_photo_delete", a_still(film).pk) not in page
    assert browser.post(address("faces_photo_delete", a_still(film).pk)).status_code in (403, 404)
    assert "A frame of a film" not in text(browser.get(address("faces_photo_change", photo.pk)))


def test_the_page_of_a_person_shows_moments_and_says_what_is_of_a_film(photo: Photo, film: Video) -> None:
    face = Face.objects.get(photo=photo)
    page = text(signed_in("moderator").get(address("faces_person_change", face.person_id)))
    assert "Moments in films" in page
    assert "From a film: party.mp4 0:03" in page
    assert 'href="/v/' in page
    assert "From a film" not in text(
        signed_in("moderator").get(address("faces_person_change", face.person_id) + "?event=0")
    )


def test_a_frame_that_is_sent_as_a_photo_is_one_from_then_on(film: Video, event: Event) -> None:
    still = a_still(film)
    with storage.open_file(still.image.key) as file:
        data = file.read()
    batch = batch_create(event=event, by=None)
    ((accepted,), _) = photos_upload(batch=batch, files=[("mine.png", io.BytesIO(data))])
    assert (accepted.duplicate, accepted.photo) == (False, still)
    still.refresh_from_db()
    assert (still.is_still, still.original_name, still.batch) == (False, "mine.png", batch)
    person = Face.objects.get(photo=still).person
    assert person
    assert person.photos_count == 1
    assert VideoStill.objects.filter(photo=still).exists()
