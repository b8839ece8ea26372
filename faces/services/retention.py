"""How long faces are kept: until so many days after an event and its last upload."""

import datetime
import logging

from django.db.models import Max
from django.utils import timezone

from faces.models import Erasure, Event, Face
from faces.services.erasure import event_expire

log = logging.getLogger(__name__)


def retention_end(event: Event) -> datetime.date | None:
    """The day from which the event's faces are not kept any more; None when they are kept for good."""
    if event.retention_days is None:
        return None
    sent = event.batches.aggregate(last=Max("created_at"))["last"] or event.created_at
    days = [timezone.localdate(sent), *([event.date] if event.date else [])]
    return max(days) + datetime.timedelta(days=event.retention_days)


def is_over(event: Event) -> bool:
    """Whether the event's faces were deleted, and no photo has come since."""
    return event.biometrics_deleted_at is not None and not Face.objects.filter(photo__event=event).exists()


def events_expire() -> None:
    """Delete the faces of all events whose retention has ended."""
    today = timezone.localdate()
    for event in Event.objects.exclude(retention_days=None):
        try:
            end = retention_end(event)
            if end is not None and end <= today and _is_left(event):
                event_expire(event=event)
        except Exception:  # another event's faces must go all the same
            log.exception("The faces of event %s could not be deleted", event.pk)


def _is_left(event: Event) -> bool:
    """Whether there is something to delete, or a deletion was killed between its last faces and its end."""
    if Face.objects.filter(photo__event=event).exists() or event.subscriptions.exists():
        return True
    ended = event.biometrics_deleted_at or event.created_at
    return event.erasures.filter(kind=Erasure.Kind.RETENTION, at__gt=ended).exists()
