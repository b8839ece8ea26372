"""Being forgotten, opting out, and the receipts for both."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from faces.models import Erasure, SelfieSearch
from faces.pages.problems import refused, wants_json
from faces.pages.selfies import Asked, asked, kept, takes_selfie
from faces.pages.unlisted import of_result, unlisted
from faces.services.erasure import likeness_forget, likeness_opt_out
from faces.services.likenesses import Likeness, likeness_of, likeness_seal
from faces.services.results import result_open
from faces.services.search import selfie_read
from photofinder.errors import Problem
from photofinder.visitors import wait_seconds

_SHOWN = (Erasure.Kind.FORGET, Erasure.Kind.OPT_OUT)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_selfie
@unlisted
def opt_out(request: HttpRequest) -> HttpResponse:
    """A selfie, what will happen, and the receipt: whoever it shows is not found again in later photos either."""

    def erase(likeness: Likeness) -> Erasure:
        if wait := wait_seconds(request, "opt-out", settings.OPT_OUT_RATE):
            raise Problem("throttled", f"Wait {wait} seconds.", reason="opt_outs", wait=wait)
        return likeness_opt_out(likeness=likeness)

    return _leave(request, {"action": request.path, "is_opt_out": True}, erase)


@require_http_methods(["GET", "HEAD", "POST"])
@takes_selfie
@of_result(result_open)
def forget(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """The same for what is there today, from the page of a result."""

    def erase(likeness: Likeness) -> Erasure:
        return likeness_forget(likeness=likeness, attendee=search.attendee)

    return _leave(request, {"action": request.path, "search": search, "event": search.event}, erase)


@require_safe
@unlisted
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """What was deleted. Raises Problem `not_found`."""
    erasure = Erasure.objects.filter(number=number.upper(), kind__in=_SHOWN).first()
    if erasure is None:
        raise Problem("not_found", "There is no such receipt.")
    return render(
        request, "pages/receipt.html", {"erasure": erasure, "is_opt_out": erasure.kind == Erasure.Kind.OPT_OUT}
    )


def _leave(request: HttpRequest, context: dict[str, Any], erase: Callable[[Likeness], Erasure]) -> HttpResponse:
    """Ask for a selfie, then whether they are sure, then do it."""
    if request.method != "POST":
        return _page(request, context)
    form: Asked | None = None
    try:
        form = asked(request)
        if form.likeness is not None and request.POST.get("is_sure"):
            return _done(request, erase(form.likeness))
        likeness = likeness_seal(_likeness(form))
    except Problem as problem:
        copy = kept(form, problem)
        return refused(request, problem, lambda words: _page(request, context | {"problem": words, "kept": copy}))
    if wants_json(request):
        return JsonResponse({"likeness": likeness})
    return _page(request, context | {"likeness": likeness})


def _likeness(form: Asked) -> Likeness:
    """Who it is. Raises Problem."""
    if form.picture is None:
        raise Problem("nothing_sent", "Send a selfie.")
    return likeness_of(selfie_read(picture=form.picture, face_index=form.face).face.embedding)


def _done(request: HttpRequest, erasure: Erasure) -> HttpResponse:
    url = reverse("receipt", args=[erasure.number])
    return JsonResponse({"url": url}) if wants_json(request) else redirect(url)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "pages/leave.html", context)
