"""Whom an event lets in: everybody, or who brings its code, which a signed cookie of the event's pages remembers."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from faces.models import Event
from faces.pages.problems import refused, wants_json
from photofinder.errors import Problem
from photofinder.visitors import wait_seconds

EventView = Callable[[HttpRequest, Event], HttpResponse]
_REMEMBERED_SECONDS = 90 * 24 * 3600


def at_event(view: EventView) -> Callable[..., HttpResponse]:
    """A view of an event that is open to the visitor; who is not let in is told why, and asked for a code."""

    @wraps(view)
    def enter(request: HttpRequest, slug: str) -> HttpResponse:
        event = Event.objects.filter(slug=slug, published=True).select_related("cover__image", "cover__event").first()
        if event is None:
            return _outside(request, "pages/no_event.html", 404)
        if event.access == Event.Access.CLOSED:
            return _outside(request, "pages/closed.html", 403, event=event)
        given, kept = _given(request), _remembered(request, event)
        if not Event.objects.open_to(given, kept).filter(pk=event.pk).exists():
            return _ask(request, event, bool(given))
        answer = view(request, event)
        if event.access == Event.Access.CODE and kept != event.code:
            _remember(answer, event)
        return answer

    return enter


def _ask(request: HttpRequest, event: Event, is_wrong: bool) -> HttpResponse:
    """For the code, not too often."""
    wait = wait_seconds(request, "page-code", settings.PAGE_SEARCH_RATE) if is_wrong else 0
    if not wait:
        return _outside(request, "pages/code.html", 403, event=event, is_wrong=is_wrong)
    problem = Problem("throttled", "Wait.", wait=wait)
    return refused(
        request, problem, lambda words: _outside(request, "pages/code.html", 429, event=event, problem=words)
    )


def _outside(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    if wants_json(request):
        code = "not_found" if status == 404 else "not_let_in"
        return refused(request, Problem(code, "This event is not open."), lambda words: HttpResponse())
    return render(request, template, context, status=status)


def _given(request: HttpRequest) -> str:
    """The code in the address, as people write it off a poster."""
    return re.sub(r"[^a-z0-9]", "", request.GET.get("code", "").lower())


def _cookie(event: Event) -> str:
    return f"event-{event.pk}"


def _remembered(request: HttpRequest, event: Event) -> str:
    return str(request.get_signed_cookie(_cookie(event), default="", salt="faces.pages", max_age=_REMEMBERED_SECONDS))


def _remember(answer: HttpResponseBase, event: Event) -> None:
    answer.set_signed_cookie(
        _cookie(event),
        event.code,
        salt="faces.pages",
        max_age=_REMEMBERED_SECONDS,
        path=reverse("event-page", args=[event.slug]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
