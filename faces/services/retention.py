"""How long faces are kept: until so many days after an event and its last upload."""

import datetime

from django.db.models import Max
from django.utils import timezone

from faces.models import Erasure, Event, Face
from faces.services.erasure import event_expire, files_delete


def retention_end(event: Event) -> datetime.date | None:
    """The day from which the event's faces are not kept any more; None when they are kept for good."""
    if event.retention_days is None:
        return None
    sent = event.batches.aggregate(last=Max("created_at"))["last"] or event.created_at
    days = [timezone.localdate(sent), *([event.date] if event.date else [])]
    return max(days) + datetime.timedelta(days=event.retention_days)


def events_expire() -> None:
    """Delete the faces of all events whose retention has ended."""
    today = timezone.localdate()
    for event in Event.objects.exclude(retention_days=None):
        end = retention_end(event)
        if end is not None and end <= today and _has_faces(event):
            event_expire(event=event)


def files_resume() -> None:
    """Delete the files that a killed process left of what it had deleted from the database."""
    for erasure in Erasure.objects.exclude(pending_keys=[]):
        files_delete(erasure=erasure)


def _has_faces(event: Event) -> bool:
    return Face.objects.filter(photo__event=event).exists() or event.subscriptions.exists()
