"""What attendees are given: copies with the event's watermark, and originals that do not tell where they were taken."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import PurePath
from typing import BinaryIO

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from faces.models import Download, Event, Photo, SelfieSearch
from faces.watermark import watermarked
from photofinder import storage
from photofinder.errors import Problem
from photofinder.images import EXTENSIONS, Picture, jpeg
from photofinder.metadata import is_silent, placeless_exif, silent_jpeg, without_place

THUMB_PX, PREVIEW_PX = settings.THUMBNAIL_SIZES_PX
_QUALITY, _THUMB_QUALITY = 86, 80
_STYLE = 1  # of the drawing of watermarks: another one is another look
_CHUNK_BYTES = 256 * 1024
_JPEG_BEGINS = b"\xff\xd8"
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')  # of files, on one system or another
_LONGEST_NAME = 150


@dataclass(frozen=True)
class Delivery:
    """A file as an attendee gets it: its name, and its content a chunk at a time."""

    name: str
    chunks: Iterator[bytes]


def photo_check(*, photo: Photo, is_original: bool) -> None:
    """Raise Problem unless attendees may have the photo now: `not_found` when its event is closed or the photo was not
    released, `originals_withheld` when they get previews only. The cover is there for all to look at. Of films they get
    no more than a look at frames.
    """
    event = photo.event
    is_open = event.published and event.access != Event.Access.CLOSED
    is_kept_back = event.released_only and not photo.is_released
    is_taken_along = photo.is_still and is_original
    if not is_open or is_taken_along or (is_kept_back and (is_original or event.cover_id != photo.pk)):
        raise Problem("not_found", _("This photo is not shown any more."))
    if is_original and not event.originals_allowed:
        raise Problem("originals_withheld", _("The organiser gives previews of this event, no originals."))


def preview_key(*, photo: Photo, long_side: int) -> str:
    """The storage key of the photo's JPEG copy for attendees, at most `long_side` pixels and with the event's
    watermark; made when it is not there yet. Raises Problem `missing` or `damaged`.
    """
    key = storage.preview_key(photo.image.sha256, long_side, event_look(photo.event))
    if not storage.exists(key):
        storage.save(key, _preview(photo, long_side))
    return key


def preview_keys(photo: Photo) -> set[str]:
    """The storage keys of all its copies, as its event looks now."""
    look = event_look(photo.event)
    return {storage.preview_key(photo.image.sha256, side, look) for side in (THUMB_PX, PREVIEW_PX)}


def event_look(event: Event) -> str:
    """What tells the looks of events apart: a digest of the watermark's settings."""
    if not event.watermark_text and not event.watermark_logo:
        return "plain"
    values = (_STYLE, event.watermark_text, event.watermark_logo, event.watermark_corner, event.watermark_opacity)
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def event_marked(event: Event, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB `pixels` (h, w, 3) with the event's watermark. Raises Problem `missing` when its logo is."""
    return watermarked(
        pixels,
        text=event.watermark_text,
        logo=_logo(event.watermark_logo) if event.watermark_logo else None,
        corner=event.watermark_corner,
        opacity=event.watermark_opacity / 100,
    )


def preview_open(*, photo: Photo, long_side: int) -> Delivery:
    """That copy. Raises Problem `missing` or `damaged`."""
    return _begun(photo, _stored(preview_key(photo=photo, long_side=long_side)))


def original_open(*, photo: Photo) -> Delivery:
    """The original without its place. Raises Problem `missing` or `damaged`.

    The pixels of a JPEG are handed on as they are. A file of another format that says anything besides its pixels
    becomes a JPEG.
    """
    return _begun(photo, _original(photo))


def download_record(*, event: Event, search: SelfieSearch | None, kind: str, photos_count: int = 1) -> None:
    """Write down that somebody fetched photos."""
    Download.objects.create(event=event, search=search, kind=kind, photos_count=photos_count)


def _preview(photo: Photo, long_side: int) -> bytes:
    """From the original; a small one from the thumbnail, which is at hand and read in a moment."""
    image = photo.image
    is_small = long_side < PREVIEW_PX and image.ingested_at is not None
    with storage.open_file(image.thumbnail_key(long_side) if is_small else image.key) as stream:
        picture = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS)
        pixels = event_marked(photo.event, picture.shrunk(long_side))
        quality = _THUMB_QUALITY if is_small else _QUALITY
        return jpeg(pixels, quality=quality, profile=picture.profile(), exif=placeless_exif(picture))


@lru_cache(maxsize=8)
def _logo(key: str) -> NDArray[np.uint8]:
    """The logo's RGBA pixels; its key is made of its content."""
    with storage.open_file(key) as stream:
        return Picture(stream).rgba()


def _original(photo: Photo) -> Iterator[bytes]:
    with storage.open_file(photo.image.key) as stream:
        if photo.image.format in ("JPEG", "MPO"):
            yield from without_place(stream)
        elif is_silent(stream):
            yield from _chunks(stream)
        else:
            yield silent_jpeg(Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS))


def _stored(key: str) -> Iterator[bytes]:
    with storage.open_file(key) as stream:
        yield from _chunks(stream)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _begun(photo: Photo, chunks: Iterator[bytes]) -> Delivery:
    """With the first chunk read: what is wrong with the file is known before anything is sent."""
    first = next(chunks, b"")
    extension = "jpg" if first.startswith(_JPEG_BEGINS) else EXTENSIONS[photo.image.format]
    return Delivery(f"{_stem(photo.original_name)}.{extension}", chain([first], chunks))


def _stem(name: str) -> str:
    """A file's name without folders, extension, and letters that some system does not take."""
    stem = PurePath(name.replace("\\", "/")).stem
    return _NOT_IN_NAMES.sub("_", stem).strip(". ")[:_LONGEST_NAME] or "photo"
