"""Find a person: a selfie in, the people it could be and their photos out. Nothing of the selfie is kept."""

import base64
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from faces.admin.deciding import actor_of
from faces.admin.reasons import advice, title
from faces.models import Event, SelfieSearch
from faces.services.attendance import Asker, Found, attendee_search
from faces.services.moments import moments_of_matches
from photofinder.errors import Problem
from photofinder.images import Picture, webp

PHOTOS_SHOWN = 60
PREVIEW_PX = 1000
SIMILARITIES = [("0.7", _("surely")), ("0.5", _("probably")), ("0.3", _("possibly"))]


class FindForm(forms.Form):
    """A photo of somebody, where to look, and how like them the faces must be."""

    photo = forms.FileField()
    event = forms.ModelChoiceField(Event.objects.all(), required=False, empty_label=_("All events"))
    similarity = forms.TypedChoiceField(choices=SIMILARITIES, coerce=float, initial="0.5", required=False)
    face = forms.IntegerField(required=False)


@permission_required("faces.view_person", raise_exception=True)
def find_view(request: HttpRequest) -> HttpResponse:
    """The form, and what was found."""
    if request.method == "POST":
        form = FindForm(request.POST, request.FILES)
    else:
        form = FindForm(initial={"event": request.GET.get("event")})
    context = {
        **admin.site.each_context(request),
        "title": _("Find a person"),
        "form": form,
        **(_answer(actor_of(request), form.cleaned_data) if form.is_valid() else {}),
    }
    return render(request, "admin/faces/person/find.html", context)


def _answer(by: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """What was found, or why nothing could be looked for."""
    try:
        if wanted["photo"].size > settings.SELFIE_MAX_BYTES:
            raise Problem("too_large", f"The photo is larger than {settings.SELFIE_MAX_BYTES // 1024**2} MB.")
        picture = Picture(wanted["photo"].file, max_pixels=settings.SELFIE_MAX_PIXELS)
    except Problem as problem:
        return _trouble(problem)
    try:
        return _found(_search(picture, by, wanted))
    except Problem as problem:
        preview = _data_url(webp(picture.pixels(PREVIEW_PX))) if problem.code == "several_faces" else ""
        return _trouble(problem) | {"preview": preview, "boxes": problem.extra.get("faces", [])}


def _search(picture: Picture, by: User, wanted: dict[str, Any]) -> Found:
    event = wanted["event"]
    return attendee_search(
        asker=Asker(SelfieSearch.Channel.ADMIN, by=by),
        events=Event.objects.filter(pk=event.pk) if event else Event.objects.all(),
        event=event,
        picture=picture,
        face_index=wanted["face"],
        limit=PHOTOS_SHOWN,
        min_similarity=wanted["similarity"] or 0.5,
    )


def _found(found: Found) -> dict[str, Any]:
    prefetch_related_objects([match.person for match in found.matches.people], "cover_face__photo__image")
    return {
        "result": found.matches,
        "moments": moments_of_matches(found.matches.stills, is_attendee=False)[:PHOTOS_SHOWN],
        "crop": _data_url(webp(found.selfie.face.cutout)) if found.selfie else "",
        "is_cut": len(found.matches.photos) == PHOTOS_SHOWN,
    }


def _trouble(problem: Problem) -> dict[str, Any]:
    sentence = advice(problem.code, problem.extra.get("reason", "")) or problem.detail
    return {"trouble": title(problem.code), "advice": sentence}


def _data_url(content: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"
