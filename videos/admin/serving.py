"""Files for those who may see films: films that lie at a path, played from there, and clips of events."""

from pathlib import PurePosixPath

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from photofinder.errors import Problem
from photofinder.media import CONTENT_TYPES, file_part
from videos.admin.shown import film_address
from videos.models import Video, VideoEvent
from videos.services.films import clip_write, film_path

_LEAST_S = 1.0  # of a clip

may_see = permission_required("videos.view_video", raise_exception=True)


@require_safe
@may_see
def file_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, or the part of it that the player asks for."""
    video = get_object_or_404(Video.objects.exclude(path=""), pk=pk)
    try:
        found = film_path(video.path)
    except Problem as problem:
        raise Http404(problem.detail) from problem
    response = file_part(File(found.open("rb")), request.headers.get("Range", ""), _content_type(found.name))
    patch_cache_control(response, private=True, no_cache=True)  # the file at a path may become another one
    return response


@require_safe
@may_see
def clip_view(request: HttpRequest, pk: int, event: int) -> HttpResponseBase:
    """The seconds of the event as a file of their own; the film's page says why where that is impossible."""
    row = get_object_or_404(VideoEvent.objects.with_films(), pk=event, video=pk)
    try:
        clip = clip_write(video=row.video, start_s=row.start_s, end_s=max(row.end_s, row.start_s + _LEAST_S))
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect(film_address(pk, row.start_s))
    return FileResponse(clip.file, as_attachment=True, filename=clip.name, content_type=_content_type(clip.name))


def _content_type(name: str) -> str:
    return CONTENT_TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")
