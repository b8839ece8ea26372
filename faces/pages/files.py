"""Photos and archives for attendees, behind links that are signed or that only their owner knows."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from faces.models import Download, Photo, SelfieSearch
from faces.pages.problems import refused
from faces.services.archives import zip_photos, zip_stream
from faces.services.deliveries import (
    PREVIEW_PX,
    THUMB_PX,
    Delivery,
    download_record,
    original_open,
    photo_check,
    preview_open,
)
from faces.services.links import OpenedLink, link_open
from faces.services.results import result_open, shared_open
from photofinder.errors import Problem
from photofinder.media import CONTENT_TYPES
from photofinder.visitors import wait_seconds

View = Callable[..., HttpResponseBase]
_SIDES = {"thumb": THUMB_PX, "preview": PREVIEW_PX}


def _or_page(view: View) -> View:
    """What the view raises as a Problem becomes a page that says it."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Problem as problem:
            response = _explained(request, problem)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return answer


def _explained(request: HttpRequest, problem: Problem) -> HttpResponse:
    if problem.code == "throttled":
        return refused(request, problem, lambda words: render(request, "pages/gone.html", {"problem": words}))
    title, detail, status = _said(problem)
    return render(request, "pages/gone.html", {"problem": {"title": title, "detail": detail}}, status=status)


def _require_pace(request: HttpRequest, what: str, rate: str) -> None:
    """Raises Problem `throttled` where the visitor's address has fetched too many."""
    if wait := wait_seconds(request, what, rate):
        raise Problem("throttled", f"Wait {wait} seconds.", reason="downloads", wait=wait)


@require_safe
@_or_page
def photo_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The photo that the token opens: to look at, or with `?download=1`, and the original always, to keep.

    Thumbnails and previews that are looked at are not counted as downloads.
    """
    _require_pace(request, "page-file", settings.PAGE_FILE_RATE)
    link = link_open(token)
    photo = Photo.objects.select_related("image", "event").filter(pk=link.photo).first()
    if photo is None:
        raise Problem("not_found", "The photo is deleted.")
    is_original = link.kind == "original"
    photo_check(photo=photo, is_original=is_original)
    is_kept = is_original or ("download" in request.GET and not photo.is_still)
    delivery = original_open(photo=photo) if is_original else preview_open(photo=photo, long_side=_SIDES[link.kind])
    if is_kept and request.method == "GET":
        _record(photo, link)
    response = _streamed(delivery, is_attachment=is_kept)
    # As long as the link works at least: the watermark or the release may change, but what was seen was seen.
    patch_cache_control(response, private=True, max_age=settings.URL_SECONDS // 2)
    return response


@require_safe
@_or_page
def result_zip(request: HttpRequest, code: str) -> HttpResponseBase:
    """All photos of one's own result."""
    return _archive(request, result_open, code)


@require_safe
@_or_page
def shared_zip(request: HttpRequest, code: str) -> HttpResponseBase:
    """All photos of a result that somebody shared."""
    return _archive(request, shared_open, code)


def _archive(request: HttpRequest, opened: Callable[..., SelfieSearch], code: str) -> HttpResponseBase:
    _require_pace(request, "page-zip", settings.PAGE_ZIP_RATE)
    search = opened(code=code)
    photos = zip_photos(search=search)
    if not photos:
        raise Problem("no_photos", "The result is empty.")
    event = search.event or photos[0].event
    if request.method == "GET":
        download_record(event=event, search=search, kind=Download.Kind.ZIP, photos_count=len(photos))
    if not connection.in_atomic_block:  # it may take minutes, in which others need the database's connection more
        connection.close()
    response = _streamed(Delivery(f"{event.name}.zip", zip_stream(photos=photos)), is_attachment=True)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _record(photo: Photo, link: OpenedLink) -> None:
    kind = Download.Kind.ORIGINAL if link.kind == "original" else Download.Kind.PREVIEW
    search = SelfieSearch.objects.filter(pk=link.search).first() if link.search else None
    download_record(event=photo.event, search=search, kind=kind)


def _streamed(delivery: Delivery, *, is_attachment: bool) -> StreamingHttpResponse:
    suffix = f".{delivery.name.rpartition('.')[2]}"
    content_type = CONTENT_TYPES.get(suffix, "application/zip" if suffix == ".zip" else "application/octet-stream")
    response = StreamingHttpResponse(delivery.chunks, content_type=content_type)
    response["Content-Disposition"] = str(content_disposition_header(is_attachment, delivery.name))
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response


def _said(problem: Problem) -> tuple[str, str, int]:
    """Title, text and status of the page for a problem."""
    match problem.code:
        case "link_expired":
            return _("This link is not valid any more"), _("Open your photos again; new links are made there."), 403
        case "originals_withheld":
            return _("Only previews of this event"), _("The organiser does not hand out the originals."), 403
        case "no_photos":
            return _("There are no photos in it"), _("Search again with a selfie, perhaps new ones have come."), 404
        case "missing" | "damaged":
            return (
                _("This photo cannot be read"),
                _("Its file is lost or damaged. The organiser can upload it again."),
                404,
            )
        case _:
            return _("This photo is not shown any more"), _("The organiser has taken it or its event back."), 404
