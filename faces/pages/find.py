"""A selfie in: the answer is where its photos are."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from faces.models import Event, SelfieSearch
from faces.pages.entrance import at_event
from faces.pages.event import event_context
from faces.pages.problems import refused, wants_json
from faces.pages.selfies import Asked, asked, kept, takes_selfie
from faces.services.attendance import Asker, Found, attendee_search
from faces.services.likenesses import likeness_seal
from photofinder.errors import Problem


@require_POST
@takes_selfie
@at_event
def find(request: HttpRequest, event: Event) -> HttpResponse:
    """The result's page; to a script its address, and the likeness for another question. What is wrong with the selfie
    is said on the event's page.
    """
    form: Asked | None = None
    try:
        form = asked(request)
        found = _found(event, form)
    except Problem as problem:
        copy = kept(form, problem)
        return refused(request, problem, lambda words: _again(request, event, words, copy))
    url = reverse("result", args=[found.search.code])
    if wants_json(request):
        return JsonResponse({"url": url, "likeness": likeness_seal(found.likeness)})
    return redirect(url)


def _found(event: Event, form: Asked) -> Found:
    return attendee_search(
        asker=Asker(SelfieSearch.Channel.PAGE, has_consent=form.has_consent),
        events=Event.objects.filter(pk=event.pk),
        event=event,
        picture=form.picture,
        face_index=form.face,
        likeness=form.likeness,
        earlier=form.earlier,
    )


def _again(request: HttpRequest, event: Event, words: dict[str, Any], copy: str) -> HttpResponse:
    """The event's page with what was wrong; with the photo in it where somebody has to be chosen."""
    context = event_context(
        event,
        problem=words,
        kept=copy,
        earlier=request.POST.get("earlier", ""),
        has_consent=bool(request.POST.get("consent")),
    )
    return render(request, "pages/event.html", context)
