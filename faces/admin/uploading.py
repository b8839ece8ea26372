"""The two addresses that the drop zone of an event's page talks to: one starts an upload, one takes a file."""

from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from faces.admin.reasons import title
from faces.models import Event, UploadBatch
from faces.services.uploads import batch_create, photos_upload

may_upload = permission_required("faces.add_photo", raise_exception=True)


@require_POST
@may_upload
def batch_start(request: HttpRequest, pk: int) -> JsonResponse:
    """A new batch for the files of one drop: `{batch, send_to, page}`."""
    event = get_object_or_404(Event, pk=pk)
    batch = batch_create(event=event, by=_sender(request))
    return JsonResponse(
        {
            "batch": batch.pk,
            "send_to": reverse("admin:faces_event_upload_file", args=[event.pk, batch.pk]),
            "page": reverse("admin:faces_uploadbatch_change", args=[batch.pk]),
        },
        status=201,
    )


@require_POST
@may_upload
def file_take(request: HttpRequest, pk: int, batch: int) -> JsonResponse:
    """Take the one file in `file`: 202 `{name, photo, duplicate}`, 422 `{name, code, detail}` when it is refused."""
    upload = get_object_or_404(UploadBatch, pk=batch, event=pk, by=_sender(request))
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"code": "malformed", "detail": _("No file was sent.")}, status=400)
    accepted, refused = photos_upload(batch=upload, files=[(file.name or "", cast(BinaryIO, file))])
    for refusal in refused:
        detail = f"{title(refusal.code)}. {refusal.detail}"
        return JsonResponse({"name": refusal.name, "code": refusal.code, "detail": detail}, status=422)
    taken = accepted[0]
    return JsonResponse({"name": taken.name, "photo": taken.photo.pk, "duplicate": taken.duplicate}, status=202)


def drop_zone(event: Event) -> dict[str, Any]:
    """What the script of the drop zone has to know: addresses, limits, and its texts in the user's language."""
    return {
        "start": reverse("admin:faces_event_upload", args=[event.pk]),
        "maxBytes": settings.UPLOAD_MAX_BYTES,
        "texts": {
            "files": _("{done} of {total} files"),
            "megabytes": _("{done} of {total} MB"),
            "sending": _("Sending…"),
            "cancelled": _("Cancelled"),
            "finished": _("All files are sent"),
            "finishedPartly": _("Finished, but not every file was taken"),
            "taken": _("{count} new"),
            "duplicates": _("{count} were here already"),
            "refused": _("{count} not taken"),
            "tooLarge": _("The file is larger than {limit} MB."),
            "network": _("The connection failed."),
            "server": _("The server answered with an error ({status})."),
            "signedOut": _("You are signed out, or may not upload here. Reload the page."),
            "nothing": _("There are no files in what was dropped."),
            "leave": _("Photos are still being sent."),
        },
    }


def _sender(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # may_upload let nobody else in
    return request.user
