"""Which photos attendees see where an event shows released ones only."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F

from faces.models import Event, Photo
from photofinder.celery import enqueue


@transaction.atomic
def photos_release(*, photo_ids: Sequence[int], released: bool) -> int:
    """Show these photos to attendees, or take them back; how many changed. Subscribers are told of the new ones."""
    photos = Photo.objects.taken().filter(pk__in=photo_ids, is_released=not released)
    events = list(photos.order_by().values_list("event", flat=True).distinct())
    changed = photos.update(is_released=released)
    if changed and released:
        events_announce(event_ids=events)
    return changed


def event_release(*, event: Event) -> int:
    """Show all photos of an event to attendees that are ready; how many were not shown before."""
    waiting = event.photos.taken().filter(state=Photo.State.READY, is_released=False)
    return photos_release(photo_ids=list(waiting.values_list("pk", flat=True)), released=True)


@transaction.atomic
def events_announce(*, event_ids: Sequence[int]) -> None:
    """Have the subscribers of these events told of photos that they may see and do not know of yet."""
    Event.objects.filter(pk__in=event_ids).update(news=F("news") + 1)
    enqueue(settings.NOTIFICATION, sorted(event_ids), chunk=1)
