"""Images as they are when ingest has made their thumbnails, and images of which there is only a vector."""

import hashlib
from collections.abc import Sequence
from itertools import count

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from media_index.engines.base import Pixels
from media_index.engines.fake import FakeImageEngine
from media_index.models import DuplicatePair, Image, ImageCluster, ImageClusterMember, ImageContract, ImageEmbedding
from media_index.services.categories import categories_join
from media_index.services.duplicate_groups import revision_of
from media_index.services.indexing import images_index
from photofinder import storage
from photofinder.images import thumbnails

_numbers = count(1)
Vector = NDArray[np.float32]
SCALE = FakeImageEngine().scale


def ingested(pixels: Pixels) -> Image:
    """An image with thumbnails of these pixels that waits to be indexed."""
    height, width = pixels.shape[:2]
    image = _image(width=width, height=height, indexed_at=None)
    for long_side, content in thumbnails(pixels, settings.THUMBNAIL_SIZES_PX).items():
        storage.save(image.thumbnail_key(long_side), content)
    return image


def indexed(*pictures: Pixels) -> list[Image]:
    """Images of these pictures, indexed one after another."""
    images = [ingested(pixels) for pixels in pictures]
    for image in images:
        images_index(image_ids=[image.pk])
    return list(Image.objects.filter(pk__in=[image.pk for image in images]).order_by("pk"))


def bare() -> Image:
    """An indexed image of which there is only the row."""
    return _image(width=10, height=10, indexed_at=timezone.now())


def embedded(contract: ImageContract, vector: Vector) -> Image:
    """An indexed image with that vector."""
    image = bare()
    ImageEmbedding.objects.create(image=image, contract=contract, embedding=vector)
    return image


def joined(contract: ImageContract, *vectors: Vector) -> list[Image]:
    """Images with these vectors in the categories that they joined, all in one go."""
    images = [embedded(contract, vector) for vector in vectors]
    named = {image.pk: vector for image, vector in zip(images, vectors, strict=True)}
    categories_join(contract=contract, scale=SCALE, vectors=named)
    return images


def towards(contract: ImageContract, direction: int, *, aside: int | None = None, distance: float = 0.0) -> Vector:
    """The unit vector along an axis, turned towards another axis until it is at that cosine distance."""
    vector = np.zeros(contract.dim, np.float32)
    vector[direction] = 1 - distance
    if aside is not None:
        vector[aside] = np.sqrt(1 - (1 - distance) ** 2)
    return vector


def cluster_of(image: Image, contract: ImageContract) -> ImageCluster:
    """The image's category."""
    return ImageClusterMember.objects.select_related("cluster").get(image=image, contract=contract).cluster


def categories(contract: ImageContract) -> list[set[int]]:
    """The images of each category, the first image's first."""
    members: dict[int, set[int]] = {}
    for cluster, image in ImageClusterMember.objects.filter(contract=contract).values_list("cluster", "image"):
        members.setdefault(cluster, set()).add(image)
    return sorted(members.values(), key=min)


def pairs() -> set[tuple[int, int]]:
    """All pairs of duplicates, whatever was decided of them."""
    return set(DuplicatePair.objects.values_list("first", "second"))


def paired(*images: Image, state: str = "open") -> None:
    """Each of the images as a duplicate of the first."""
    first, *others = sorted(images, key=lambda image: image.pk)
    for other in others:
        DuplicatePair.objects.create(first=first, second=other, distance=2, similarity=0.9, state=state, group=first.pk)


def seen(*images: Image) -> str:
    """The revision of a group of these images."""
    return revision_of(image.pk for image in images)


def numbers(images: Sequence[Image]) -> list[int]:
    """The ids of the images."""
    return [image.pk for image in images]


def _image(**values: object) -> Image:
    digest = hashlib.sha256(f"indexed {next(_numbers)}".encode()).hexdigest()
    defaults = {"format": "JPEG", "bytes": 1000, "ingested_at": timezone.now()}
    image: Image = Image.objects.create(sha256=digest, **defaults | values)
    return image
