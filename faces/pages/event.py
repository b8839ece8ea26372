"""An event's page: where attendees find themselves."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from faces.models import Event
from faces.pages.entrance import at_event
from faces.services.links import photo_link
from faces.services.retention import is_over
from faces.services.uploads import event_cover

SHORT_TEXT = 240  # characters of the event's text that leave the selfie in sight on a phone


@require_safe
@at_event
def event_page(request: HttpRequest, event: Event) -> HttpResponse:
    """What the event is, and the form for a selfie."""
    return render(request, "pages/event.html", event_context(event))


def event_context(event: Event, **more: Any) -> dict[str, Any]:
    """What pages/event.html shows."""
    return {
        "event": event,
        "cover": _cover(event),
        "photos_count": event.photos.taken().filter(state="ready").count(),
        "has_films": event.photos.stills().filter(state="ready").exists(),
        "is_over": is_over(event),
        "is_short": len(event.text) <= SHORT_TEXT,
        "find_url": reverse("event-find", args=[event.slug]),
        "result_days": settings.RESULT_SECONDS // (24 * 3600),
        **more,
    }


def _cover(event: Event) -> dict[str, Any] | None:
    photo = event_cover(event)
    if photo is None:
        return None
    return {
        "thumb": photo_link(photo=photo, kind="thumb"),
        "preview": photo_link(photo=photo, kind="preview"),
        "width": photo.image.width,
        "height": photo.image.height,
    }
