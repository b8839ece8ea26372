"""Which photos attendees see: releasing them, taking them back, and choosing the one that stands for the event."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from faces.admin.event_settings import MAY_RELEASE
from faces.models import Photo
from faces.services.event_options import cover_choose
from faces.services.releases import photos_release
from photofinder.admin_classes import action


class ReleasedFilter(admin.SimpleListFilter):
    """Of events that show released photos only: released, or waiting for it."""

    title = _("release")
    parameter_name = "released"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("yes", _("released")), ("no", _("not released yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the choice."""
        asked = queryset.filter(event__released_only=True)
        choices = {"yes": asked.filter(is_released=True), "no": asked.filter(is_released=False)}
        return choices.get(self.value() or "", queryset)


class Releasing:
    """Actions of the list of photos."""

    @action(description=_("Release"), permissions=["release"], icon="visibility")
    def release(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Show these to attendees."""
        release(request, queryset, released=True)

    @action(description=_("Take back"), permissions=["release"], icon="visibility_off")
    def take_back(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Show these to attendees no more."""
        release(request, queryset, released=False)

    @action(description=_("Use as cover"), permissions=["cover"], icon="wallpaper")
    def use_as_cover(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Let this one stand for its event."""
        photos = list(queryset[:2])
        if len(photos) != 1:
            messages.warning(request, gettext("Choose one photo."))
            return
        _cover(request, photos[0])

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Moderators release."""
        return request.user.has_perm(MAY_RELEASE)

    def has_cover_permission(self, request: HttpRequest) -> bool:
        """Whoever may change the event chooses its cover."""
        return request.user.has_perm("faces.change_event")


@require_POST
@permission_required(MAY_RELEASE, raise_exception=True)
def release_one_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Release the photo, or take it back with `back`."""
    release(request, Photo.objects.taken().filter(pk=pk), released="back" not in request.POST)
    return redirect("admin:faces_photo_change", pk)


@require_POST
@permission_required("faces.change_event", raise_exception=True)
def cover_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let the photo stand for its event."""
    _cover(request, get_object_or_404(Photo.objects.taken().select_related("event"), pk=pk))
    return redirect("admin:faces_photo_change", pk)


def release(request: HttpRequest, photos: QuerySet[Photo], *, released: bool) -> None:
    """Release the photos, or take them back, and say how many changed."""
    count = photos_release(photo_ids=list(photos.values_list("pk", flat=True)), released=released)
    if not count:
        messages.warning(request, gettext("Nothing to change: they are so already."))
    elif released:
        messages.success(request, ngettext("%d photo is released.", "%d photos are released.", count) % count)
    else:
        messages.success(request, ngettext("%d photo is taken back.", "%d photos are taken back.", count) % count)


def _cover(request: HttpRequest, photo: Photo) -> None:
    cover_choose(photo=photo)
    messages.success(request, gettext("The photo stands for “%s” now.") % photo.event.name)
