"""The history of what people decided, and taking a merge back."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from faces.models import Decision, Face, Person
from faces.services.people import decision_undo
from photofinder.admin_classes import ModelAdmin, ReadOnly, display
from photofinder.errors import Problem

KIND_COLOURS: dict[str, str] = {Decision.Kind.MERGE: "primary", Decision.Kind.UNDO: "warning"}
FACES_SHOWN = 60
UNDO_PERMISSION = "faces.change_person"


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
            return gettext("The merge #%s was taken back.") % str(decision.payload["decision"])
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
        return [*self.list_display, *(["undoing"] if request.user.has_perm(UNDO_PERMISSION) else [])]

    def get_urls(self) -> list[URLPattern]:
        """Taking a decision back, before the addresses of Django."""
        undo = path("<int:pk>/undo/", self.admin_site.admin_view(self.undo_view), name="faces_decision_undo")
        return [undo, *super().get_urls()]

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page that shows what would be taken back; by POST, doing it."""
        if not request.user.has_perm(UNDO_PERMISSION):
            raise PermissionDenied
        decision = get_object_or_404(Decision, pk=pk, kind=Decision.Kind.MERGE)
        if request.method == "POST":
            return self._undo(request, decision)
        context = {**self.admin_site.each_context(request), **_question(decision)}
        return render(request, "admin/faces/decision/undo.html", context)

    def _undo(self, request: HttpRequest, decision: Decision) -> HttpResponse:
        assert isinstance(request.user, User)  # undo_view asked for a permission
        try:
            decision_undo(decision=decision, actor=request.user)
        except Problem as problem:
            self.message_user(request, problem.detail, messages.ERROR)
        else:
            self.message_user(request, gettext("The merge was taken back."), messages.SUCCESS)
        return redirect("admin:faces_decision_changelist")


def _question(decision: Decision) -> dict[str, Any]:
    """Who would be whom again."""
    people = Person.objects.in_bulk(decision.payload["people"])
    faces = Face.objects.select_related("photo__image").in_bulk(list(map(int, decision.payload["faces"])))
    owners = {int(face): owner for face, owner in decision.payload["faces"].items()}
    return {
        "title": _("Take a merge back"),
        "decision": decision,
        "into": Person.objects.filter(pk=decision.payload["into"]).first(),
        "cards": [
            (person, [faces[face] for face in owners if owners[face] == pk and face in faces][:FACES_SHOWN])
            for pk, person in people.items()
        ],
    }
