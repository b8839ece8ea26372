"""The history of what people decided: of everybody, of one person, of one event."""

from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, F, Prefetch, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from faces.admin.deciding import MAY_DECIDE
from faces.admin.event_links import event_links
from faces.admin.history import EventFilter, KindFilter, ModeratorFilter, PersonFilter
from faces.admin.sentences import sentences
from faces.admin.undoing import undo_view
from faces.models import Decision, Event, Person, Verdict
from photofinder.admin_classes import ModelAdmin, ReadOnly, display

Kind = Decision.Kind
KIND_COLOURS: dict[str, str] = {
    Kind.MERGE: "primary",
    Kind.SPLIT: "primary",
    Kind.MOVE: "primary",
    Kind.CONFIRM: "success",
    Kind.REJECT: "danger",
    Kind.DISMISS: "danger",
    Kind.UNDO: "warning",
}
PEOPLE_SHOWN = 5
FACES_SHOWN = 8
OF_FACES = (Kind.SPLIT, Kind.MOVE, Kind.CONFIRM, Kind.REJECT, Kind.DISMISS)


@admin.register(Decision)
class DecisionAdmin(ReadOnly, ModelAdmin[Decision]):
    """Decisions."""

    list_display = ("at", "what", "summary", "actor", "state")
    list_display_links = None
    list_filter = (KindFilter, ModeratorFilter, EventFilter, PersonFilter)
    list_filter_submit = True
    list_per_page = 30
    list_select_related = ("actor", "undone_by__actor")
    list_before_template = "admin/faces/decision/about.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """With the pictures of those concerned, and with what stands in the way of an undo."""
        people = Person.objects.exclude(cover_face=None).select_related("cover_face__photo__image")
        people = people.defer("centroid").order_by("-photos_count", "pk")
        words = Verdict.objects.alias(into=_in_payload("into"), of=_in_payload("person"))
        words = words.filter(Q(decision__kind__in=OF_FACES) | (Q(decision__kind=Kind.MERGE) & ~Q(person=F("into"))))
        words = words.exclude(Q(decision__kind=Kind.REJECT) & ~Q(person=F("of")))
        words = words.select_related("face__photo__image").order_by("pk")
        return (
            Decision.objects.with_obstacles()
            .order_by("-pk")
            .prefetch_related(
                Prefetch("people", people[:PEOPLE_SHOWN], to_attr="people_shown"),
                Prefetch("verdicts", words[:FACES_SHOWN], to_attr="words_shown"),
            )
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the sentences of all rows of the page at once."""
        changelist = super().get_changelist_instance(request)
        told = sentences(changelist.result_list)
        for decision in changelist.result_list:
            decision.sentence = told[decision.pk]
            decision.may_be_undone_here = request.user.has_perm(MAY_DECIDE)
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With whom or what the history is of."""
        return super().changelist_view(request, _about(request) | (extra_context or {}))

    @display(description=_("decision"), ordering="kind", label=KIND_COLOURS)
    def what(self, decision: Decision) -> tuple[str, str]:
        """Its kind, with its colour."""
        return decision.kind, decision.get_kind_display()

    @display(description=_("what happened"))
    def summary(self, decision: Any) -> SafeString:
        """In one sentence, with the people and the faces."""
        return SafeString(render_to_string("admin/faces/decision/summary.html", {"decision": decision}))

    @display(description=_("undo"))
    def state(self, decision: Any) -> SafeString | str:
        """When and by whom it was undone; the button to undo it; or why it cannot be undone now."""
        if decision.undone_by:
            when = date_format(localtime(decision.undone_by.at), "SHORT_DATETIME_FORMAT")
            text = gettext("Undone %(when)s by %(who)s") % {"when": when, "who": decision.undone_by.actor or "–"}
            return format_html('<span class="pf-muted">{}</span>', text)
        if decision.kind == Kind.UNDO or not decision.may_be_undone_here:
            return ""
        if decision.obstacles:
            return _obstacles(decision.obstacles)
        link = reverse("admin:faces_decision_undo", args=[decision.pk])
        return format_html('<a class="pf-button" data-undo href="{}">{}</a>', link, gettext("Undo"))

    def get_urls(self) -> list[URLPattern]:
        """Taking a decision back, before the addresses of Django."""
        undo = path("<int:pk>/undo/", self.admin_site.admin_view(undo_view), name="faces_decision_undo")
        return [undo, *super().get_urls()]


def _obstacles(ids: list[int]) -> SafeString:
    """Why a decision cannot be undone now: others, which are built upon it, come first."""
    links = format_html_join(", ", '<a class="pf-link" href="#decision-{0}">#{0}</a>', ((pk,) for pk in ids))
    return format_html('<span class="pf-muted">{} {}</span>', gettext("Undo first what was built upon it:"), links)


def _about(request: HttpRequest) -> dict[str, Any]:
    person, event = request.GET.get("person", ""), request.GET.get("event", "")
    people = Person.objects.select_related("cover_face__photo__image")
    about_event = Event.objects.filter(pk=event).first() if event.isdecimal() else None
    return {
        **(event_links(request, about_event, "history") if about_event else {}),
        "about_person": people.filter(pk=person).first() if person.isdecimal() else None,
        "about_event": about_event,
        "may_decide": request.user.has_perm(MAY_DECIDE),
    }


def _in_payload(key: str) -> Cast:
    """The person whom the payload of a verdict's decision names."""
    return Cast(KeyTextTransform(key, "decision__payload"), BigIntegerField())
