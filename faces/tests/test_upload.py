"""Files become photos of an event, by content; a bad one refuses itself only."""

import io

import pytest
from django.core.files.storage import default_storage

from faces.models import Event, Photo, Refusal
from faces.services.uploads import batch_create, event_create, photos_upload
from faces.tests.painting import painted, upload
from media_index.models import Image
from photofinder import storage
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


def test_it_keeps_the_same_bytes_once() -> None:
    event, data = event_create(name="Gala"), painted(1)
    photos = upload(event, data, data)
    assert photos[0] == photos[1]
    assert Image.objects.count() == Photo.objects.count() == 1


def test_it_shares_one_image_between_events() -> None:
    data = painted(1)
    for name in ("Gala", "Lunch"):
        upload(event_create(name=name), data)
    assert Image.objects.count() == 1
    assert Photo.objects.count() == 2


def test_it_processes_the_rest_when_a_file_is_bad() -> None:
    event = event_create(name="Gala")
    files = [
        ("a.png", painted(1)),
        ("b.jpg", b""),
        ("c.svg", b"<svg/>"),
        ("d.png", painted(2)[:-80]),
        ("e.png", painted(3)),
    ]
    streams = [(name, io.BytesIO(data)) for name, data in files]
    accepted, refused = photos_upload(batch=batch_create(event=event, by=None), files=streams)
    assert [file.name for file in accepted] == ["a.png", "e.png"]
    assert [(row.name, row.code) for row in refused] == [
        ("b.jpg", "empty"),
        ("c.svg", "not_an_image"),
        ("d.png", "damaged"),
    ]
    assert Refusal.objects.count() == 3


def test_it_refuses_a_file_over_the_limit_while_reading(settings: object) -> None:
    settings.UPLOAD_MAX_BYTES = 1000  # type: ignore[attr-defined]
    batch = batch_create(event=event_create(name="Gala"), by=None)
    _, refused = photos_upload(batch=batch, files=[("big.jpg", io.BytesIO(b"x" * 5000))])
    assert [row.code for row in refused] == ["too_large"]
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Summer Gala", "summer-gala"), ("День города", "den-goroda"), ("!!!", "event"), ("日本", "ri-ben")],
)
def test_it_names_an_event_in_addresses_from_any_alphabet(name: str, slug: str) -> None:
    assert event_create(name=name).slug == slug


def test_it_numbers_the_slugs_of_events_with_one_name() -> None:
    slugs = [event_create(name="Gala").slug for _ in range(3)]
    assert slugs == ["gala", "gala-2", "gala-3"]


def test_it_says_that_a_slug_is_taken() -> None:
    event_create(name="Gala", slug="gala")
    with pytest.raises(Problem, match="gala"):
        event_create(name="Another", slug="gala")
    assert Event.objects.count() == 1


def test_it_heals_a_lost_original_when_it_is_sent_again() -> None:
    event, data = event_create(name="Gala"), painted(1)
    photo = upload(event, data)[0]
    default_storage.delete(photo.image.key)
    assert upload(event, data) == [photo]
    with storage.open_file(photo.image.key) as stream:
        assert stream.read() == data
