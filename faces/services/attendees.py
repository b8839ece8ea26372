"""Attendees in messengers: what they agreed to, and what they want to be told of."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from faces.models import Announced, Attendee, Event, Face, Person, Portrait, Subscription
from faces.services.likenesses import Likeness
from faces.services.portraits import person_likeness, portrait_keep, portraits_of, registered_photos
from faces.services.releases import events_announce
from faces.services.suppression import require_not_opted_out
from faces.services.turns import take_turn
from photofinder.errors import Problem

# A selfie's quality is not kept with its vector; it counts as good enough, and less than a registered portrait.
_SELFIE_QUALITY = 0.5


def attendee_get_or_create(*, channel: str, address: str) -> Attendee:
    """The attendee at that address of a messenger. Raises Problem `invalid` for one that is no address."""
    if len(channel) > 20 or len(address) > 64 or "\0" in channel + address:
        raise Problem("invalid", _("There is no such address."))
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

    They know what their searches there showed them; who never searched there, what is there already. Raises Problem
    `consent_needed` or `opted_out`.
    """
    if attendee.consented_at is None:
        raise Problem("consent_needed", _("Agree first to your selfie being looked at."))
    take_turn()  # nobody opts out meanwhile
    require_not_opted_out(likeness)
    attendee = Attendee.objects.select_for_update().get(pk=attendee.pk)
    if attendee.person is None:
        attendee.person = Person.objects.create()
        attendee.save(update_fields=["person"])
    _portraits_replace(attendee.person, likeness)
    subscription, _is_new = Subscription.objects.get_or_create(attendee=attendee, event=event)
    rows = [Announced(subscription=subscription, photo_id=photo) for photo in _known_photos(attendee, event)]
    Announced.objects.bulk_create(rows, ignore_conflicts=True)
    events_announce(event_ids=[event.pk])
    return subscription


@transaction.atomic
def attendee_unsubscribe(*, attendee: Attendee, event: Event) -> None:
    """Tell them no more; with the last subscription the vector goes too."""
    Subscription.objects.filter(attendee=attendee, event=event).delete()
    if not attendee.subscriptions.exists():
        Portrait.objects.filter(person__attendees=attendee).delete()
        Attendee.objects.filter(pk=attendee.pk).update(person=None)


def _known_photos(attendee: Attendee, event: Event) -> set[int]:
    """The photos of the event that they have been shown."""
    searches = list(attendee.searches.kept().filter(Q(event=event) | Q(event=None)))
    if searches:
        faces = {face for search in searches for face in search.faces}
        return set(Face.objects.filter(pk__in=faces, photo__event=event).values_list("photo", flat=True))
    events, shown = Event.objects.filter(pk=event.pk), Face.objects.shown()
    found = registered_photos(person=attendee.person, events=events, shown=shown) if attendee.person else []
    return {match.face.photo_id for match in found}


def is_face_known(attendee: Attendee) -> bool:
    """Whether what they subscribed with still tells what they look like."""
    person = Person.objects.filter(attendees=attendee).first()
    return person is not None and person_likeness(person) is not None


def _portraits_replace(person: Person, likeness: Likeness) -> None:
    """One portrait of somebody's latest selfies, joined with what they sent before when it is the same person."""
    for portrait in portraits_of(person):
        portrait.delete()
    portrait_keep(person=person, likeness=likeness, quality=_SELFIE_QUALITY)
