"""Taking images in: sent ones into the storage, found ones where they lie."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from media_index.models import Image
from media_index.services.originals import original_open
from media_index.services.places import size_check
from photofinder import storage
from photofinder.celery import enqueue
from photofinder.errors import Problem
from photofinder.images import EXTENSIONS, Picture, thumbnails

_READ_BYTES = 1024 * 1024


def image_store(*, stream: BinaryIO, is_still: bool = False) -> tuple[Image, bool]:
    """Keep the seekable `stream` by its content; True when it is new. A still of a film is not indexed.

    Raises RefusedFile (`empty`, `too_large`, `not_an_image`, `too_many_pixels`, `damaged`) and then keeps nothing.
    """
    sha256, size = _digest(stream)
    if known := Image.objects.filter(sha256=sha256).first():
        _keep(known, stream)
        if known.is_still and not is_still:
            _bring_out(known)
        return known, False
    picture = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS)
    picture.verify()
    key = storage.image_key(sha256, EXTENSIONS[picture.format])
    stream.seek(0)
    with transaction.atomic():
        _keep_files([key])
        storage.save(key, stream)
        image, is_new = _row(picture, sha256, size, key, is_still=is_still)
    if not image.key:  # catalogued where it lies, since we looked
        _keep(image, stream)
    return image, is_new


def image_catalogue(*, stream: BinaryIO, copies: bool) -> tuple[Image, bool]:
    """The image of the seekable `stream`, ingested, and True when it is so now; the bytes are kept only when `copies`.

    To be called in a transaction: another one with the same content waits for it, and then knows the image.
    Raises RefusedFile as `image_store` does, and Problem `unreadable`.
    """
    sha256, size = _digest(stream)
    image = _known(sha256)
    if image is None:
        image, _ = _row(Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS), sha256, size, "")
    if is_fresh := image.ingested_at is None:
        _ingest(image, stream)
    if copies:
        _keep(image, stream)
    return image, is_fresh


def image_ingest(*, image: Image) -> None:
    """Make the image's thumbnails, once, and have it indexed. Raises Problem `missing`, RefusedFile `damaged`."""
    if image.ingested_at:
        return
    with original_open(image) as stream:
        _ingest(image, stream)


def _known(sha256: str) -> Image | None:
    """The image of these bytes, locked as a row that refers to it locks it: nobody deletes it meanwhile, and whoever
    indexes or describes it does not wait.
    """
    rows = Image.objects.raw("SELECT * FROM media_index_image WHERE sha256 = %s FOR KEY SHARE", [sha256])
    return next(iter(rows), None)


def _ingest(image: Image, stream: BinaryIO) -> None:
    _keep_files([image.thumbnail_key(long_side) for long_side in settings.THUMBNAIL_SIZES_PX])
    pixels = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS).pixels(max(settings.THUMBNAIL_SIZES_PX))
    for long_side, content in thumbnails(pixels, settings.THUMBNAIL_SIZES_PX).items():
        storage.save(image.thumbnail_key(long_side), content)
    image.ingested_at = timezone.now()
    image.save(update_fields=["ingested_at"])
    enqueue(settings.IMAGE_INDEXING, [image.pk])


def _keep_files(keys: list[str]) -> None:
    """Say, before they are written, that these files are not to go: those of an image with the same bytes, which was
    deleted just now, may still be about to.
    """
    import_string(settings.FILE_KEEPING)(keys=keys)


def _row(picture: Picture, sha256: str, size: int, key: str, *, is_still: bool = False) -> tuple[Image, bool]:
    info = picture.info()
    return Image.objects.get_or_create(
        sha256=sha256,
        defaults={
            "key": key,
            "format": info.format,
            "bytes": size,
            "width": info.width,
            "height": info.height,
            "taken_at": info.taken_at,
            "camera": info.camera,
            "is_still": is_still,
        },
    )


@transaction.atomic
def _bring_out(image: Image) -> None:
    """What was a still only is an image of its own."""
    image.is_still = False
    image.save(update_fields=["is_still"])
    enqueue(settings.IMAGE_INDEXING, [image.pk])


def _keep(image: Image, stream: BinaryIO) -> None:
    """Store the bytes of a known image that the storage has not: it lost them, or they lay elsewhere only."""
    if image.key and storage.exists(image.key):
        return
    key = image.key or storage.image_key(image.sha256, EXTENSIONS[image.format])
    _keep_files([key])
    stream.seek(0)
    storage.save(key, stream)
    if key != image.key:
        image.key = key
        image.save(update_fields=["key"])


def _digest(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size of a stream, a megabyte at a time, stopping at the size limit."""
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(stream):
        digest.update(chunk)
        size += len(chunk)
        size_check(size)
    return digest.hexdigest(), size


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """From the beginning. Raises Problem `unreadable`: a disk that fails shows it here, where all is read."""
    try:
        stream.seek(0)
        while chunk := stream.read(_READ_BYTES):
            yield chunk
    except OSError as error:
        raise Problem("unreadable", f"The file cannot be read: {error.strerror or error}.") from error
