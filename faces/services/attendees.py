"""Attendees in messengers: what they agreed to, and what they want to be told of."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from faces.models import Announced, Attendee, Event, Face, Person, Portrait, Subscription
from faces.services.likenesses import Likeness
from faces.services.portraits import portrait_keep, portraits_of, registered_photos
from faces.services.suppression import require_not_opted_out
from photofinder.errors import Problem

# A selfie's quality is not kept with its vector; it counts as good enough, and less than a registered portrait.
_SELFIE_QUALITY = 0.5


def attendee_get_or_create(*, channel: str, address: str) -> Attendee:
    """The attendee at that address of a messenger."""
    attendee, _is_new = Attendee.objects.get_or_create(channel=channel, address=address)
    return attendee


def attendee_change(*, attendee: Attendee, language: str | None = None, consent: bool | None = None) -> Attendee:
    """Remember their language, and that they agreed, or do not any more."""
    if language is not None:
        attendee.language = language
    if consent is not None:
        attendee.consented_at = (attendee.consented_at or timezone.now()) if consent else None
    attendee.save(update_fields=["language", "consented_at"])
    return attendee


@transaction.atomic
def attendee_subscribe(*, attendee: Attendee, event: Event, likeness: Likeness) -> Subscription:
    """Tell the attendee of new photos of them at the event: from now on their vector is kept, without its image.

    What is there already counts as known. Raises Problem `consent_needed` or `opted_out`.
    """
    if attendee.consented_at is None:
        raise Problem("consent_needed", _("Agree first to your selfie being looked at."))
    require_not_opted_out(likeness)
    attendee = Attendee.objects.select_for_update().get(pk=attendee.pk)
    if attendee.person is None:
        attendee.person = Person.objects.create()
        attendee.save(update_fields=["person"])
    _portraits_replace(attendee.person, likeness)
    subscription, _is_new = Subscription.objects.get_or_create(attendee=attendee, event=event)
    known = registered_photos(
        person=attendee.person, events=Event.objects.filter(pk=event.pk), shown=Face.objects.shown()
    )
    rows = [Announced(subscription=subscription, photo_id=match.face.photo_id) for match in known]
    Announced.objects.bulk_create(rows, ignore_conflicts=True)
    return subscription


@transaction.atomic
def attendee_unsubscribe(*, attendee: Attendee, event: Event) -> None:
    """Tell them no more; with the last subscription the vector goes too."""
    Subscription.objects.filter(attendee=attendee, event=event).delete()
    if not attendee.subscriptions.exists():
        Portrait.objects.filter(person__attendees=attendee).delete()


def _portraits_replace(person: Person, likeness: Likeness) -> None:
    """One portrait of somebody's latest selfies, joined with what they sent before when it is the same person."""
    for portrait in portraits_of(person):
        portrait.delete()
    portrait_keep(person=person, likeness=likeness, quality=_SELFIE_QUALITY)
