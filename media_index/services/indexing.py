"""What the index makes of an image: hashes, embeddings, categories, duplicates, words.

All of it is computed from the small thumbnail. Images are locked while they are worked on and everything is written in
one transaction, so a task can be killed anywhere and come twice; a message that was lost is sent again.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from media_index.engines.base import ImageEngine, Pixels
from media_index.hashing import hashes_of, sharpness
from media_index.models import Image, ImageContract, ImageEmbedding
from media_index.services.categories import categories_join
from media_index.services.contracts import contracts_live, contracts_switch
from media_index.services.describing import superseding, words_write
from media_index.services.duplicates import DuplicateFinder, Look, duplicates_add
from media_index.services.generation import index_changed
from media_index.services.pictures import pictures_read
from photofinder.celery import enqueue, queue_length
from photofinder.errors import EngineUnavailable
from photofinder.vectors import matrix

Vectors = dict[int, NDArray[np.float32]]  # (dim,) of unit length, by the ids of images
Live = list[tuple[ImageContract, ImageEngine]]
_SENT_AGAIN = 10_000  # images that one look for lost ones sends: the next comes when their queue is empty


def images_index(*, image_ids: Sequence[int]) -> None:
    """Index those of these images that wait for it: each ends as indexed, or with the reason why not."""
    ids = _attempt(image_ids)
    if not ids:
        return
    try:
        live = contracts_live()
    except EngineUnavailable as problem:
        _fail(dict.fromkeys(ids, problem.detail))
        return
    with transaction.atomic():
        images = list(Image.objects.claimed(ids))
        pictures, lost = pictures_read(images)
        _fail({pk: problem.detail for pk, problem in lost.items()})
        readable = [image for image in images if image.pk in pictures]
        if readable:
            _index(readable, pictures, live)


def images_resume() -> None:
    """Send images again that wait although their queue is empty: a worker or the broker lost them. And put a contract
    in use that has become complete.
    """
    contracts_switch()
    if queue_length(settings.CELERY_TASK_ROUTES[settings.IMAGE_INDEXING]["queue"]):
        return
    stalled = timezone.now() - timedelta(seconds=settings.PIPELINE_STALLED_SECONDS)
    with transaction.atomic():
        waiting = Image.objects.waiting().filter(ingested_at__lt=stalled)
        free = waiting.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        ids = list(free.values_list("pk", flat=True)[:_SENT_AGAIN])
        enqueue(settings.IMAGE_INDEXING, ids, chunk=settings.IMAGE_CHUNK)


@transaction.atomic
def _attempt(image_ids: Sequence[int]) -> list[int]:
    """Count an attempt, committed before the work so that it survives a crash; the ids to work on now.

    An image that was tried before is sent on alone, so that one which crashes its worker takes no other with it, and
    fails after settings.PIPELINE_ATTEMPTS.
    """
    images = list(Image.objects.claimed(image_ids))
    spent = [image.pk for image in images if image.index_attempts >= settings.PIPELINE_ATTEMPTS]
    _fail(dict.fromkeys(spent, f"Indexing stopped {settings.PIPELINE_ATTEMPTS} times; see the worker's log."))
    again = [image.pk for image in images if image.index_attempts and len(image_ids) > 1 and image.pk not in spent]
    enqueue(settings.IMAGE_INDEXING, again, chunk=1)
    now = [image for image in images if image.pk not in {*spent, *again}]
    for image in now:
        image.index_attempts += 1
    Image.objects.bulk_update(now, ["index_attempts"])
    return [image.pk for image in now]


def _fail(reasons: Mapping[int, str]) -> None:
    for pk, reason in reasons.items():
        Image.objects.filter(pk=pk).update(index_error=reason)


def _index(images: Sequence[Image], pictures: Mapping[int, Pixels], live: Live) -> None:
    """Everything of images whose pictures are at hand. What takes long comes before the turns."""
    vectors = {contract: _embedded(contract, engine, pictures) for contract, engine in live}
    contract, engine = live[0]
    finder = DuplicateFinder(contract, engine.scale, pictures)
    looks = [
        Look(image.pk, pictures[image.pk], hashes_of(pictures[image.pk]), vectors[contract][image.pk])
        for image in images
    ]
    shown = {image.pk for image in images if image.superseded_by_id is None}
    for look in looks:
        if look.image_id in shown:
            finder.find(look)
    _describe([image.pk for image in images])
    for contract, engine in sorted(live, key=lambda pair: pair[0].pk):
        categories_join(contract=contract, scale=engine.scale, vectors=vectors[contract])
    duplicates_add(finder=finder, looks=[look for look in looks if look.image_id in shown])
    _finish(images, pictures)


def _describe(ids: Sequence[int]) -> None:
    """Images that were kept instead of these are described when these are free: see turns.py."""
    words_write(image_ids=ids)
    enqueue(settings.IMAGE_DESCRIBING, sorted(superseding(ids) - set(ids)))


def _embedded(contract: ImageContract, engine: ImageEngine, pictures: Mapping[int, Pixels]) -> Vectors:
    """The vectors of the pictures, those that are missing made now and written."""
    rows = ImageEmbedding.objects.filter(contract=contract, image__in=list(pictures))
    keys, known = matrix(rows, "embedding", "image", dim=contract.dim)
    vectors: Vectors = dict(zip([image for (image,) in keys], known, strict=True))
    new = [image for image in pictures if image not in vectors]
    if new:
        made = engine.embed_images([pictures[image] for image in new])
        vectors |= dict(zip(new, made, strict=True))
    rows_new = [ImageEmbedding(image_id=image, contract=contract, embedding=vectors[image]) for image in new]
    ImageEmbedding.objects.bulk_create(rows_new, ignore_conflicts=True)
    return vectors


def _finish(images: Sequence[Image], pictures: Mapping[int, Pixels]) -> None:
    for image in images:
        image.sharpness = sharpness(pictures[image.pk])
        image.indexed_at, image.index_attempts = timezone.now(), 0
    Image.objects.bulk_update(images, ["sharpness", "indexed_at", "index_attempts"])
    index_changed()
