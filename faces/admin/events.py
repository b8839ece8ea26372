"""Events: the list, and the page on which an organiser drops photos and watches them being processed."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, re_path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from faces.admin import cells, reads
from faces.admin.accuracy import accuracy_view
from faces.admin.calibrating import calibration_view
from faces.admin.checking import answer_view, questions_view, withdraw_view
from faces.admin.coverage import coverage_view
from faces.admin.deciding import MAY_DECIDE
from faces.admin.event_links import event_links
from faces.admin.uploading import batch_start, drop_zone, file_take
from faces.models import Event, Photo
from faces.services.people import consolidation_request
from faces.services.uploads import event_create
from photofinder.admin_classes import ModelAdmin, display, picture
from photofinder.storage import signed_url, thumbnail_key

LATEST_PHOTOS = 24
_ONE_BUTTON = {"show_save_and_continue": False, "show_save_and_add_another": False}


@admin.register(Event)
class EventAdmin(ModelAdmin[Event]):
    """Events."""

    list_display = ("cover", "name", "date", "publication", "photos", "people", "processing")
    list_display_links = ("cover", "name")
    list_filter = ("published", "date")
    list_per_page = 30
    search_fields = ("name", "slug")
    search_help_text = _("Search by name")
    fields = ("name", "date", "slug", "published")
    compressed_fields = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the figures of the list."""
        return reads.events_listed()

    @display(description=_("cover"))
    def cover(self, event: Any) -> SafeString:
        """A photo of the event."""
        return picture(cover_url(event), _("A photo of “%s”") % event.name)

    @display(description=_("published"), ordering="published", label={True: "success", False: "default"})
    def publication(self, event: Event) -> tuple[bool, str]:
        """Whether attendees can find themselves in it."""
        return event.published, str(_("published") if event.published else _("draft"))

    @display(description=_("photos"), ordering="photos_count")
    def photos(self, event: Any) -> int:
        """How many photos it has."""
        return int(event.photos_count)

    @display(description=_("people"), ordering="people_count")
    def people(self, event: Any) -> int:
        """How many people were found in it."""
        return int(event.people_count)

    @display(description=_("processing"))
    def processing(self, event: Any) -> SafeString:
        """How far its photos are."""
        return cells.progress(event.processed, event.failed, event.photos_count)

    def get_fields(self, request: HttpRequest, obj: Event | None = None) -> tuple[str, ...]:
        """A new event gets its slug from its name."""
        return self.fields if obj else ("name", "date", "published")

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        """A new event is made by the service that the API uses too."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made = event_create(name=obj.name, date=obj.date, published=obj.published)
        obj.pk, obj.slug = made.pk, made.slug

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With one button: where it leads is always the new event's page."""
        return super().add_view(request, form_url, _ONE_BUTTON | (extra_context or {}))

    def response_add(self, request: HttpRequest, obj: Event, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to the event's page: the next thing to do is to drop photos there."""
        self.message_user(request, str(_("The event is there. Now drop its photos.")), messages.SUCCESS)
        return redirect("admin:faces_event_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: Event) -> HttpResponse:
        """Stay: the form is only a part of the page."""
        self.message_user(request, str(_("Saved.")), messages.SUCCESS)
        return redirect("admin:faces_event_change", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """An event that has photos stays: deleting them would take faces away from people."""
        return bool(obj and not obj.photos.exists() and super().has_delete_permission(request, obj))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, with the event's photos and its drop zone beside it."""
        event = self.get_object(request, object_id)
        context = _page(request, event) if event else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        """The addresses that the page's scripts talk to, before those of Django."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/consolidate/", view(self.consolidate_view), name="faces_event_consolidate"),
            path("<int:pk>/progress/", view(self.progress_view), name="faces_event_progress"),
            path("<int:pk>/upload/", view(batch_start), name="faces_event_upload"),
            path("<int:pk>/upload/<int:batch>/", view(file_take), name="faces_event_upload_file"),
            path("<int:pk>/calibration/", view(calibration_view), name="faces_event_calibration"),
            path("<int:pk>/coverage/", view(coverage_view), name="faces_event_coverage"),
            path("<int:pk>/accuracy/", view(accuracy_view), name="faces_event_accuracy"),
            path("<int:pk>/checks/answer/", view(answer_view), name="faces_event_answer"),
            path("<int:pk>/checks/<int:check>/withdraw/", view(withdraw_view), name="faces_event_withdraw"),
            re_path(
                "^(?P<pk>[0-9]+)/checks/(?P<what>calibration|accuracy)/$",
                view(questions_view),
                name="faces_event_questions",
            ),
        ]
        return [*own, *super().get_urls()]

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far the event's photos are, for the page that asks every two seconds."""
        event = get_object_or_404(Event, pk=pk)
        if not self.has_view_permission(request, event):
            return JsonResponse({"code": "forbidden"}, status=403)
        return JsonResponse(_figures_of(event))

    def consolidate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the event's people consolidated."""
        if request.method != "POST" or not request.user.has_perm(MAY_DECIDE):
            raise PermissionDenied
        event = get_object_or_404(Event, pk=pk)
        consolidation_request(event=event)
        text = _("Who is who is being sorted out anew. Names and decisions stay; this page says when it is done.")
        self.message_user(request, str(text), messages.SUCCESS)
        return redirect("admin:faces_event_change", event.pk)


def _figures_of(event: Event) -> dict[str, Any]:
    """How far the event is: its photos, and then its people."""
    is_settled = not Event.objects.unsettled().filter(pk=event.pk).exists()
    progress = figures(event.photos.all())
    return progress | {"settled": is_settled} | ({} if is_settled else {"eta": str(_("sorting out who is who"))})


def figures(photos: Any) -> dict[str, Any]:
    """How far photos are, and in words how long the rest takes."""
    progress = reads.progress(photos)
    return {**progress, "eta": cells.time_left(progress["eta_s"])}


def cover_url(event: Any) -> str:
    """The signed URL of the event's cover at 512 pixels, or nothing."""
    return signed_url(thumbnail_key(event.cover_sha, 512)) if event.cover_sha else ""


def _page(request: HttpRequest, event: Event) -> dict[str, Any]:
    photos_url = f"{reverse('admin:faces_photo_changelist')}?event__id__exact={event.pk}"
    return {
        **event_links(request, event, "event"),
        "photos_url": photos_url,
        "failed_url": f"{photos_url}&state__exact={Photo.State.FAILED}",
        "progress": _figures_of(event),
        "may_consolidate": request.user.has_perm(MAY_DECIDE),
        "progress_url": reverse("admin:faces_event_progress", args=[event.pk]),
        "latest": reads.photos_listed().filter(event=event).order_by("-pk")[:LATEST_PHOTOS],
        "drop_zone": drop_zone(event) if request.user.has_perm("faces.add_photo") else None,
        **_ONE_BUTTON,
    }
