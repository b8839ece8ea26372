"""Photos with a place, and what attendees get of them."""

import io
from itertools import count
from typing import Any

from django.test import Client
from PIL import ExifTags, Image

from faces.models import Event, Photo, SelfieSearch
from faces.services.links import photo_link
from faces.services.uploads import batch_create, photos_upload
from faces.tests.attendance import ANN, selfie, visitor_search
from faces.tests.painting import painted, process

TAKEN = "2026:06:12 18:30:04"
_seconds = count(1)


def located(*identities: int, fmt: str = "JPEG") -> bytes:
    """A photo of these people, with a camera, a time, and a place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = f"Camera {next(_seconds)}"
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: TAKEN}
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (55.0, 45.0, 21.07), 3: "E", 4: (37.0, 37.0, 2.5)}
    buffer = io.BytesIO()
    quality = {"quality": 95, "subsampling": 0} if fmt == "JPEG" else {}
    Image.open(io.BytesIO(painted(*identities))).save(buffer, fmt, exif=exif.tobytes(), **quality)
    return buffer.getvalue()


def taken_in(event: Event, **files: bytes) -> list[Photo]:
    """The event's photos of these files, by name with `__` for the dot, through the whole pipeline."""
    named = [(name.replace("__", "."), io.BytesIO(data)) for name, data in files.items()]
    accepted, refused = photos_upload(batch=batch_create(event=event, by=None), files=named)
    assert not refused
    photos = [file.photo for file in accepted]
    process(photos)
    return list(Photo.objects.filter(pk__in=[photo.pk for photo in photos]).select_related("image", "event"))


def found(event: Event, identity: int = ANN) -> SelfieSearch:
    """The search of somebody on the event's page."""
    return visitor_search(event, selfie(identity)).search


def fetched(photo: Photo, kind: str, *, search: SelfieSearch | None = None, query: str = "", **options: Any) -> Any:
    """The answer to whoever follows the photo's link, without an account."""
    return Client(**options).get(photo_link(photo=photo, kind=kind, search=search) + query)


def body(answer: Any) -> bytes:
    """What a streamed answer that went well says."""
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content)
