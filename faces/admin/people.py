"""People: the wall of faces, merging from it, and a person's page."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe
from unfold.contrib.filters.admin import DropdownFilter

from faces.admin import cells, reads
from faces.admin.board import board_view
from faces.admin.deciding import decide_view
from faces.admin.find import find_view
from faces.admin.merging import merge_view
from faces.admin.person import page, people_offered
from faces.models import Event, Person
from photofinder.admin_classes import ModelAdmin, action, display

EVENTS_OFFERED = 500


class EventFilter(DropdownFilter):  # type: ignore[misc]  # Unfold has no types
    """People with a face in an event."""

    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The events."""
        return [(str(pk), name) for pk, name in Event.objects.values_list("pk", "name")[:EVENTS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those of the event."""
        value = str(self.value() or "")
        return queryset.in_events(Event.objects.filter(pk=value)) if value.isdecimal() else queryset


class PresenceFilter(admin.SimpleListFilter):
    """People who are somebody today and not hidden, unless others are asked for."""

    title = _("who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices besides everybody of today."""
        return [
            ("named", _("with a name")),
            ("nameless", _("without a name")),
            ("recurring", _("in two photos or more")),
            ("hidden", _("hidden")),
            ("merged", _("merged into somebody")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those of the choice."""
        if self.value() == "merged":
            return queryset.exclude(merged_into=None)
        conditions = {"named": ~Q(name=""), "nameless": Q(name=""), "recurring": Q(photos_count__gte=2)}
        asked = conditions.get(self.value() or "", Q())
        return queryset.current().filter(asked, hidden=self.value() == "hidden")


@admin.register(Person)
class PersonAdmin(ModelAdmin[Person]):
    """People."""

    list_display = ("cover", "called", "photos_count", "faces_count", "events")
    list_display_links = ("cover", "called")
    list_filter = (EventFilter, PresenceFilter)
    list_filter_submit = True
    list_per_page = 60
    search_fields = ("name",)
    search_help_text = _("Search by name, number or id")
    fields = readonly_fields = ("name",)
    actions = ("merge",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """With their covers and figures."""
        return reads.people_listed()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By public id, also an old one of somebody merged; by number, as in “Person 12”; by a part of the name."""
        return reads.people_matching(queryset, search_term), False

    @display(description=_("face"))
    def cover(self, person: Person) -> SafeString:
        """The best face."""
        return cells.portrait(person.cover_face, str(person))

    @display(description=pgettext_lazy("person", "name"), ordering="name")
    def called(self, person: Person) -> SafeString | str:
        """The name, or the number of a nameless one."""
        return person.name or format_html('<span class="pf-nameless">{}</span>', person)

    @display(description=_("events"), ordering="events_count")
    def events(self, person: Any) -> int:
        """In how many events."""
        return int(person.events_count)

    @action(description=_("Merge"), permissions=["change"], icon="merge")
    def merge(self, request: HttpRequest, queryset: QuerySet[Person]) -> HttpResponse | None:
        """Ask who survives, then make the chosen people one."""
        return merge_view(self, request, queryset)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come out of photos."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Forgetting a person is more than deleting a row."""
        return False

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The person's faces. Nothing is changed by a form: every change is a decision, see `deciding`."""
        person = self.get_object(request, object_id)
        context = page(request, person) if person else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        """The search by a selfie, the board and deciding, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("find/", view(find_view), name="faces_person_find"),
            path("board/", view(board_view), name="faces_person_board"),
            path("decide/", view(decide_view), name="faces_person_decide"),
            path("<int:pk>/offered/", view(people_offered), name="faces_person_offered"),
        ]
        return [*own, *super().get_urls()]
