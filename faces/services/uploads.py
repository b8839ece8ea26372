"""Events and the photos that are sent to them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from slugify import slugify

from faces.models import Event, Photo, Refusal, UploadBatch
from faces.services.image_facts import images_told
from faces.services.people import people_refresh
from faces.services.turns import take_turn
from media_index.services import image_store
from photofinder.celery import enqueue
from photofinder.errors import Problem, RefusedFile


@dataclass(frozen=True)
class Accepted:
    """A file that was taken in; `duplicate` when the event had the same bytes before, `known` when anybody had."""

    name: str
    photo: Photo
    duplicate: bool
    known: bool


@transaction.atomic
def event_create(*, name: str, date: datetime.date | None = None, slug: str = "", **options: Any) -> Event:
    """A new event with these fields; without a slug it gets one from its name. Raises Problem `slug_taken`."""
    event = Event(name=name, date=date, slug=slug or _free_slug(name), **options)
    event.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            event.save()
    except IntegrityError as error:
        raise Problem("slug_taken", f"An event with the slug {event.slug} exists already; choose another.") from error
    return event


def event_cover(event: Event) -> Photo | None:
    """The photo that stands for the event, with its image; None while there is none."""
    covered: Any = Event.objects.with_cover().get(pk=event.pk)
    return Photo.objects.select_related("image").filter(pk=covered.cover_photo).first()


def photos_upload(*, batch: UploadBatch, files: Iterable[tuple[str, BinaryIO]]) -> tuple[list[Accepted], list[Refusal]]:
    """Store (name, seekable stream) pairs as photos of the batch's event; a bad file refuses itself only.

    The first photos are on their way while the last are still being stored.
    """
    accepted: list[Accepted] = []
    refused: list[Refusal] = []
    new: list[int] = []
    for name, stream in files:
        try:
            accepted.append(_photo_store(batch, name, stream))
        except RefusedFile as problem:
            refused.append(_refuse(batch, name, problem))
            continue
        if not accepted[-1].duplicate:
            new.append(accepted[-1].photo.pk)
        if len(new) == settings.FACE_CHUNK:
            enqueue(settings.PIPELINE[Photo.State.QUEUED], new)
            new = []
    enqueue(settings.PIPELINE[Photo.State.QUEUED], new)
    # A new image is described when it is indexed; of a known one that may be happening now, without this event.
    images_told(image_ids=[file.photo.image_id for file in accepted if file.known and not file.duplicate])
    return accepted, refused


def batch_create(*, event: Event, by: User | None) -> UploadBatch:
    """A new, empty batch."""
    return UploadBatch.objects.create(event=event, by=by)


def _photo_store(batch: UploadBatch, name: str, stream: BinaryIO) -> Accepted:
    image, is_fresh = image_store(stream=stream)
    photo, is_new = Photo.objects.get_or_create(
        event=batch.event, image=image, defaults={"batch": batch, "original_name": name[:255]}
    )
    if photo.is_still:  # a frame of a film that somebody has sent as a photo as well
        _take(photo, batch, name)
        is_new = True
    return Accepted(name, photo, duplicate=not is_new, known=not is_fresh)


@transaction.atomic
def _take(photo: Photo, batch: UploadBatch, name: str) -> None:
    """Let a frame of a film be a photo from now on."""
    take_turn()
    Photo.objects.filter(pk=photo.pk).update(is_still=False, batch=batch, original_name=name[:255])
    people_refresh(ids=set(photo.faces.exclude(person=None).values_list("person", flat=True)))


def _refuse(batch: UploadBatch, name: str, problem: RefusedFile) -> Refusal:
    return Refusal.objects.create(batch=batch, name=name[:255], code=problem.code, detail=problem.detail)


def _free_slug(name: str) -> str:
    """A slug made of the name in Latin letters, numbered when it is taken."""
    base = slugify(name, max_length=70) or "event"
    taken = set(Event.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numbered = (f"{base}-{number}" for number in count(2))
    return next(slug for slug in chain([base], numbered) if slug not in taken)
