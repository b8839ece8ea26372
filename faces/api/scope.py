"""What a caller sees: attendees, for whom the bot asks, find themselves in events that are open to them only."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from faces.models import Attendee, Event, Face, SelfieSearch
from faces.querysets import EventQuerySet, FaceQuerySet
from faces.services.attendance import Asker
from faces.services.attendees import attendee_get_or_create
from photofinder.errors import Problem
from photofinder.roles import Role, is_superuser, roles_of


class EventChoice(serializers.Serializer[Any]):
    """One event instead of all."""

    event = serializers.SlugField(required=False, help_text="The slug of the event to look in; without it, all.")
    code = serializers.CharField(
        required=False, max_length=40, help_text="The event's code, where attendees need one to be let in."
    )


def visible_events(request: Request, code: str = "") -> EventQuerySet:
    """The events that the caller sees."""
    events: EventQuerySet = Event.objects.all()
    return events if sees_drafts(request) else events.open_to(code)


def sees_drafts(request: Request) -> bool:
    """Whether the caller sees events that are not published, whom only they show, and photos nobody released."""
    return is_superuser(request.user) or bool(roles_of(request.user) - {Role.BOT})


def sees_hidden(request: Request) -> bool:
    """Whether the caller sees people whom moderators hide: those who can show them again."""
    return is_superuser(request.user) or bool(roles_of(request.user) & {Role.ORGANISER, Role.MODERATOR})


def shown_faces(request: Request) -> FaceQuerySet:
    """The faces whose photos the caller sees."""
    faces: FaceQuerySet = Face.objects.all()
    return faces if sees_drafts(request) else faces.shown()


def visible_event(request: Request, slug: str, code: str = "") -> Event:
    """The event with that slug. Raises Problem `not_found`."""
    event = visible_events(request, code).filter(slug=slug).first()
    if event is None:
        raise Problem("not_found", f"There is no event {slug}.")
    return event


def chosen_events(request: Request, slug: str | None, code: str = "") -> EventQuerySet:
    """The visible events, or the one with that slug. Raises Problem `not_found`."""
    events = visible_events(request, code)
    return events.filter(pk=visible_event(request, slug, code).pk) if slug else events


def asked_events(request: Request) -> EventQuerySet:
    """The events that `?event=` asks for. Raises Problem `not_found`."""
    choice = EventChoice(data=request.query_params)
    choice.is_valid(raise_exception=True)
    return chosen_events(request, choice.validated_data.get("event"), choice.validated_data.get("code", ""))


def asker_of(request: Request, attendee: Attendee | None = None) -> Asker:
    """Who searches."""
    channel = SelfieSearch.Channel.API if sees_drafts(request) else SelfieSearch.Channel.BOT
    has_consent = attendee is not None and attendee.consented_at is not None
    return Asker(channel, attendee, by=request.user, has_consent=has_consent)  # type: ignore[arg-type] # signed in


def named_attendee(request: Request, name: str) -> Attendee | None:
    """The attendee of `<messenger>:<address>`, None for an empty name; only bots speak for one.

    Raises Problem `invalid` or `permission_denied`.
    """
    channel, _, address = name.partition(":")
    if not name:
        return None
    if Role.BOT not in roles_of(request.user) and not is_superuser(request.user):
        raise Problem("permission_denied", "Only a messenger's bot speaks for its attendees.")
    if not channel or not address:
        raise Problem("invalid", "An attendee is named as telegram:12345.")
    return attendee_get_or_create(channel=channel[:20], address=address[:64])
