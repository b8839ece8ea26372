"""Films that lie at a path: played from where they lie, for those who may see films."""

from pathlib import PurePosixPath

from django.contrib.auth.decorators import permission_required
from django.core.files import File
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from photofinder.errors import Problem
from photofinder.media import CONTENT_TYPES, file_part
from videos.models import Video
from videos.services.films import film_path

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
    content_type = CONTENT_TYPES.get(PurePosixPath(found).suffix.lower(), "application/octet-stream")
    response = file_part(File(found.open("rb")), request.headers.get("Range", ""), content_type)
    patch_cache_control(response, private=True, no_cache=True)  # the file at a path may become another one
    return response
