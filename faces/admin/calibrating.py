"""The page on which moderators teach an event what is near, and the threshold that follows from it."""

from math import floor, log10
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from faces.admin.charts import curve_chart
from faces.admin.deciding import MAY_DECIDE
from faces.admin.event_links import event_links
from faces.models import Event
from faces.services.event_calibration import (
    LEAST_ANSWERS,
    Finding,
    Offer,
    calibration_apply,
    calibration_reset,
    event_finding,
)
from faces.services.people import current_calibration
from photofinder.errors import Problem

may_see = permission_required(("faces.view_event", "faces.view_person"), raise_exception=True)


@may_see
def calibration_view(request: HttpRequest, pk: int) -> HttpResponse:
    """What the answers say, and the questions; by POST, `rate` or `reset`, changing what holds at the event."""
    event = get_object_or_404(Event, pk=pk)
    if request.method == "POST":
        return _change(request, event)
    finding = event_finding(event=event)
    context = {
        **admin.site.each_context(request),
        **event_links(request, event, "calibration"),
        **_page(finding),
        "title": _("Calibration: %s") % event,
        "may_answer": request.user.has_perm(MAY_DECIDE),
        "checks": checks_settings(event, "calibration"),
    }
    return render(request, "admin/faces/event/calibration.html", context)


def checks_settings(event: Event, what: str) -> dict[str, str]:
    """What the script that asks has to know."""
    return {
        "questions": reverse("admin:faces_event_questions", args=[event.pk, what]),
        "answer": reverse("admin:faces_event_answer", args=[event.pk]),
        "withdraw": reverse("admin:faces_event_withdraw", args=[event.pk, 0]),
    }


def rate_text(rate: float) -> str:
    """A false-match rate in words: "1 in 10,000"."""
    if rate <= 0:
        return _("none")
    power = 10 ** max(floor(log10(1 / rate)) - 1, 0)  # two digits: nothing here is surer than that
    return _("1 in %s") % number_format(round(1 / rate / power) * power, force_grouping=True)


def _change(request: HttpRequest, event: Event) -> HttpResponse:
    if not request.user.has_perm(MAY_DECIDE):
        raise PermissionDenied
    assert isinstance(request.user, User)  # it has a permission
    try:
        if "reset" in request.POST:
            calibration_reset(event=event)
            text = _("The engine's own threshold holds again. The people of the event are being found anew.")
        else:
            calibration_apply(event=event, rate=_rate(request.POST.get("rate", "")), by=request.user)
            text = _("The new threshold holds. The people of the event are being found anew.")
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, text)
    return redirect("admin:faces_event_calibration", event.pk)


def _rate(sent: str) -> float:
    try:
        return float(sent)
    except ValueError:
        return 0.0


def _page(finding: Finding) -> dict[str, Any]:
    own, applied = current_calibration(), finding.applied
    distance = applied.chosen_distance if applied else finding.threshold
    rate = finding.rates.false_at(distance)
    return {
        "finding": finding,
        "least": LEAST_ANSWERS,
        "chart": curve_chart(finding.curve, finding.spectrum, _marks(finding, own.threshold)),
        "offers": [_offer(offer, applied.chosen_rate if applied else None) for offer in finding.offers],
        "own_threshold": own.threshold,
        "present": {"distance": distance, "rate": rate_text(rate[0]), "bounds": _bounds(rate)},
    }


def _marks(finding: Finding, own: float) -> list[tuple[str, float]]:
    """The engine's threshold, and the event's where it has one."""
    marks = [("own", own)]
    return [*marks, ("applied", finding.threshold)] if finding.applied else marks


def _bounds(rate: tuple[float, float, float]) -> tuple[str, str]:
    return rate_text(max(rate[2], 1e-9)), rate_text(max(rate[1], 1e-9))


def _offer(offer: Offer, chosen: float | None) -> dict[str, Any]:
    return {
        "rate": offer.proposal.rate,
        "text": rate_text(offer.proposal.rate),
        "distance": offer.proposal.distance,
        "found": offer.proposal.found,
        "nearer": round(offer.nearer),
        "more": round(abs(offer.more)),
        "is_fewer": offer.more < 0,
        "strangers": offer.strangers,
        "is_chosen": chosen == offer.proposal.rate,
    }
