"""What the two pages of an event show: the overview with its photos, and the settings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from faces.admin import cells, reads
from faces.admin.event_links import event_links
from faces.admin.event_settings import MAY_RELEASE
from faces.admin.uploading import drop_zone
from faces.models import Event, Photo
from faces.services.links import bot_link, event_path
from photofinder.storage import signed_url, thumbnail_key

LATEST_PHOTOS = 24
ONE_BUTTON = {"show_save_and_continue": False, "show_save_and_add_another": False}


def overview(request: HttpRequest, event: Event) -> dict[str, Any]:
    """Photos, progress, and how attendees come in."""
    films: Any = import_string(settings.EVENT_FILMS)
    photos_url = f"{reverse('admin:faces_photo_changelist')}?event__id__exact={event.pk}"
    may_upload = request.user.has_perm("faces.add_photo") and not event.deletion_began_at
    return {
        **event_links(request, event, "event"),
        "is_overview": True,
        "photos_url": photos_url,
        "failed_url": f"{photos_url}&state__exact={Photo.State.FAILED}",
        "progress": figures_of(event),
        "may_consolidate": request.user.has_perm(MAY_RELEASE),
        "progress_url": reverse("admin:faces_event_progress", args=[event.pk]),
        "latest": reads.photos_listed().filter(event=event, is_still=False).order_by("-pk")[:LATEST_PHOTOS],
        "drop_zone": drop_zone(event) if may_upload else None,
        "sharing": _sharing(request, event),
        "films": films(event) if request.user.has_perm("videos.view_video") else None,
        "release": _release(request, event, photos_url) if event.released_only else None,
        **ONE_BUTTON,
    }


def settings_page(request: HttpRequest, event: Event) -> dict[str, Any]:
    """The form, with a picture of the watermark beside it."""
    return {
        **event_links(request, event, "settings"),
        "is_settings": True,
        "watermark_url": reverse("admin:faces_event_watermark", args=[event.pk]),
        "logo_url": signed_url(event.watermark_logo) if event.watermark_logo else "",
        **ONE_BUTTON,
    }


def figures(photos: Any) -> dict[str, Any]:
    """How far photos are, and in words how long the rest takes."""
    progress = reads.progress(photos)
    return {**progress, "eta": cells.time_left(progress["eta_s"])}


def figures_of(event: Event) -> dict[str, Any]:
    """How far the event is: its photos, and then its people."""
    is_settled = not Event.objects.unsettled().filter(pk=event.pk).exists()
    progress = figures(event.photos.taken())
    return progress | {"settled": is_settled} | ({} if is_settled else {"eta": _("sorting out who is who")})


def cover_url(event: Any) -> str:
    """The signed URL of the event's cover at 512 pixels, or nothing."""
    return signed_url(thumbnail_key(event.cover_sha, 512)) if event.cover_sha else ""


def _sharing(request: HttpRequest, event: Event) -> dict[str, Any]:
    """Who may look for themselves, in words, and the links to hand out."""
    if not event.published:
        words, icon = _("A draft: attendees do not see it yet."), "visibility_off"
    else:
        words, icon = {
            Event.Access.PUBLIC: (_("Everybody finds themselves in it."), "public"),
            Event.Access.CODE: (_("Whoever has the code finds themselves in it."), "key"),
            Event.Access.CLOSED: (_("Closed: nobody finds themselves in it any more."), "lock"),
        }[Event.Access(event.access)]
    page = request.build_absolute_uri(event_path(event))
    return {"words": words, "icon": icon, "page": page, "bot": bot_link(event)}


def _release(request: HttpRequest, event: Event, photos_url: str) -> dict[str, Any]:
    """How many photos wait for a moderator."""
    return {
        "waiting": event.photos.taken().filter(state=Photo.State.READY, is_released=False).count(),
        "released": event.photos.taken().filter(is_released=True).count(),
        "url": f"{photos_url}&released=no",
        "may": request.user.has_perm(MAY_RELEASE),
    }
