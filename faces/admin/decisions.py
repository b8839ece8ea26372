"""The history of what people decided."""

from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from faces.admin.deciding import MAY_DECIDE
from faces.admin.sentences import sentence
from faces.admin.undoing import undo_view
from faces.models import Decision, Person
from photofinder.admin_classes import ModelAdmin, ReadOnly, display

KIND_COLOURS: dict[str, str] = {Decision.Kind.MERGE: "primary", Decision.Kind.UNDO: "warning"}


@admin.register(Decision)
class DecisionAdmin(ReadOnly, ModelAdmin[Decision]):
    """Decisions."""

    list_display = ("at", "what", "summary", "actor", "undone")
    list_display_links = None
    list_filter = ("kind",)
    list_per_page = 50
    list_select_related = ("actor", "undone_by__actor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """With the name of whom a merge made."""
        into = Person.objects.filter(pk=OuterRef("into"))
        merges = super().get_queryset(request).annotate(into=Cast(KT("payload__into"), BigIntegerField()))
        return merges.annotate(into_name=Subquery(into.values("name")))

    @display(description=_("decision"), ordering="kind", label=KIND_COLOURS)
    def what(self, decision: Decision) -> tuple[str, str]:
        """Its kind, with its colour."""
        return decision.kind, decision.get_kind_display()

    @display(description=_("what happened"))
    def summary(self, decision: Any) -> str:
        """In one sentence."""
        if decision.kind != Decision.Kind.MERGE:
            return sentence(decision)
        others = len(decision.payload["people"])
        text = ngettext("%d person became", "%d people became", others) % others
        link = reverse("admin:faces_person_change", args=[decision.into])
        name = decision.into_name or gettext("Person %d") % decision.into
        return format_html('<span>#{}: {} <a class="pf-link" href="{}">{}</a></span>', decision.pk, text, link, name)

    @display(description=_("undone"))
    def undone(self, decision: Decision) -> str:
        """When it was undone, and by whom."""
        if not decision.undone_by:
            return ""
        when = date_format(localtime(decision.undone_by.at), "SHORT_DATETIME_FORMAT")
        return gettext("%(when)s by %(who)s") % {"when": when, "who": decision.undone_by.actor or "–"}

    @display(description=_("undo"))
    def undoing(self, decision: Decision) -> str:
        """A button, for a merge that holds."""
        if decision.kind != Decision.Kind.MERGE or decision.undone_by_id:
            return ""
        link = reverse("admin:faces_decision_undo", args=[decision.pk])
        return format_html('<a class="pf-button" href="{}">{}</a>', link, gettext("Undo"))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The button is for those who may use it."""
        return [*self.list_display, *(["undoing"] if request.user.has_perm(MAY_DECIDE) else [])]

    def get_urls(self) -> list[URLPattern]:
        """Taking a decision back, before the addresses of Django."""
        undo = path("<int:pk>/undo/", self.admin_site.admin_view(undo_view), name="faces_decision_undo")
        return [undo, *super().get_urls()]
