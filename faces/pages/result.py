"""What a search found: the photos, for its finder and for those whom they show it to."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from faces.models import SelfieSearch
from faces.pages.cards import moment_cards, page_of
from faces.pages.problems import wants_json
from faces.pages.unlisted import of_result
from faces.services.links import bot_link
from faces.services.results import (
    result_object,
    result_open,
    result_photos,
    result_share,
    result_unobject,
    shared_open,
)
from faces.services.retention import is_over
from photofinder.errors import Problem


@require_safe
@of_result(result_open)
def result(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """The finder's own page."""
    page, moments = page_of(request, search), moment_cards(search)
    context = {
        **page,
        "search": search,
        "heading": _heading(page["count"], is_in_films=bool(moments)),
        "event": search.event,
        "more_url": reverse("result-photos", args=[search.code]),
        "shared_url": _shared_url(request, search) if search.shared_code else "",
        "can_add": search.event is not None and not is_over(search.event),
        "telegram": _telegram(search),
        "moments": moments,
    }
    return render(request, "pages/result.html", context)


@require_safe
@of_result(shared_open)
def shared(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """The same to look at."""
    page = page_of(request, search)
    context = {
        **page,
        "search": search,
        "heading": ngettext("%(n)s photo", "%(n)s photos", page["count"]) % {"n": page["count"]},
        "event": search.event,
        "more_url": reverse("shared-photos", args=[search.shared_code]),
        "is_shared": True,
        "moments": moment_cards(search),
    }
    return render(request, "pages/result.html", context)


@require_safe
@of_result(result_open)
def photos(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """More cards, from `?start=` on."""
    return render(request, "pages/parts/cards.html", page_of(request, search))


@require_safe
@of_result(shared_open)
def shared_photos(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """More cards for others."""
    return render(request, "pages/parts/cards.html", {**page_of(request, search), "is_shared": True})


@require_POST
@of_result(result_open)
def not_me(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """Take a photo out of the result, or with `undo` back in."""
    photo = request.POST.get("photo", "")
    if not photo.isdecimal() or len(photo) > 18:
        raise Problem("not_found", "This photo is not in the result.")
    change = result_unobject if request.POST.get("undo") else result_object
    change(search=search, photo_id=int(photo))
    if wants_json(request):
        count = result_photos(search).count()
        return JsonResponse({"photos_count": count, "heading": _heading(count)})
    return redirect(_page(search))


@require_POST
@of_result(result_open)
def share(request: HttpRequest, search: SelfieSearch) -> HttpResponse:
    """A page for others; to a script its address."""
    result_share(search=search)
    search.refresh_from_db(fields=["shared_code"])
    if wants_json(request):
        return JsonResponse({"url": _shared_url(request, search), "expires_at": _iso(search.expires_at)})
    return redirect(f"{_page(search)}#share")


def _heading(count: int, *, is_in_films: bool = False) -> str:
    if not count and is_in_films:
        return gettext("You are in films, in no photo yet")
    if not count:
        return gettext("No photos of you yet")
    return ngettext("%(n)s photo of you", "%(n)s photos of you", count) % {"n": count}


def _page(search: SelfieSearch) -> str:
    return reverse("result", args=[search.code])


def _shared_url(request: HttpRequest, search: SelfieSearch) -> str:
    return request.build_absolute_uri(reverse("shared", args=[search.shared_code]))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _telegram(search: SelfieSearch) -> str:
    """Where the bot tells of new photos, if the site has one."""
    return bot_link(search.event) if search.event else ""
