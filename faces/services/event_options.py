"""What an organiser sets for an event besides plain fields: its logo, its code, its cover."""

import hashlib
from functools import partial
from typing import BinaryIO

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from faces.models import Event, Photo
from faces.models.events import new_code
from faces.services.uploads import event_cover
from faces.watermark import watermarked
from photofinder import storage
from photofinder.errors import RefusedFile
from photofinder.images import Picture, jpeg, png

LOGO_MAX_BYTES = 10 * 1024 * 1024
_LOGO_MAX_PIXELS = 40_000_000
_LOGO_PX = 1000
_SAMPLE_PX = 960
_SAMPLE_QUALITY = 88


def logo_read(stream: BinaryIO) -> bytes:
    """The picture in the seekable `stream` as a PNG of at most 1000 pixels that keeps what is transparent.

    Raises RefusedFile `too_large`, `empty`, `not_an_image`, `too_many_pixels` or `damaged`.
    """
    if stream.seek(0, 2) > LOGO_MAX_BYTES:
        raise RefusedFile("too_large", f"The file is larger than {LOGO_MAX_BYTES // 1024**2} MB.")
    return png(Picture(stream, max_pixels=_LOGO_MAX_PIXELS).rgba(), long_side=_LOGO_PX)


def logo_set(*, event: Event, logo: bytes | None) -> None:
    """Give the event this logo, a PNG, or none; the caller saves the event. One that no event uses is deleted."""
    before, event.watermark_logo = event.watermark_logo, ""
    if logo is not None:
        event.watermark_logo = storage.logo_key(hashlib.sha256(logo).hexdigest())
        storage.save(event.watermark_logo, logo)
    if before and before != event.watermark_logo:
        transaction.on_commit(partial(logo_drop, before))


def watermark_sample(*, event: Event, logo: bytes | None) -> bytes:
    """A JPEG of what the watermark that the event, perhaps unsaved, asks for looks like on one of its photos.

    `logo` is a PNG that is not stored yet, and goes before the event's own.
    """
    if logo is None and event.watermark_logo and storage.exists(event.watermark_logo):
        with storage.open_file(event.watermark_logo) as file:
            logo = file.read()
    pixels = watermarked(
        _sample_pixels(event),
        text=event.watermark_text,
        logo=None if logo is None else Picture.from_bytes(logo).rgba(),
        corner=event.watermark_corner,
        opacity=event.watermark_opacity / 100,
    )
    return jpeg(pixels, quality=_SAMPLE_QUALITY)


@transaction.atomic
def code_renew(*, event: Event) -> None:
    """Give the event another code: links and posters with the old one open nothing any more."""
    event.code = new_code()
    event.save(update_fields=["code"])


@transaction.atomic
def cover_choose(*, photo: Photo) -> None:
    """Let the photo stand for its event."""
    Event.objects.filter(pk=photo.event_id).update(cover=photo)


def _sample_pixels(event: Event) -> NDArray[np.uint8]:
    """One of the event's photos; without any, a surface from light to dark."""
    photo = event_cover(event)
    if photo is not None and photo.image.ingested_at is not None:
        with storage.open_file(photo.image.thumbnail_key(1600)) as stream:
            return Picture(stream).shrunk(_SAMPLE_PX)
    light = np.linspace(245, 25, _SAMPLE_PX)[None, :] + np.linspace(10, -10, _SAMPLE_PX * 2 // 3)[:, None]
    return np.repeat(light.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def logo_drop(key: str) -> None:
    """Delete a logo that no event has."""
    if not Event.objects.filter(watermark_logo=key).exists():
        storage.delete(key)
