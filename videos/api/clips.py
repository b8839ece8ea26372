"""Parts of films as files of their own, over HTTP."""

from typing import Any, ClassVar

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from photofinder.media import CONTENT_TYPES
from photofinder.roles import STAFF_AND_CLIENTS
from videos.models import Video
from videos.services.films import clip_write


class ClipAskedSerializer(serializers.Serializer[Any]):
    """From when to when."""

    start = serializers.FloatField(help_text="In seconds from the start of the film.")
    end = serializers.FloatField(help_text="At most ten minutes later.")


class _AnyAnswer(DefaultContentNegotiation):
    """Films are what they are, whatever the caller accepts; errors are JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class VideoClip(APIView):
    """A clip."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400, 409, 415, 507)
    content_negotiation_class = _AnyAnswer

    @extend_schema(parameters=[ClipAskedSerializer], responses={(200, "video/mp4"): OpenApiTypes.BINARY})
    def get(self, request: Request, video_id: int) -> FileResponse:
        """These seconds of the film as a file, not encoded anew: it begins at the key frame before the start. MP4, or
        Matroska where MP4 cannot hold what the film has.
        """
        form = ClipAskedSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        video = get_object_or_404(Video, pk=video_id)
        clip = clip_write(video=video, start_s=form.validated_data["start"], end_s=form.validated_data["end"])
        content_type = CONTENT_TYPES[f".{clip.name.rpartition('.')[2]}"]
        return FileResponse(clip.file, filename=clip.name, as_attachment=True, content_type=content_type)
