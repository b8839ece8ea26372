"""Files for those who may see films: films that lie at a path, played from there, and clips of events."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from photofinder.errors import Problem
from videos.admin import cells
from videos.admin.shown import film_address
from videos.models import Video, VideoEvent
from videos.pages.film import content_type, part_of_film
from videos.services.films import clip_write

_LEAST_S = 1.0  # of a clip

may_see = permission_required("videos.view_video", raise_exception=True)


@require_safe
@may_see
def file_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, or the part of it that the player asks for."""
    video = get_object_or_404(Video.objects.exclude(path=""), pk=pk)
    try:
        return part_of_film(request, video)
    except Problem as problem:
        raise Http404(problem.detail) from problem


@require_safe
@may_see
def clip_view(request: HttpRequest, pk: int, event: int) -> HttpResponseBase:
    """The seconds of the event as a file of their own; the film's page says why where that is impossible."""
    row = get_object_or_404(VideoEvent.objects.with_films(), pk=event, video=pk)
    try:
        clip = clip_write(video=row.video, start_s=row.start_s, end_s=max(row.end_s, row.start_s + _LEAST_S))
    except Problem as problem:
        messages.error(request, _("The clip could not be made: %(reason)s.") % {"reason": cells.reason(problem.code)})
        return redirect(film_address(pk, row.start_s))
    return FileResponse(clip.file, as_attachment=True, filename=clip.name, content_type=content_type(clip.name))
