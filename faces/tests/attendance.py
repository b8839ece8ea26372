"""Attendees for tests: events that are open, selfies, searches."""

from typing import Any

from faces.models import Attendee, Event, SelfieSearch
from faces.services.attendance import Asker, Found, attendee_search
from faces.services.attendees import attendee_change, attendee_get_or_create
from faces.services.uploads import event_create
from faces.tests.painting import painted
from photofinder.images import Picture

ANN, BOB, CARL = 3, 17, 29


def open_event(name: str = "Gala", **options: Any) -> Event:
    """A published event."""
    return event_create(name=name, **{"published": True} | options)


def selfie(*identities: int, likeness: float = 1.0) -> Picture:
    """A photo of somebody."""
    return Picture.from_bytes(painted(*identities, likeness=likeness))


def attendee(address: str = "7") -> Attendee:
    """Somebody in a messenger who agreed."""
    return attendee_change(attendee=attendee_get_or_create(channel="telegram", address=address), consent=True)


def visitor_search(event: Event, picture: Picture | None, **options: Any) -> Found:
    """A search on the event's page."""
    asker = Asker(SelfieSearch.Channel.PAGE, has_consent=True)
    wanted: dict[str, Any] = {"asker": asker, "events": Event.objects.filter(pk=event.pk), "event": event}
    return attendee_search(**wanted | {"picture": picture} | options)


def names(found: Any) -> list[str]:
    """The file names of what was found."""
    return sorted(match.face.photo.original_name for match in found)


def staff_search(picture: Picture, **options: Any) -> Found:
    """A search over the API by somebody who sees everything."""
    wanted: dict[str, Any] = {"asker": Asker(SelfieSearch.Channel.API), "events": Event.objects.all()}
    return attendee_search(**wanted | {"picture": picture} | options)
