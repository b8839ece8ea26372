"""The thumbnails that everything in the index is computed from."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from media_index.engines.base import Pixels
from media_index.models import Image
from photofinder import storage
from photofinder.errors import Problem
from photofinder.images import Picture

_THREADS = 4  # S3 answers slowly, and decoding leaves other threads alone


def pictures_read(images: Sequence[Image]) -> tuple[dict[int, Pixels], dict[int, Problem]]:
    """RGB pixels (h, w, 3) of the small thumbnails by the images' ids, and what is wrong with those that cannot be
    read: `missing`, `damaged`, `empty`, `not_an_image`.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        results = dict(zip([image.pk for image in images], pool.map(_read, images), strict=True))
    pictures = {pk: result for pk, result in results.items() if not isinstance(result, Problem)}
    return pictures, {pk: result for pk, result in results.items() if isinstance(result, Problem)}


def _read(image: Image) -> Pixels | Problem:
    try:
        with storage.open_file(image.thumbnail_key(min(settings.THUMBNAIL_SIZES_PX))) as stream:
            return Picture(stream).pixels()
    except Problem as problem:
        return problem
