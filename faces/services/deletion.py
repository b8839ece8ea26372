"""Deleting photos and whole events, with everything that is kept of them.

First the rows go, a part in each transaction, and then the files that nothing else uses, which are written down with
them. An event that is being deleted says so in its row. So whatever is killed, it goes on.
"""

from collections.abc import Collection, Sequence
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from faces.models import Erasure, Event, Face, Photo
from faces.services.deliveries import preview_keys
from faces.services.erasure import erasure_record, event_expire
from faces.services.event_options import logo_drop
from faces.services.files import files_condemn, files_sweep
from faces.services.image_facts import images_told
from faces.services.people import people_refresh
from faces.services.suggestions import suggestions_review
from faces.services.turns import take_turn
from media_index.models import Image
from media_index.services.categories import categories_leave
from media_index.services.duplicate_decisions import duplicates_leave
from media_index.services.turns import take_turns as index_turns
from photofinder import storage
from photofinder.celery import enqueue

PHOTOS_AT_ONCE = 200  # in one transaction: others who decide wait that long


def photos_delete(*, photo_ids: Sequence[int], by: User | None) -> int:
    """Delete these photos with their faces and copies, and originals that nothing else uses; how many there were.

    People keep the faces that they have elsewhere; what was decided about the faces that go goes with them.
    """
    parts = (photo_ids[start : start + PHOTOS_AT_ONCE] for start in range(0, len(photo_ids), PHOTOS_AT_ONCE))
    return sum(_part_delete(part, by) for part in parts)


@transaction.atomic
def event_delete(*, event: Event) -> None:
    """Close the event to everybody, and begin to delete it with all that is kept of it."""
    Event.objects.filter(pk=event.pk).update(published=False, deletion_began_at=timezone.now())
    enqueue(settings.EVENT_DELETION, [event.pk])


def events_delete_on(*, event_ids: Sequence[int]) -> None:
    """Delete the next part of each of these events that are being deleted; the last one takes the event along."""
    for event in Event.objects.filter(pk__in=event_ids).exclude(deletion_began_at=None):
        for leave in settings.EVENT_LEAVERS:
            import_string(leave)(event=event)
        event_expire(event=event, kind=Erasure.Kind.DELETED)
        photos = event.photos.order_by("pk").values_list("pk", flat=True)
        photos_delete(photo_ids=list(photos[:PHOTOS_AT_ONCE]), by=None)
        if not _is_finished(event):
            enqueue(settings.EVENT_DELETION, [event.pk])


def events_delete_resume() -> None:
    """Go on with events whose deletion was begun: the message may be lost."""
    begun = Event.objects.exclude(deletion_began_at=None).values_list("pk", flat=True)
    enqueue(settings.EVENT_DELETION, list(begun), chunk=1)


@transaction.atomic
def previews_renew(*, event: Event) -> None:
    """Delete copies of the event's photos that look as it does not any more."""
    ids = list(event.photos.taken().values_list("pk", flat=True))
    enqueue(settings.PREVIEW_SWEEP, ids, chunk=PHOTOS_AT_ONCE)


def previews_sweep(*, photo_ids: Sequence[int]) -> None:
    """Delete copies of these photos in a look that no event has which shows them."""
    for sha256 in Image.objects.filter(photos__in=photo_ids).distinct().values_list("sha256", flat=True):
        files_sweep(keys=storage.preview_keys(sha256))


@transaction.atomic
def _part_delete(photo_ids: Collection[int], by: User | None) -> int:
    """Photos are locked before one's turn, as the pipeline does, so that neither waits for the other for ever."""
    asked = Photo.objects.filter(pk__in=photo_ids).select_related("image", "event").order_by("pk")
    photos = list(asked.select_for_update(of=("self",)))
    if not photos:
        return 0
    take_turn()
    faces = list(Face.objects.filter(photo__in=photos).select_related("photo__image"))
    people = {face.person_id for face in faces if face.person_id}
    keys = {face.crop_key for face in faces}.union(*map(_keys_of, photos))
    images = {photo.image_id for photo in photos}
    kept = set(Image.objects.filter(superseded__in=images).values_list("pk", flat=True))  # found by the same words
    Face.objects.filter(pk__in=[face.pk for face in faces]).delete()
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).delete()
    people_refresh(ids=people)
    suggestions_review(people=people)
    events = {photo.event for photo in photos}
    # A plan that was made before of who is who holds no more.
    Event.objects.filter(pk__in=[event.pk for event in events]).update(revision=F("revision") + 1)
    taken = sum(not photo.is_still for photo in photos)
    counts = {"photos": taken, "faces": len(faces), "crops": len({face.crop_key for face in faces})}
    counts["originals"] = _images_drop(images)
    images_told(image_ids=sorted(images | kept))
    only = events.pop() if len(events) == 1 else None
    erasure_record(kind=Erasure.Kind.DELETED, counts=counts, event=only, by=by)
    enqueue(settings.FILE_DELETION, files_condemn(keys=keys), chunk=PHOTOS_AT_ONCE)
    return len(photos)


def _keys_of(photo: Photo) -> set[str]:
    """The files of a photo besides its faces' cut-outs."""
    image = photo.image
    return {image.key, *map(image.thumbnail_key, settings.THUMBNAIL_SIZES_PX)} | preview_keys(photo)


def _images_drop(ids: Collection[int]) -> int:
    """Delete those of these images that no photo and no file of a source is of; how many.

    In the order of media_index/services/turns.py. Those hidden behind one of them are shown again, and are locked too.
    """
    list(Image.objects.filter(Q(pk__in=ids) | Q(superseded_by__in=ids)).locked())
    index_turns()
    list(Image.objects.select_for_update().filter(pk__in=ids).order_by("pk"))  # nobody makes one a photo meanwhile
    free = list(Image.objects.filter(pk__in=ids, photos=None, files=None).values_list("pk", flat=True))
    categories_leave(image_ids=free)
    duplicates_leave(image_ids=free)
    Image.objects.filter(pk__in=free).delete()
    return len(free)


@transaction.atomic
def _is_finished(event: Event) -> bool:
    """Delete the event once it has no photo, unless one has been sent meanwhile."""
    left = Event.objects.select_for_update().filter(pk=event.pk).first()
    if left is None:
        return True
    if left.photos.exists():
        return False
    left.delete()
    if left.watermark_logo:
        transaction.on_commit(partial(logo_drop, left.watermark_logo))
    return True
