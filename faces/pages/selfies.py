"""Selfies from anybody: held in memory, bounded, so many a minute from one address."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from faces.api.selfies import sealed, sent_picture
from faces.models import SelfieSearch
from faces.pages.problems import wants_json
from faces.services.likenesses import Likeness
from faces.services.results import result_open
from photofinder.errors import Problem, RefusedFile
from photofinder.images import Picture, jpeg
from photofinder.uploads import SelfieUploads
from photofinder.visitors import wait_seconds

View = Callable[..., HttpResponse]
_SIDE_PX, _QUALITY = 1600, 85
_ENVELOPE_BYTES = 256 * 1024  # the other fields of the form


@dataclass(frozen=True)
class Asked:
    """What a form of a page asks for: whom to look for, and what to add it to.

    `copy` is the picture as a JPEG, where the visitor's page must hold it for another question about the same faces.
    """

    picture: Picture | None
    copy: bytes
    face: int | None
    likeness: Likeness | None
    earlier: SelfieSearch | None
    has_consent: bool


def takes_selfie(view: View) -> View:
    """A view whose form may hold a file, without an account: it is never written to a disk."""
    protected = csrf_protect(view)

    @csrf_exempt  # the protection reads the form, so it comes after the handler that holds the file is set
    @wraps(view)
    def receive(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [SelfieUploads(request)]
        return protected(request, *args, **kwargs)

    return receive


def asked(request: HttpRequest) -> Asked:
    """What the form holds. Raises RefusedFile, and Problem `throttled`, `likeness_expired` or `not_found`."""
    if wait := wait_seconds(request, "page-search", settings.PAGE_SEARCH_RATE):
        raise Problem("throttled", f"Wait {wait} seconds.", wait=wait)
    copy = b"" if wants_json(request) else _copy(request)
    face, earlier = request.POST.get("face", ""), request.POST.get("earlier", "")
    return Asked(
        picture=Picture.from_bytes(copy, max_pixels=settings.SELFIE_MAX_PIXELS) if copy else _picture(request),
        copy=copy,
        face=int(face) if face.isdecimal() and len(face) < 4 else None,
        likeness=sealed(request.POST.get("likeness")),
        earlier=result_open(code=earlier.replace("\0", "")) if earlier else None,
        has_consent=bool(request.POST.get("consent")),
    )


def kept(form: Asked | None, problem: Problem) -> str:
    """The copy as text for the page, where one of its faces has to be chosen."""
    if form is None or problem.code != "several_faces":
        return ""
    return base64.b64encode(form.copy).decode()


def _picture(request: HttpRequest) -> Picture | None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.SELFIE_MAX_BYTES + _ENVELOPE_BYTES:
        raise RefusedFile("too_large", "The request is too large.")
    file = request.FILES.get("photo")
    return sent_picture(file) if file is not None else None


def _copy(request: HttpRequest) -> bytes:
    """What a browser without scripts sent, made small as a script would have: the same bytes come back as `kept` when
    the visitor says which of several faces it is, so that the faces are the same ones in the same order.
    """
    if kept := request.POST.get("kept"):
        try:
            return base64.b64decode(kept, validate=True)
        except ValueError as error:  # letters that no encoding has, or too few of them
            raise RefusedFile("damaged", "The photo did not come back as it was.") from error
    picture = _picture(request)
    return jpeg(picture.pixels(_SIDE_PX), quality=_QUALITY) if picture is not None else b""
