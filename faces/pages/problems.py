"""What went wrong, said to attendees: in their language, and with what to do next."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from photofinder.api import STATUS
from photofinder.errors import Problem

_ENGINE = (_("The search is taking a break"), _("Your photo is fine. Try again in a few minutes."))
_UNREADABLE = (_("This photo cannot be read"), _("The file is empty or damaged. Choose another photo."))
_SAID = {
    "no_face": (_("No face was found"), _("Look straight into the camera, in good light, and take another photo.")),
    "several_faces": (_("Which one is you?"), _("Tap your face.")),
    "uncertain": (_("The face is hard to make out"), _("Come closer, turn to the light and take another photo.")),
    "too_small": (_("The face is too small"), _("Come closer, so that your face fills the oval.")),
    "blurred": (_("The photo is blurred or too dark"), _("Turn to the light, hold still and take another photo.")),
    "turned_away": (_("The face is turned away"), _("Look straight into the camera and take another photo.")),
    "empty": _UNREADABLE,
    "damaged": _UNREADABLE,
    "not_an_image": (_("This is not a photo"), _("Choose a photo, such as a JPEG, PNG or HEIC file.")),
    "too_large": (_("The photo is too large"), _("Choose a photo of at most %(megabytes)d MB.")),
    "too_many_pixels": (_("The photo has too many pixels"), _("Choose a photo of at most %(megapixels)d megapixels.")),
    "engine_unavailable": _ENGINE,
    "not_calibrated": _ENGINE,
    "consent_needed": (_("One tick is missing"), _("Tick the box to agree, then take your selfie.")),
    "nothing_sent": (_("There is no photo yet"), _("Take a selfie or choose a photo of yourself.")),
    "throttled": (_("Too many searches"), _("Try again in a moment.")),
    "opt_outs": (_("Too many opt-outs from here"), _("Try again later.")),
    "downloads": (_("Too many downloads at once"), _("Try again in a moment.")),
    "another_person": (_("This looks like somebody else"), _("Take another photo of the same person.")),
    "likeness_expired": (_("That was too long ago"), _("Take your selfie again.")),
    "not_let_in": (_("The event is not open to you"), _("Load this page again and enter the event's code.")),
    "not_found": (_("This link is not valid any more"), _("Search again with a selfie.")),
}
_OTHERWISE = (_("That did not work"), _("Try again in a moment."))
_STATUS = STATUS | {"throttled": 429, "not_let_in": 403}


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, which shows the answer by itself."""
    return "application/json" in request.headers.get("Accept", "")


def said(problem: Problem) -> dict[str, Any]:
    """The problem with a `title` and a `detail` for attendees."""
    title, detail = _SAID.get(problem.extra.get("reason") or problem.code, _OTHERWISE)
    limits = {
        "megabytes": settings.SELFIE_MAX_BYTES // 1024**2,
        "megapixels": settings.SELFIE_MAX_PIXELS // 1_000_000,
    }
    wait = problem.extra.get("wait")
    advice = _wait(wait) if wait else str(detail) % limits
    return {**problem.extra, "code": problem.code, "title": str(title), "detail": advice}


def refused(request: HttpRequest, problem: Problem, page: Callable[[dict[str, Any]], HttpResponse]) -> HttpResponse:
    """The problem: to a script as JSON, to others as the `page` that is made of it."""
    words = said(problem)
    answer = JsonResponse(words) if wants_json(request) else page(words)
    answer.status_code = _STATUS.get(problem.code, 400)
    if "wait" in problem.extra:
        answer["Retry-After"] = str(problem.extra["wait"])
    return answer


def _wait(seconds: int) -> str:
    text = ngettext("Wait %(n)d second, then try again.", "Wait %(n)d seconds, then try again.", seconds)
    return text % {"n": seconds}
