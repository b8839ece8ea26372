"""What the history of decisions can be narrowed to."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from faces.models import Decision, Event, Person

EVENTS_OFFERED = 500


class _Choice(DropdownFilter):  # type: ignore[misc]  # Unfold has no types
    """One of a list."""

    def narrowed(self, decisions: Any, value: str) -> Any:
        """Those of the choice."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those of the choice, all without one."""
        value = str(self.value() or "")
        return self.narrowed(queryset, value) if value else queryset


class KindFilter(_Choice):
    """Decisions of one kind."""

    title = _("decision")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The kinds."""
        return list(Decision.Kind.choices)

    def narrowed(self, decisions: Any, value: str) -> Any:
        """Those of the kind."""
        return decisions.filter(kind=value)


class ModeratorFilter(_Choice):
    """Decisions of one moderator."""

    title = _("moderator")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Everybody who has decided something."""
        deciders = User.objects.filter(Exists(Decision.objects.filter(actor=OuterRef("pk")))).order_by("username")
        return [(str(pk), name) for pk, name in deciders.values_list("pk", "username")]

    def narrowed(self, decisions: Any, value: str) -> Any:
        """Those of the moderator."""
        return decisions.filter(actor=value) if value.isdecimal() else decisions


class EventFilter(_Choice):
    """Decisions that concern an event."""

    title = _("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The events."""
        return [(str(pk), name) for pk, name in Event.objects.values_list("pk", "name")[:EVENTS_OFFERED]]

    def narrowed(self, decisions: Any, value: str) -> Any:
        """Those of the event."""
        return decisions.about_event(int(value)) if value.isdecimal() else decisions


class PersonFilter(_Choice):
    """Decisions about a person, and about those who were merged into them. Reached from the person's page."""

    title = _("person")
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Only the person whose history it is: there are too many to list."""
        asked = request.GET.get("person", "")
        person = Person.objects.filter(pk=asked).first() if asked.isdecimal() else None
        return [(str(person.pk), str(person))] if person else []

    def has_output(self) -> bool:
        """Nobody can be chosen here, only let go."""
        return bool(self.lookup_choices)

    def narrowed(self, decisions: Any, value: str) -> Any:
        """Those about the person."""
        return decisions.about_people(Person.objects.absorbed(int(value))) if value.isdecimal() else decisions
