"""The page that says how far who-is-who of an event can be trusted."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from faces.admin.calibrating import checks_settings, may_see, rate_text
from faces.admin.checking import QUESTIONS_SENT
from faces.admin.deciding import MAY_DECIDE
from faces.admin.event_links import event_links
from faces.models import Event
from faces.sampling import Estimate
from faces.services.accuracy import (
    Accuracy,
    decisions_counted,
    event_accuracy,
    faces_counted,
    false_match_excess,
    suggestions_counted,
)
from faces.services.pairs import reach

_MOST_WIDTH = 0.1  # of an interval that says enough


@may_see
def accuracy_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Estimates, what waits, and who decided how much."""
    event = get_object_or_404(Event, pk=pk)
    accuracy, excess = event_accuracy(event=event), false_match_excess(event=event)
    context = {
        **admin.site.each_context(request),
        **event_links(request, event, "accuracy"),
        "title": _("Accuracy: %s") % event,
        "accuracy": accuracy,
        "gauges": _gauges(accuracy),
        "reach": reach(),
        "faces": faces_counted(event=event),
        "suggestions": suggestions_counted(event=event),
        "doings": _doings(event),
        "excess": excess and {"rate": rate_text(excess.rate[0]), "budget": rate_text(excess.budget), "of": excess},
        "may_answer": request.user.has_perm(MAY_DECIDE),
        "checks": checks_settings(event, "accuracy"),
        "more": QUESTIONS_SENT,
    }
    return render(request, "admin/faces/event/accuracy.html", context)


def _gauges(accuracy: Accuracy) -> list[dict[str, Any]]:
    rows = [
        (_("Precision"), _("Of the pairs that are held to be one person, so many are."), accuracy.precision),
        (_("Recall"), _("Of the pairs that are one person, so many are held to be."), accuracy.recall),
    ]
    return [
        {"title": title, "text": text, "estimate": of, "is_wide": _is_wide(of), **_drawn(of)}
        for title, text, of in rows
    ]


def _drawn(estimate: Estimate | None) -> dict[str, str]:
    """Where the estimate and its interval lie, in percent for CSS."""
    if estimate is None:
        return {}
    places = {"low": estimate.low, "value": estimate.value, "right": 1 - estimate.high}
    return {name: f"{share * 100:.2f}" for name, share in places.items()}


def _is_wide(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.high - estimate.low > _MOST_WIDTH


def _doings(event: Event) -> list[dict[str, Any]]:
    """Who decided how much, with the history of each."""
    history = reverse("admin:faces_decision_changelist")
    doings = decisions_counted(event=event)
    most = max((doing.decisions for doing in doings), default=1)
    return [
        {
            "doing": doing,
            "most": most,
            "url": f"{history}?event={event.pk}" + (f"&actor={doing.actor}" if doing.actor else ""),
        }
        for doing in doings
    ]
