"""Copies for attendees: with the event's watermark, made once; and originals that do not tell where they were taken."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from faces.models import Event, Photo
from faces.services import deliveries
from faces.services.deliveries import event_look, original_open, preview_key, preview_open
from faces.tests.attendance import ANN, open_event
from faces.tests.delivered import TAKEN, located, taken_in
from faces.tests.painting import painted
from photofinder import storage
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static", "disk")]


@pytest.fixture
def disk(settings: Any, tmp_path: Path) -> Path:
    options = {"location": tmp_path, "base_url": "/media/"}
    default = {"BACKEND": "photofinder.storage.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": default}
    return tmp_path


def _photo(**options: Any) -> Photo:
    return taken_in(open_event(**options), a__jpg=located(ANN, 5, 7, 9, 11, 13))[0]


def _opened(key: str) -> Image.Image:
    with storage.open_file(key) as file:
        return Image.open(io.BytesIO(file.read()))


def _look(photo: Photo, **values: Any) -> str:
    """The key of the photo's copy once its event looks like that."""
    Event.objects.filter(pk=photo.event_id).update(**values)
    return preview_key(photo=Photo.objects.select_related("image", "event").get(pk=photo.pk), long_side=512)


@pytest.mark.parametrize("long_side", [512, 1600])
def test_a_copy_is_a_jpeg_no_larger_than_asked(long_side: int) -> None:
    photo = _photo()
    image = _opened(preview_key(photo=photo, long_side=long_side))
    assert image.format == "JPEG"
    assert max(image.size) == min(long_side, 720)


def test_a_preview_says_when_it_was_taken_and_not_where() -> None:
    exif = _opened(preview_key(photo=_photo(), long_side=1600)).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == TAKEN
    assert not exif.get_ifd(ExifTags.IFD.GPSInfo)


def test_a_copy_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = _photo(watermark_text="© Gala")
    key = preview_key(photo=photo, long_side=512)
    monkeypatch.setattr(deliveries, "watermarked", None)
    assert preview_key(photo=photo, long_side=512) == key


def test_the_watermark_is_drawn_on_it() -> None:
    photo = _photo()
    plain = _opened(preview_key(photo=photo, long_side=512))
    marked = _opened(_look(photo, watermark_text="Ёлка", watermark_corner="tiled"))
    assert np.abs(np.asarray(plain).astype(int) - np.asarray(marked)).max() > 60


def test_every_setting_of_the_watermark_is_another_look() -> None:
    photo = _photo()
    changes: list[dict[str, Any]] = [
        {"watermark_text": "© Gala"},
        {"watermark_corner": "centre"},
        {"watermark_opacity": 30},
        {"watermark_text": "© Ball"},
    ]
    keys = [_look(photo), *(_look(photo, **change) for change in changes)]
    assert len(set(keys)) == 5
    assert keys[0].endswith("_512_plain.jpg")


def test_place_and_opacity_of_no_watermark_are_no_look_of_their_own() -> None:
    assert event_look(open_event(watermark_corner="tiled", watermark_opacity=10)) == "plain"


def test_events_of_the_same_look_share_their_copies() -> None:
    data = located(ANN)
    one, other = (taken_in(open_event(name, watermark_text="©"), a__jpg=data)[0] for name in ("Gala", "Ball"))
    assert preview_key(photo=one, long_side=512) == preview_key(photo=other, long_side=512)


def test_a_jpeg_is_handed_on_as_it_is_but_for_its_place() -> None:
    photo = _photo()
    delivery = original_open(photo=photo)
    out = b"".join(delivery.chunks)
    assert delivery.name == "a.jpg"
    with storage.open_file(photo.image.key) as file:
        stored = file.read()
    assert out[out.index(b"\xff\xda") :] == stored[stored.index(b"\xff\xda") :]
    exif = Image.open(io.BytesIO(out)).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == TAKEN
    assert not exif.get_ifd(ExifTags.IFD.GPSInfo)


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "HEIF"])
def test_a_file_of_another_format_with_a_place_becomes_a_jpeg(fmt: str) -> None:
    photo = taken_in(open_event(), b__heic=located(ANN, fmt=fmt))[0]
    delivery = original_open(photo=photo)
    image = Image.open(io.BytesIO(b"".join(delivery.chunks)))
    assert (delivery.name, image.format) == ("b.jpg", "JPEG")
    assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == TAKEN


def test_a_file_without_metadata_is_handed_on_byte_for_byte() -> None:
    data = painted(ANN)
    delivery = original_open(photo=taken_in(open_event(), c__PNG=data)[0])
    assert (delivery.name, b"".join(delivery.chunks)) == ("c.png", data)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("День города.JPG", "День города.jpg"),
        ("C:\\Photos\\x.jpeg", "x.jpg"),
        ("folder/../x.jpg", "x.jpg"),
        ('a"b<c>\r\nd?.jpg', "a_b_c___d_.jpg"),
        (".jpg", "jpg.jpg"),
        ("...", "photo.jpg"),
        ("щ" * 255, "щ" * 150 + ".jpg"),
    ],
)
def test_its_name_is_one_that_every_system_takes(name: str, expected: str) -> None:
    photo = _photo()
    photo.original_name = name
    assert original_open(photo=photo).name == expected


@pytest.mark.parametrize("opened", [original_open, lambda photo: preview_open(photo=photo, long_side=1600)])
def test_a_lost_file_is_known_before_anything_is_sent(opened: Any, disk: Path) -> None:
    photo = _photo()
    (disk / photo.image.key).unlink()
    with pytest.raises(Problem) as problem:
        opened(photo=photo)
    assert problem.value.code == "missing"


def test_a_damaged_file_is_known_before_anything_is_sent() -> None:
    photo = _photo()
    storage.save(photo.image.key, b"\xff\xd8\xff\xe1")
    with pytest.raises(Problem) as problem:
        original_open(photo=photo)
    assert problem.value.code == "damaged"
