"""People: the wall of faces, merging from it, and a person's page."""

import re
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from faces.admin import cells, reads
from faces.admin.board import board_view
from faces.admin.deciding import actor_of, decide_view
from faces.admin.find import find_view
from faces.admin.merging import merge_view
from faces.models import Event, Person
from faces.services.decisions import person_name
from photofinder.admin_classes import ModelAdmin, action, display

FACES_PER_PAGE = 48
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
    """People who are somebody today, unless others are asked for."""

    title = _("who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices besides everybody of today."""
        return [
            ("named", _("with a name")),
            ("nameless", _("without a name")),
            ("recurring", _("in two photos or more")),
            ("merged", _("merged into somebody")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those of the choice."""
        if self.value() == "merged":
            return queryset.exclude(merged_into=None)
        conditions = {"named": ~Q(name=""), "nameless": Q(name=""), "recurring": Q(photos_count__gte=2)}
        return queryset.current().filter(conditions.get(self.value() or "", Q()))


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
    fields = ("name",)
    compressed_fields = False
    actions = ("merge",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """With their covers and figures."""
        return reads.people_listed()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By public id, also an old one of somebody merged; by number, as in “Person 12”; by a part of the name."""
        term = search_term.strip()
        try:
            return queryset.filter(pk=Person.objects.resolve(UUID(term)).pk), False
        except (ValueError, Person.DoesNotExist):
            number = re.fullmatch(r"\D*?(\d{1,18})", term)
        by_name = Q(name__icontains=term)
        return queryset.filter(by_name | Q(pk=number[1]) if number else by_name), False

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

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Other languages have another word for a person's name than for an event's."""
        labels = {"label": capfirst(pgettext("person", "name"))} if db_field.name == "name" else {}
        return super().formfield_for_dbfield(db_field, request, **labels, **kwargs)

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Naming somebody is a decision like any other."""
        if "name" in form.changed_data:
            person_name(person=obj, name=form.cleaned_data["name"], actor=actor_of(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> tuple[str, ...]:
        """A merged person keeps the name they had."""
        return ("name",) if obj and obj.merged_into_id else ()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The name, with the person's faces and photos."""
        person = self.get_object(request, object_id)
        context = _page(request, person) if person else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        """The search by a selfie, the board and deciding, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("find/", view(find_view), name="faces_person_find"),
            path("board/", view(board_view), name="faces_person_board"),
            path("decide/", view(decide_view), name="faces_person_decide"),
        ]
        return [*own, *super().get_urls()]


def _page(request: HttpRequest, person: Person) -> dict[str, Any]:
    """The person's faces, best first, a page of them at a time, each with its photo."""
    faces = person.faces.select_related("photo__image", "photo__event").order_by("-quality", "pk")
    events = Event.objects.filter(photos__faces__person=person).distinct()
    return {
        "person": person,
        "faces": Paginator(faces, FACES_PER_PAGE).get_page(request.GET.get("page")),
        "events": events[:EVENTS_OFFERED],
        "show_save_and_continue": False,
        "survivor": Person.objects.resolve(person.user_id) if person.merged_into_id else None,
    }
