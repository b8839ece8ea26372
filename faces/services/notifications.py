"""Telling subscribers of new photos: an outbox in the database, from which a messenger's bot takes.

A photo is written down as announced in the transaction that makes its notification, so nobody is told of it twice; and
a notification is claimed before it is sent, so that two carriers never send the same. Whoever dies between claiming and
saying `done` may have sent it: it is given out once more, marked as repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from faces.models import Announced, Event, Face, Notification, NotMe, SelfieSearch, Subscription
from faces.services.attendees import subscriptions_end
from faces.services.portraits import registered_photos
from faces.services.results import result_fields, result_photos
from faces.services.search import PhotoMatch
from photofinder.celery import enqueue, queue_length

State = Notification.State


@dataclass(frozen=True)
class Claim:
    """A notification to be sent now; `is_repeated` when it was perhaps sent before."""

    notification: Notification
    is_repeated: bool


def events_notify(*, event_ids: Sequence[int]) -> None:
    """Make the notifications of these events, of all their new photos together, once their photos are done."""
    for event in event_ids:
        _event_notify(event)


def events_with_news_resume() -> None:
    """Send the message again for events with news although the queue is empty: a worker or the broker lost it."""
    if queue_length(settings.CELERY_TASK_ROUTES[settings.NOTIFICATION]["queue"]) == 0:
        enqueue(settings.NOTIFICATION, list(Event.objects.with_news().values_list("pk", flat=True)), chunk=1)


@transaction.atomic
def notification_claim(*, channel: str) -> Claim | None:
    """The oldest notification for that messenger that nobody else sends, claimed; None when there is none.

    Those of events that are closed now wait until they are open again.
    """
    dead = timezone.now() - timedelta(seconds=settings.NOTIFICATION_SECONDS)
    open_events = Event.objects.published()
    mine = Notification.objects.filter(subscription__attendee__channel=channel, subscription__event__in=open_events)
    mine.filter(state=State.CLAIMED, claims__gt=1, claimed_at__lt=dead).update(state=State.SENT)
    left = Q(state=State.WAITING) | Q(state=State.CLAIMED, claimed_at__lt=dead)
    rows = mine.filter(left).select_for_update(skip_locked=True, of=("self",)).order_by("created_at", "pk")
    notification = rows.select_related("subscription__attendee", "subscription__event", "search").first()
    if notification is None:
        return None
    if not _still_shown(notification):
        notification.delete()
        return notification_claim(channel=channel)
    claimed = {"state": State.CLAIMED, "claimed_at": timezone.now(), "claims": F("claims") + 1}
    Notification.objects.filter(pk=notification.pk).update(**claimed)
    return Claim(notification, is_repeated=notification.claims > 0)


@transaction.atomic
def notification_done(*, notification: Notification, is_gone: bool = False) -> None:
    """It was sent; or the attendee `is_gone` from the messenger, which ends all their subscriptions."""
    if is_gone:
        subscriptions_end(attendee=notification.subscription.attendee)
        return
    Notification.objects.filter(pk=notification.pk).update(state=State.SENT)


def _still_shown(notification: Notification) -> bool:
    """Whether it has photos that may be seen; those that may not will be news when they are shown again."""
    found = result_photos(notification.search)
    photos = [match.face.photo_id for match in found[: found.count()]]
    Announced.objects.filter(notification=notification).exclude(photo__in=photos).delete()
    return bool(photos)


def _event_notify(pk: int) -> None:
    """One short transaction for each subscriber, so that nobody else waits; what is news by then is looked at again."""
    event = Event.objects.with_news().filter(pk=pk).first()
    if event is None:
        return
    for subscription in event.subscriptions.order_by("pk").values_list("pk", flat=True):
        _announce(subscription, event)
    Event.objects.filter(pk=pk, told__lt=event.news).update(told=event.news)


@transaction.atomic
def _announce(pk: int, event: Event) -> None:
    """Write down the photos that the subscriber does not know of, and the notification of them."""
    mine = Subscription.objects.filter(pk=pk).select_for_update(of=("self",)).select_related("attendee__person")
    subscription = mine.first()
    photos = _new_photos(subscription, event) if subscription else []
    if subscription is None or not photos:
        return
    search = SelfieSearch.objects.create(
        channel=SelfieSearch.Channel.BOT,
        event=event,
        attendee=subscription.attendee,
        has_consent=True,
        outcome="announced",
        **result_fields(photos),
    )
    notification = Notification.objects.create(subscription=subscription, search=search)
    Announced.objects.bulk_create(
        Announced(subscription=subscription, photo_id=match.face.photo_id, notification=notification)
        for match in photos
    )


def _new_photos(subscription: Subscription, event: Event) -> list[PhotoMatch]:
    attendee = subscription.attendee
    if attendee.person is None:
        return []
    objected = NotMe.objects.filter(attendee=attendee)
    shown = Face.objects.shown().exclude(pk__in=objected.values("face"))
    found = registered_photos(person=attendee.person, events=Event.objects.filter(pk=event.pk), shown=shown)
    known = set(subscription.announced.values_list("photo", flat=True))
    return [match for match in found if match.face.photo_id not in known]
