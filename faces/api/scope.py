"""What a caller sees: attendees, for whom the bot asks, find themselves in published events only."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from faces.models import Event
from faces.querysets import EventQuerySet
from photofinder.errors import Problem
from photofinder.roles import Role, is_superuser, roles_of


class EventChoice(serializers.Serializer[Any]):
    """One event instead of all."""

    event = serializers.SlugField(required=False, help_text="The slug of the event to look in; without it, all.")


def visible_events(request: Request) -> EventQuerySet:
    """The events that the caller sees."""
    events: EventQuerySet = Event.objects.all()
    return events if sees_drafts(request) else events.published()


def sees_drafts(request: Request) -> bool:
    """Whether the caller sees events that are not published, and whom only they show."""
    return is_superuser(request.user) or bool(roles_of(request.user) - {Role.BOT})


def visible_event(request: Request, slug: str) -> Event:
    """The event with that slug. Raises Problem `not_found`."""
    event = visible_events(request).filter(slug=slug).first()
    if event is None:
        raise Problem("not_found", f"There is no event {slug}.")
    return event


def chosen_events(request: Request, slug: str | None) -> EventQuerySet:
    """The visible events, or the one with that slug. Raises Problem `not_found`."""
    events = visible_events(request)
    return events.filter(pk=visible_event(request, slug).pk) if slug else events


def asked_events(request: Request) -> EventQuerySet:
    """The events that `?event=` asks for. Raises Problem `not_found`."""
    choice = EventChoice(data=request.query_params)
    choice.is_valid(raise_exception=True)
    return chosen_events(request, choice.validated_data.get("event"))
