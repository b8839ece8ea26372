"""Frames of films as photos: who is in them is found out as of any other photo, but nobody is sent them."""

import hashlib
import io
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db.models import Q

from faces.models import ErasedStill, Photo, UploadBatch
from faces.services.deletion import photos_delete
from media_index.services import image_store
from photofinder.celery import enqueue


def stills_add(*, batch: UploadBatch, stills: Sequence[tuple[str, bytes]]) -> list[Photo | None]:
    """Photos of the batch's event of these (name, JPEG) pairs, in their order; one that is known is that one.

    None for a frame in which somebody was forgotten: it does not come back.
    """
    digests = [hashlib.sha256(jpeg).hexdigest() for _name, jpeg in stills]
    erased = stills_erased(digests)
    photos: list[Photo | None] = []
    new: list[int] = []
    for (name, jpeg), digest in zip(stills, digests, strict=True):
        if digest in erased:
            photos.append(None)
            continue
        image, _ = image_store(stream=io.BytesIO(jpeg), is_still=True)
        defaults = {"batch": batch, "original_name": name[:255], "is_still": True}
        photo, is_new = Photo.objects.select_related("image").get_or_create(
            event=batch.event, image=image, defaults=defaults
        )
        photos.append(photo)
        new += [photo.pk] * is_new
    enqueue(settings.PIPELINE[Photo.State.QUEUED], new, chunk=settings.FACE_CHUNK)
    return photos


def stills_erased(digests: Iterable[str]) -> set[str]:
    """Which of these digests are of frames in which somebody was forgotten."""
    return set(ErasedStill.objects.filter(sha256__in=list(digests)).values_list("sha256", flat=True))


def stills_drop(*, photo_ids: Sequence[int]) -> None:
    """Delete these photos as far as they are stills."""
    stills = Photo.objects.stills().filter(pk__in=photo_ids)
    photos_delete(photo_ids=list(stills.values_list("pk", flat=True)), by=None)


def stills_resume() -> None:
    """Delete the frames of whoever was forgotten, whose message may be lost, and those in which no face is known: of
    whoever opted out before, and of events whose faces were deleted.
    """
    of_forgotten = Q(image__sha256__in=ErasedStill.objects.values("sha256"))
    stills = Photo.objects.stills().filter(of_forgotten | Q(faces=None, state=Photo.State.READY))
    stills_drop(photo_ids=list(stills.values_list("pk", flat=True).distinct()))
