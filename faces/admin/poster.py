"""The poster of an event with its QR codes: to look at, to print, and the codes alone."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.http import content_disposition_header, urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from faces.admin.event_links import event_links
from faces.admin.qr import qr_inline, qr_png, qr_svg
from faces.models import Event
from faces.services.links import bot_link, event_path
from faces.services.uploads import event_cover
from faces.templatetags.pictures import thumbnail

SIZES = {"a4": ("A4", 210, 297), "a6": ("A6", 105, 148)}
LANGUAGES = {"ru": ["ru"], "en": ["en"], "both": ["ru", "en"]}
_MADE = {"png": (qr_png, "image/png"), "svg": (qr_svg, "image/svg+xml")}
_may_see = permission_required("faces.view_event", raise_exception=True)


@_may_see
def poster_view(request: HttpRequest, pk: int) -> HttpResponse:
    """The poster as it will be printed, what to choose, and the codes to download."""
    event = get_object_or_404(Event, pk=pk)
    chosen = _chosen(request)
    context = {
        **admin.site.each_context(request),
        **event_links(request, event, "poster"),
        "title": _("Poster and QR: %s") % event,
        "sizes": _choices(chosen, "size", {"a4": "A4", "a6": "A6"}),
        "languages": _choices(chosen, "language", {"ru": "Русский", "en": "English", "both": "Русский + English"}),
        "print_url": f"{reverse('admin:faces_event_print', args=[event.pk])}?{urlencode(chosen)}",
        "codes": _codes(request, event),
        "is_shown": event.published and event.access != Event.Access.CLOSED,
    }
    return render(request, "admin/faces/event/poster.html", context)


@xframe_options_sameorigin
@_may_see
def print_view(request: HttpRequest, pk: int) -> HttpResponse:
    """The poster alone, on paper of its size."""
    event = get_object_or_404(Event.objects.select_related("cover__image"), pk=pk)
    chosen, photo = _chosen(request), event_cover(event)
    name, width, height = SIZES[chosen["size"]]
    page = request.build_absolute_uri(event_path(event))
    context = {
        "event": event,
        "texts": [_texts(event, language) for language in LANGUAGES[chosen["language"]]],
        "language": LANGUAGES[chosen["language"]][0],
        "cover": thumbnail(photo.image, 1600) if photo else "",
        "paper": {"name": name, "width": width, "height": height},
        "address": page.partition("://")[2].partition("?")[0].rstrip("/"),
        "code": event.code if event.access == Event.Access.CODE else "",
        "page_code": mark_safe(qr_inline(page)),  # segno's own markup
        "bot_code": mark_safe(qr_inline(bot_link(event))) if bot_link(event) else "",
    }
    return render(request, "admin/faces/event/poster_print.html", context)


@_may_see
def qr_view(request: HttpRequest, pk: int, kind: str, form: str) -> HttpResponse:
    """One of the codes as a file."""
    event = get_object_or_404(Event, pk=pk)
    link = {"page": request.build_absolute_uri(event_path(event)), "bot": bot_link(event)}.get(kind)
    if not link or form not in _MADE:
        raise Http404
    make, content_type = _MADE[form]
    response = HttpResponse(make(link), content_type=content_type)
    is_kept = "download" in request.GET
    response["Content-Disposition"] = str(content_disposition_header(is_kept, f"{event.slug}-{kind}.{form}"))
    return response


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Size and language, what the address says wrongly left out."""
    size, language = request.GET.get("size", ""), request.GET.get("language", "")
    own = "ru" if translation.get_language() == "ru" else "en"
    return {"size": size if size in SIZES else "a4", "language": language if language in LANGUAGES else own}


def _choices(chosen: dict[str, str], name: str, titles: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"title": title, "query": urlencode({**chosen, name: value}), "active": chosen[name] == value}
        for value, title in titles.items()
    ]


def _codes(request: HttpRequest, event: Event) -> list[dict[str, Any]]:
    """The links that there are, with the addresses of their codes."""
    links = [("page", _("Page of the event"), request.build_absolute_uri(event_path(event)))]
    links += [("bot", _("Bot in Telegram"), bot_link(event))] if bot_link(event) else []
    return [
        {"title": title, "link": link}
        | {form: reverse("admin:faces_event_qr", args=[event.pk, kind, form]) for form in _MADE}
        for kind, title, link in links
    ]


def _texts(event: Event, language: str) -> dict[str, Any]:
    """What the poster says in that language."""
    with translation.override(language):
        return {
            "language": language,
            "headline": _("Find your photos"),
            "words": _("One selfie – and all photos of you"),
            "date": date_format(event.date, "DATE_FORMAT") if event.date else "",
            "steps": [_("Scan the code"), _("Take one selfie"), _("Get your photos")],
            "page": _("In the browser"),
            "bot": _("In Telegram"),
            "code": _("Code"),
            "small": _("Your selfie is compared and not kept."),
        }
