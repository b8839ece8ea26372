"""Uploading films in Admin: the page, and the addresses that its script sends parts and paths to."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from faces.models import Event
from photofinder.api import STATUS, problem_json
from photofinder.errors import Problem
from videos.admin.cells import reason
from videos.models import Video
from videos.services.deletion import video_delete
from videos.services.films import EXTENSIONS
from videos.services.sending import (
    chunk_write,
    folder_films,
    missing_parts,
    sent_bytes,
    video_add_path,
    video_begin,
    video_begun,
    video_complete,
)

_MOST_ASKED = 1000  # films whose states are told at once
may_upload = permission_required("videos.add_video", raise_exception=True)
View = Callable[..., HttpResponseBase]


class UploadingMixin:
    """The addresses of the upload page, for the ModelAdmin of films."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[URLPattern]:
        """Before those of Django."""
        view = self.admin_site.admin_view
        own = [
            path("upload/", view(upload_view), name="videos_video_upload"),
            path("upload/begin/", view(begin_view), name="videos_video_upload_begin"),
            path("upload/path/", view(path_view), name="videos_video_upload_path"),
            path("upload/states/", view(states_view), name="videos_video_upload_states"),
            path("upload/<int:pk>/<int:start>/", view(part_view), name="videos_video_upload_part"),
            path("upload/<int:pk>/complete/", view(complete_view), name="videos_video_upload_complete"),
            path("upload/<int:pk>/cancel/", view(cancel_view), name="videos_video_upload_cancel"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc] # of the ModelAdmin that it is mixed into


def _telling(view: View) -> View:
    """What is wrong, as JSON in the user's language."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Problem as problem:
            body = problem_json(problem) | {"detail": _sentence(problem)}
            return JsonResponse(body, status=STATUS.get(problem.code, 400))

    return told


@require_GET
@may_upload
def upload_view(request: HttpRequest) -> HttpResponse:
    """The page."""
    chosen = request.GET.get("event", "")
    context = {
        **admin.site.each_context(request),
        "title": _("Upload films"),
        "events": Event.objects.filter(deletion_began_at=None).order_by("-date", "-pk"),
        "chosen": int(chosen) if chosen.isascii() and chosen.isdecimal() else 0,
        "roots": settings.VIDEO_ROOTS,
        "accepted": ",".join(["video/*", *sorted(f".{extension}" for extension in EXTENSIONS)]),
        "unfinished": _unfinished(_sender(request)),
        "upload": _for_script(),
    }
    return render(request, "admin/videos/video/upload.html", context)


@require_POST
@may_upload
@_telling
def begin_view(request: HttpRequest) -> JsonResponse:
    """Begin a film of `name`, `bytes` and `event`, or go on with the one that was begun: 201 with its missing parts."""
    size, sender = request.POST.get("bytes", ""), _sender(request)
    about: dict[str, Any] = {
        "name": request.POST.get("name", ""),
        "bytes": int(size) if size.isascii() and size.isdecimal() and len(size) < 19 else 0,
        "event": _event(request),
    }
    video = video_begun(**about, by=sender) or video_begin(**about, by=sender)
    return JsonResponse(
        {
            "id": video.pk,
            "missing": missing_parts(video),
            "part": reverse("admin:videos_video_upload_part", args=[video.pk, 0]),
            "complete": reverse("admin:videos_video_upload_complete", args=[video.pk]),
            "cancel": reverse("admin:videos_video_upload_cancel", args=[video.pk]),
            "page": reverse("admin:videos_video_change", args=[video.pk]),
        },
        status=201,
    )


@require_POST
@may_upload
@_telling
def part_view(request: HttpRequest, pk: int, start: int) -> HttpResponse:
    """Keep the part that the body is."""
    video = get_object_or_404(Video, pk=pk, by=_sender(request))
    chunk_write(video=video, start=start, content=cast(Any, request))
    return HttpResponse(status=204)


@require_POST
@may_upload
@_telling
def complete_view(request: HttpRequest, pk: int) -> JsonResponse:
    """Queue the film."""
    video = get_object_or_404(Video, pk=pk, by=_sender(request))
    video_complete(video=video)
    return JsonResponse(_told(video), status=202)


@require_POST
@may_upload
@_telling
def cancel_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a film that was not sent to its end."""
    video_delete(video=get_object_or_404(Video, pk=pk, by=_sender(request), state=Video.State.SENDING))
    return HttpResponse(status=204)


@require_POST
@may_upload
@_telling
def path_view(request: HttpRequest) -> JsonResponse:
    """Queue the film at `path`, or all that lie in that folder: 202 with them, and with what is wrong with others."""
    event, sender, asked = _event(request), _sender(request), request.POST.get("path", "").strip()
    films: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    for where in _films_at(asked):
        try:
            video, is_new = video_add_path(path=where, event=event, by=sender)
        except Problem as problem:
            refused.append({"name": where, "detail": _sentence(problem)})
            continue
        films.append({"name": video.name, "known": not is_new, **_told(video)})
    return JsonResponse({"films": films, "refused": refused}, status=202)


@require_GET
@may_upload
def states_view(request: HttpRequest) -> JsonResponse:
    """How far the films are that `ids` names."""
    asked = [pk for pk in request.GET.get("ids", "").split(",") if pk.isascii() and pk.isdecimal() and len(pk) < 19]
    videos = Video.objects.filter(pk__in=asked[:_MOST_ASKED]).defer("motion")
    return JsonResponse({"films": [_told(video) for video in videos]})


def _told(video: Video) -> dict[str, Any]:
    """How far a film is, in words."""
    is_failed = video.state == Video.State.FAILED
    done = min(round(100 * video.position_s / video.duration_s), 100) if video.duration_s else 0
    shows_done = video.state == Video.State.INDEXING and done
    return {
        "id": video.pk,
        "state": video.state,
        "words": video.get_state_display() + (f", {done} %" if shows_done else ""),
        "reason": reason(video.error_code) if is_failed else "",
        "page": reverse("admin:videos_video_change", args=[video.pk]),
    }


def _films_at(asked: str) -> list[str]:
    """The paths of the films in a folder, or the one path. Raises Problem."""
    try:
        found = folder_films(asked)
    except Problem as problem:
        if problem.code != "missing":
            raise
        return [asked]  # no folder
    if not found:
        raise Problem("no_films", _("There are no films in this folder."))
    return [str(film) for film in found]


def _unfinished(sender: User) -> Iterable[tuple[Video, int]]:
    """What the user began to send, with how many percent of it are here."""
    videos = Video.objects.filter(state=Video.State.SENDING, by=sender).select_related("event").order_by("pk")
    return [(video, int(100 * sent_bytes(video) / video.bytes)) for video in videos]


def _event(request: HttpRequest) -> Event | None:
    """The one that was chosen, if any was."""
    chosen = request.POST.get("event", "")
    return get_object_or_404(Event, pk=chosen[:18] if chosen.isdecimal() else 0) if chosen else None


def _sentence(problem: Problem) -> str:
    """What is wrong and what to do, in the user's language; the services' own sentences are in English."""
    limit = settings.VIDEO_MAX_BYTES // 1024**2
    advice = {
        "not_a_video": _("Films are files that end in one of these: %s.") % ", ".join(sorted(EXTENSIONS)),
        "too_large": _("A film may have %s MB at most.") % limit,
        "empty": _("There is nothing in this file."),
        "outside_roots": _("Films are taken from these folders: %s") % (", ".join(settings.VIDEO_ROOTS) or "–"),
        "missing": _("There is no such file or folder, or it may not be read. Write the whole path."),
        "not_sending": _("Sending this film was cancelled, or it is here already. Reload the page."),
        "storage_full": _("The storage is full. Make room, then try again."),
        "storage_failed": _("The storage could not be written. Try again later."),
        "parts_missing": _("Parts of the film are missing. Try again."),
    }
    return advice.get(problem.code, problem.detail)


def _for_script() -> dict[str, Any]:
    """What the script has to know: addresses, limits, and its texts in the user's language."""
    return {
        "begin": reverse("admin:videos_video_upload_begin"),
        "path": reverse("admin:videos_video_upload_path"),
        "states": reverse("admin:videos_video_upload_states"),
        "chunkBytes": settings.VIDEO_CHUNK_BYTES,
        "texts": {
            "waiting": _("Waits for its turn"),
            "sending": _("{percent} %, {size} MB"),
            "speed": _("{speed} MB/s"),
            "seconds": _("{n} s left"),
            "minutes": _("{n} min left"),
            "hours": _("{n} h left"),
            "goesOn": _("Goes on at {percent} %"),
            "completing": _("All is sent"),
            "known": _("It was added before"),
            "cancelled": _("Cancelled"),
            "offline": _("The connection is lost; it goes on by itself when it is back."),
            "unreadable": _("The file cannot be read any more. Choose it again."),
            "server": _("The server answered with an error ({status})."),
            "signedOut": _("You are signed out, or may not upload here. Reload the page."),
            "nothing": _("There are no films in what was dropped."),
        },
    }


def _sender(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # may_upload let nobody else in
    return request.user
