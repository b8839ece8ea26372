"""A film, played from a moment on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from faces.pages.unlisted import unlisted
from photofinder.storage import signed_url
from videos.clock import clock
from videos.services.links import film_link_open

_LATEST = 1_000_000.0  # seconds; whatever asks for later is no time of a film


@require_safe
@unlisted
def film(request: HttpRequest, token: str) -> HttpResponse:
    """The film that the token opens, from `?t=` seconds on."""
    opened = film_link_open(token)
    start_s = _seconds(request.GET.get("t", ""))
    context = {
        "video": opened.video,
        "url": f"{signed_url(opened.video.key)}#t={start_s:.1f}",
        "clock": clock(start_s),
        "event": opened.video.event,
    }
    return render(request, "pages/film.html", context)


def _seconds(text: str) -> float:
    whole, _, rest = text.partition(".")
    is_number = text.isascii() and whole.isdecimal() and (not rest or rest.isdecimal())
    return min(float(text), _LATEST) if is_number else 0.0
