"""The row of links that the pages of an event share."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from faces.models import Event


def event_links(request: HttpRequest, event: Event, active: str) -> dict[str, Any]:
    """Context for parts/event_links.html: where one can go from here, with how much there is."""
    may_see_people = request.user.has_perm("faces.view_person")
    links = [
        _link("event", _("Event"), "event", "faces_event_change", event.pk),
        _link("photos", _("Photos"), "photo_library", "faces_photo_changelist", query="event__id__exact", event=event),
    ]
    links += [
        _link("poster", _("Poster and QR"), "qr_code_2", "faces_event_poster", event.pk),
        _link("settings", _("Settings"), "settings", "faces_event_settings", event.pk),
    ]
    if may_see_people:
        waiting = event.suggestions.count()
        links += [
            _link("board", _("People"), "groups", "faces_person_board", query="event", event=event),
            _link("queue", _("Suggestions"), "help", "faces_suggestion_review", query="event", event=event, n=waiting),
            _link("calibration", _("Calibration"), "tune", "faces_event_calibration", event.pk),
            _link("accuracy", _("Accuracy"), "target", "faces_event_accuracy", event.pk),
            _link("coverage", _("Coverage"), "radar", "faces_event_coverage", event.pk),
            _link("history", _("History"), "history", "faces_decision_changelist", query="event", event=event),
        ]
    return {"event": event, "event_links": [link | {"active": link["name"] == active} for link in links]}


def _link(
    name: str, title: str, icon: str, view: str, *args: int, query: str = "", event: Event | None = None, n: int = 0
) -> dict[str, Any]:
    address = reverse(f"admin:{view}", args=args)
    url = f"{address}?{query}={event.pk}" if event else address
    return {"name": name, "title": title, "icon": icon, "url": url, "count": n}
