"""Attendees in messengers: what they agreed to, and what they want to be told of."""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from faces.models import Announced, Attendee, Event, Face, Notification, Person, Portrait, Subscription
from faces.services.likenesses import Likeness, likeness_join
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
    if consent is False:
        subscriptions_end(attendee=attendee)
    attendee.save(update_fields=["language", "consented_at"])
    return attendee


@transaction.atomic
def attendee_subscribe(*, attendee: Attendee, event: Event, likeness: Likeness) -> Subscription:
    """Tell the attendee of new photos of them at the event: from now on their vector is kept, without its image.

    They know what their searches there showed them; who never searched there, what is there already. Raises Problem
    `consent_needed`, `opted_out`, or `subscribed_as_another` while they are told of somebody else's photos.
    """
    take_turn()  # nobody opts out meanwhile
    require_not_opted_out(likeness)
    attendee = _agreed(attendee)
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
    take_turn()
    subscriptions_drop(Subscription.objects.filter(attendee=attendee, event=event))
    if not attendee.subscriptions.exists():
        subscriptions_end(attendee=attendee)


@transaction.atomic
def subscriptions_end(*, attendee: Attendee) -> None:
    """Tell them of nothing any more, and keep nothing of what they look like."""
    take_turn()
    subscriptions_drop(attendee.subscriptions.all())
    Portrait.objects.of_selfies().filter(person__attendees=attendee).delete()
    Attendee.objects.filter(pk=attendee.pk).update(person=None)


def subscriptions_drop(rows: QuerySet[Subscription]) -> int:
    """Delete these subscriptions; how many there were. An announcement that is being written down is waited for, and
    goes along.
    """
    ids = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    carried = Notification.objects.filter(subscription__in=ids).order_by("pk")
    list(carried.select_for_update(of=("self",)))  # in the order in which a carrier takes them and what they tell of
    Subscription.objects.filter(pk__in=ids).delete()
    return len(ids)


def _agreed(attendee: Attendee) -> Attendee:
    """Their row, locked. Raises Problem `consent_needed` when they have not agreed, or were forgotten meanwhile."""
    locked = Attendee.objects.select_for_update().filter(pk=attendee.pk, consented_at__isnull=False).first()
    if locked is None:
        raise Problem("consent_needed", _("Agree first to your selfie being looked at."))
    return locked


def _known_photos(attendee: Attendee, event: Event) -> set[int]:
    """The photos of the event that they have been shown."""
    searches = list(attendee.searches.kept().filter(Q(event=event) | Q(event=None)))
    if searches:
        faces = {face for search in searches for face in search.faces}
        return set(Face.objects.photographed().filter(pk__in=faces, photo__event=event).values_list("photo", flat=True))
    events, shown = Event.objects.filter(pk=event.pk), Face.objects.shown()
    found = registered_photos(person=attendee.person, events=events, shown=shown) if attendee.person else []
    return {match.face.photo_id for match in found}


def is_face_known(attendee: Attendee) -> bool:
    """Whether what they subscribed with still tells what they look like."""
    person = Person.objects.filter(attendees=attendee).first()
    return person is not None and person_likeness(person) is not None


def _portraits_replace(person: Person, likeness: Likeness) -> None:
    """One portrait of somebody's latest selfies, joined with what they sent before."""
    known = person_likeness(person)
    if known is not None:
        likeness = _joined(known, likeness)
    for portrait in portraits_of(person):
        if not portrait.crop_key:  # one of a registration has a picture, and stays
            portrait.delete()
    portrait_keep(person=person, likeness=likeness, quality=_SELFIE_QUALITY)


def _joined(known: Likeness, likeness: Likeness) -> Likeness:
    """Raises Problem `subscribed_as_another`."""
    try:
        return likeness_join(known, likeness)
    except Problem as problem:
        text = _("You are told of new photos of somebody else already. Stop that first, then subscribe again.")
        raise Problem("subscribed_as_another", text) from problem
