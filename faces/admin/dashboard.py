"""What Admin opens with: how much there is, what needs somebody, and the latest events."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from faces.admin import reads
from faces.admin.event_page import cover_url
from faces.models import Event, Face, Person, Photo
from faces.querysets import UNFINISHED
from media_index.admin.totals import library_totals

RECENT_EVENTS = 6


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of Admin's first page, for Unfold; empty for those who may not see events."""
    if not request.user.has_perm("faces.view_event"):
        return context
    return context | {
        "title": _("Dashboard"),
        "totals": [*_totals(), *(library_totals() if request.user.has_perm("media_index.view_image") else ())],
        "attention": _attention(),
        "recent": [(event, cover_url(event)) for event in reads.events_listed().order_by("-pk")[:RECENT_EVENTS]],
        "may_add_event": request.user.has_perm("faces.add_event"),
        "may_find": request.user.has_perm("faces.view_person"),
    }


def _totals() -> list[dict[str, Any]]:
    rows = [
        (_("Events"), "event", Event.objects.count(), "faces_event_changelist"),
        (_("Photos"), "photo_library", Photo.objects.taken().count(), "faces_photo_changelist"),
        (_("People"), "groups", Person.objects.current().count(), "faces_person_changelist"),
        (_("Faces"), "familiar_face_and_zone", Face.objects.count(), ""),
    ]
    return [
        {"title": title, "icon": icon, "count": count, "link": reverse(f"admin:{name}") if name else ""}
        for title, icon, count, name in rows
    ]


def _attention() -> list[Event]:
    """Events with photos that are being processed or have failed."""
    going_on = Q(state__in=UNFINISHED) | Q(state=Photo.State.FAILED)
    restless = Photo.objects.taken().filter(going_on, event=OuterRef("pk"))
    return list(reads.events_listed().filter(Exists(restless)).order_by("-pk")[:RECENT_EVENTS])
