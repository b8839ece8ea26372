"""Events: the list, and the page on which an organiser drops photos and watches them being processed."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, re_path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from faces.admin import cells, reads
from faces.admin.accuracy import accuracy_view
from faces.admin.calibrating import calibration_view
from faces.admin.checking import answer_view, questions_view, withdraw_view
from faces.admin.coverage import coverage_view
from faces.admin.deciding import MAY_DECIDE
from faces.admin.deleting import event_delete_view
from faces.admin.event_form import NEW_FIELDS, EventForm, code_words, cover_words, deleted_words, fieldsets
from faces.admin.event_page import ONE_BUTTON, cover_url, figures_of, overview, settings_page
from faces.admin.event_settings import code_view, release_view, watermark_view
from faces.admin.poster import poster_view, print_view, qr_view
from faces.admin.uploading import batch_start, file_take
from faces.models import Event
from faces.services.deletion import previews_renew
from faces.services.deliveries import event_look
from faces.services.event_options import logo_set
from faces.services.image_facts import event_renamed
from faces.services.people import consolidation_request
from faces.services.releases import events_announce
from faces.services.uploads import event_create
from photofinder.admin_classes import ModelAdmin, display, picture


@admin.register(Event)
class EventAdmin(ModelAdmin[Event]):
    """Events."""

    list_display = ("picture", "name", "date", "publication", "photos", "people", "processing")
    list_display_links = ("picture", "name")
    list_filter = ("published", "date")
    list_per_page = 30
    search_fields = ("name", "slug")
    search_help_text = _("Search by name")
    form = EventForm
    radio_fields: ClassVar = {"access": admin.VERTICAL}
    readonly_fields = ("cover_shown", "code_shown", "deleted_on")
    compressed_fields = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With the figures of the list."""
        return reads.events_listed()

    @display(description=_("cover"))
    def picture(self, event: Any) -> SafeString:
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
        if event.deletion_began_at:
            return format_html('<span class="pf-muted">{}</span>', _("being deleted"))
        return cells.progress(event.processed, event.failed, event.photos_count)

    @display(description=_("cover"))
    def cover_shown(self, event: Event) -> SafeString:
        """The chosen cover."""
        return cover_words(event)

    @display(description=_("code"))
    def code_shown(self, event: Event) -> SafeString:
        """The code that lets attendees in."""
        return code_words(event)

    @display(description=_("faces are deleted"))
    def deleted_on(self, event: Event) -> str:
        """When, in words."""
        return deleted_words(event)

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """A new event gets its slug from its name, and its settings later."""
        if obj is None:
            return ((None, {"fields": NEW_FIELDS}),)
        return fieldsets(obj, may_change=self.has_change_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        """A new event is made by the service that the API uses too."""
        if not change:
            made = event_create(name=obj.name, date=obj.date, published=obj.published)
            obj.pk, obj.slug = made.pk, made.slug
            return
        logo = form.cleaned_data.get("logo")
        if logo or form.cleaned_data.get("remove_logo"):
            logo_set(event=obj, logo=logo)
        look = event_look(Event.objects.get(pk=obj.pk))
        super().save_model(request, obj, form, change)
        if event_look(obj) != look:
            previews_renew(event=obj)
        if "name" in form.changed_data:
            event_renamed(event=obj)
        if {"published", "access", "released_only"} & set(form.changed_data):
            events_announce(event_ids=[obj.pk])

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With one button: where it leads is always the new event's page."""
        return super().add_view(request, form_url, ONE_BUTTON | (extra_context or {}))

    def response_add(self, request: HttpRequest, obj: Event, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to the event's page: the next thing to do is to drop photos there."""
        self.message_user(request, str(_("The event is there. Now drop its photos.")), messages.SUCCESS)
        return redirect("admin:faces_event_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: Event) -> HttpResponse:
        """Stay on the settings."""
        self.message_user(request, str(_("Saved.")), messages.SUCCESS)
        return redirect("admin:faces_event_settings", obj.pk)

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """Nobody opens an event again that is being deleted."""
        is_going = obj is not None and obj.deletion_began_at is not None
        return not is_going and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """One at a time: each is asked about with what is in it."""
        return obj is not None and super().has_delete_permission(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What goes with it, and then it goes."""
        event = get_object_or_404(Event, pk=object_id)
        if not self.has_delete_permission(request, event):
            raise PermissionDenied
        if request.method == "POST":
            self.log_deletions(request, Event.objects.filter(pk=event.pk))
        return event_delete_view(request, event)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What there is of the event, with its drop zone; its form is a page of its own."""
        event = self.get_object(request, object_id)
        context = overview(request, event) if event else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def settings_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The form."""
        event = self.get_object(request, str(pk))
        context = settings_page(request, event) if event else {}
        return super().change_view(request, str(pk), "", context)

    def get_urls(self) -> list[URLPattern]:
        """The addresses that the page's scripts talk to, before those of Django."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/settings/", view(self.settings_view), name="faces_event_settings"),
            path("<int:pk>/code/", view(code_view), name="faces_event_code"),
            path("<int:pk>/watermark/", view(watermark_view), name="faces_event_watermark"),
            path("<int:pk>/release/", view(release_view), name="faces_event_release"),
            path("<int:pk>/poster/", view(poster_view), name="faces_event_poster"),
            path("<int:pk>/poster/print/", view(print_view), name="faces_event_print"),
            path("<int:pk>/qr/<slug:kind>.<slug:form>", view(qr_view), name="faces_event_qr"),
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
        return JsonResponse(figures_of(event))

    def consolidate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the event's people consolidated."""
        if request.method != "POST" or not request.user.has_perm(MAY_DECIDE):
            raise PermissionDenied
        event = get_object_or_404(Event, pk=pk)
        consolidation_request(event=event)
        text = _("Who is who is being sorted out anew. Names and decisions stay; this page says when it is done.")
        self.message_user(request, str(text), messages.SUCCESS)
        return redirect("admin:faces_event_change", event.pk)
