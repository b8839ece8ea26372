"""Deleting photos and events: the page that says what goes and what stays, and doing it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from faces.models import Event, Face, Photo
from faces.services.deletion import event_delete, photos_delete
from photofinder.admin_classes import action

MAY_DELETE_PHOTOS, MAY_DELETE_EVENTS = "faces.delete_photo", "faces.delete_event"


class DeletingPhotos:
    """Deleting photos, from their list and from the page of one."""

    @action(description=gettext_lazy("Delete"), permissions=["delete"], icon="delete")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Photo]) -> HttpResponse | None:
        """Ask, and then delete these."""
        photos = Photo.objects.taken().filter(pk__in=queryset.values("pk"))
        if "sure" in request.POST:
            _delete(request, photos)
            return None
        kept: dict[str, Any] = {name: request.POST.get(name, "") for name in ("action", "select_across", "index")}
        if kept["select_across"] != "1":
            kept["_selected_action"] = request.POST.getlist("_selected_action")
        return _ask(request, photos, kept, reverse("admin:faces_photo_changelist"))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The same for one."""
        photo = get_object_or_404(Photo.objects.taken(), pk=object_id)
        if not self.has_delete_permission(request, photo):
            raise PermissionDenied
        photos = Photo.objects.filter(pk=photo.pk)
        if request.method != "POST":
            return _ask(request, photos, {}, reverse("admin:faces_photo_change", args=[photo.pk]))
        _delete(request, photos)
        return redirect(f"{reverse('admin:faces_photo_changelist')}?event__id__exact={photo.event_id}")

    def has_delete_permission(self, request: HttpRequest, obj: Photo | None = None) -> bool:
        """Organisers delete."""
        return request.user.has_perm(MAY_DELETE_PHOTOS)


def event_delete_view(request: HttpRequest, event: Event) -> HttpResponse:
    """Ask, and then begin to delete the event."""
    if request.method == "POST":
        event_delete(event=event)
        messages.success(request, _("“%s” is being deleted. It is closed already.") % event)
        return redirect("admin:faces_event_changelist")
    photos = event.photos.taken()
    context = {
        "title": _("Delete “%s”") % event,
        "counts": [
            (_("Photos"), photos.count()),
            (_("Faces"), Face.objects.filter(photo__event=event).count()),
            (_("Subscriptions"), event.subscriptions.count()),
            (_("Results of searches"), event.searches.kept().count()),
        ],
        "going": [
            _("The event with its settings, its code and its page; posters with its QR code lead nowhere."),
            _("Faces and cut-outs, and people who are in no other event and did not register."),
            _("Photos, previews, and originals that no other event and no source uses."),
        ],
        "back": reverse("admin:faces_event_settings", args=[event.pk]),
    }
    return _page(request, context)


def _delete(request: HttpRequest, photos: QuerySet[Photo]) -> None:
    by = request.user if isinstance(request.user, User) else None
    count = photos_delete(photo_ids=list(photos.values_list("pk", flat=True)), by=by)
    messages.success(request, ngettext("%d photo is deleted.", "%d photos are deleted.", count) % count)


def _ask(request: HttpRequest, photos: QuerySet[Photo], kept: dict[str, Any], back: str) -> HttpResponse:
    count = photos.count()
    names = list(photos.order_by("pk").values_list("original_name", flat=True)[:5])
    context = {
        "title": ngettext("Delete %d photo", "Delete %d photos", count) % count,
        "names": names,
        "more": count - len(names),
        "counts": [
            (_("Photos"), count),
            (_("Faces"), Face.objects.filter(photo__in=photos).count()),
            (_("Events"), photos.order_by().values("event").distinct().count()),
        ],
        "going": [
            _("Faces and cut-outs; people keep the faces that they have elsewhere."),
            _("What moderators decided about these faces."),
            _("Previews, and originals that no other event and no source uses."),
        ],
        "kept": [(name, value) for name, of in kept.items() for value in (of if isinstance(of, list) else [of])],
        "back": back,
    }
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "admin/faces/delete.html", admin.site.each_context(request) | context)
