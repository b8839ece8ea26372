"""What the settings of an event ask the server besides saving: another code, a look at the watermark, all released."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from faces.admin.deciding import MAY_DECIDE
from faces.admin.event_form import logo_checked
from faces.models import Event
from faces.services.event_options import code_renew, watermark_sample
from faces.services.releases import event_release

MAY_RELEASE = MAY_DECIDE
_View = Callable[..., HttpResponseBase]


def _needs(permission: str) -> Callable[[_View], _View]:
    return permission_required(permission, raise_exception=True)


@require_POST
@_needs("faces.change_event")
def code_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give the event another code."""
    event = get_object_or_404(Event, pk=pk)
    code_renew(event=event)
    text = _("The new code is %s. Print the posters anew: the old ones open nothing any more.") % event.code
    messages.success(request, text)
    return redirect("admin:faces_event_settings", pk)


@require_POST
@_needs(MAY_RELEASE)
def release_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Release all photos of the event that are ready."""
    count = event_release(event=get_object_or_404(Event, pk=pk))
    text = ngettext("%d photo is released.", "%d photos are released.", count) % count
    messages.success(request, text if count else _("All photos were released before."))
    return redirect("admin:faces_event_change", pk)


@_needs("faces.view_event")
def watermark_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A photo of the event with its watermark; with the one of a posted form, before it is saved."""
    event = get_object_or_404(Event, pk=pk)
    try:
        logo = _posted(request, event) if request.method == "POST" else None
    except ValidationError as error:
        return JsonResponse({"code": "refused", "detail": " ".join(error.messages)}, status=400)
    response = HttpResponse(watermark_sample(event=event, logo=logo), content_type="image/jpeg")
    patch_cache_control(response, private=True, no_store=True)
    return response


def _posted(request: HttpRequest, event: Event) -> bytes | None:
    """Let the unsaved event have what the form says; the logo that the form brings. Raises ValidationError."""
    for name in ("watermark_text", "watermark_corner", "watermark_opacity"):
        field: Field[Any, Any] = Event._meta.get_field(name)  # type: ignore[assignment]
        setattr(event, name, field.clean(request.POST.get(name, ""), event))
    if "remove_logo" in request.POST:
        event.watermark_logo = ""
    file = request.FILES.get("logo")
    return logo_checked(file) if file and "remove_logo" not in request.POST else None
