"""A film, played from a moment on."""

from pathlib import PurePosixPath

from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from faces.pages.unlisted import unlisted
from photofinder.errors import Problem
from photofinder.media import CONTENT_TYPES, file_part
from photofinder.storage import signed_url
from videos.clock import clock
from videos.models import Video
from videos.services.films import film_path
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
        "url": f"{_address(opened.video, token)}#t={start_s:.1f}",
        "clock": clock(start_s),
        "event": opened.video.event,
    }
    return render(request, "pages/film.html", context)


@require_safe
def film_file(request: HttpRequest, token: str) -> FileResponse:
    """The file of a film that lies at a path, or the part that a player asks for; 404 where there is none."""
    try:
        return part_of_film(request, film_link_open(token).video)
    except Problem as problem:
        raise Http404(problem.detail) from problem


def part_of_film(request: HttpRequest, video: Video) -> FileResponse:
    """What a player asks for of a film at a path. Raises Problem `missing`, `outside_roots`."""
    found = film_path(video.path)
    response = file_part(File(found.open("rb")), request.headers.get("Range", ""), content_type(found.name))
    patch_cache_control(response, private=True, no_cache=True)  # the file at a path may become another one
    return response


def content_type(name: str) -> str:
    """By the suffix of a file's name."""
    return CONTENT_TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def _address(video: Video, token: str) -> str:
    return signed_url(video.key) if video.key else reverse("film-file", args=[token])


def _seconds(text: str) -> float:
    whole, _, rest = text.partition(".")
    is_number = text.isascii() and whole.isdecimal() and (not rest or rest.isdecimal())
    return min(float(text), _LATEST) if is_number else 0.0
