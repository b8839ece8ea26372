"""Taking images in."""

import hashlib
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from media_index.models import Image
from photofinder import storage
from photofinder.errors import RefusedFile
from photofinder.images import EXTENSIONS, Picture, thumbnails

_READ_BYTES = 1024 * 1024


def image_store(*, stream: BinaryIO) -> tuple[Image, bool]:
    """Keep the seekable `stream` by its content; True when it is new.

    Raises RefusedFile (`empty`, `too_large`, `not_an_image`, `too_many_pixels`, `damaged`) and then keeps nothing.
    """
    sha256, size = _digest(stream)
    known = Image.objects.filter(sha256=sha256).first()
    if known:
        _restore(known, stream)
        return known, False
    picture = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS)
    picture.verify()
    info = picture.info()
    key = storage.image_key(sha256, EXTENSIONS[info.format])
    stream.seek(0)
    storage.save(key, stream)
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
        },
    )


def image_ingest(*, image: Image) -> None:
    """Make the image's thumbnails, once. Raises RefusedFile `damaged` when the pixels cannot be read."""
    if image.ingested_at:
        return
    with storage.open_file(image.key) as stream:
        pixels = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS).pixels(max(settings.THUMBNAIL_SIZES_PX))
    for long_side, content in thumbnails(pixels, settings.THUMBNAIL_SIZES_PX).items():
        storage.save(image.thumbnail_key(long_side), content)
    image.ingested_at = timezone.now()
    image.save(update_fields=["ingested_at"])


def _restore(image: Image, stream: BinaryIO) -> None:
    """Put the bytes of a known image back if the storage lost them."""
    if not storage.exists(image.key):
        stream.seek(0)
        storage.save(image.key, stream)


def _digest(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size of a stream, a megabyte at a time, stopping at the size limit."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while chunk := stream.read(_READ_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if size > settings.UPLOAD_MAX_BYTES:
            megabytes = settings.UPLOAD_MAX_BYTES // 1024**2
            raise RefusedFile("too_large", f"The file is larger than {megabytes} MB.")
    return digest.hexdigest(), size
