"""The parts in which a film is sent over HTTP."""

import io
from collections.abc import Mapping
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from videos.api.films import SENDERS
from videos.api.shapes import QueuedVideoSerializer
from videos.models import Video
from videos.services.sending import chunk_write, video_complete


class Octets(BaseParser):
    """The body as it comes, not read yet."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The stream itself, in a mapping as DRF wants one."""
        return {"content": stream}


class VideoPart(APIView):
    """A part of a film."""

    roles: ClassVar = {"PUT": SENDERS}
    problems = (409, 507)
    parser_classes = (Octets,)

    @extend_schema(request={"application/octet-stream": OpenApiTypes.BINARY}, responses={204: None})
    def put(self, request: Request, video_id: int, start: int) -> Response:
        """Keep the part of the film that begins at byte `start`. Parts may come in any order, and again."""
        video = get_object_or_404(Video, pk=video_id)
        sent: Any = request.data  # nothing of an empty request
        chunk_write(video=video, start=start, content=sent.get("content", io.BytesIO()))
        return Response(status=204)


class VideoComplete(APIView):
    """All parts are sent."""

    roles: ClassVar = {"POST": SENDERS}
    problems = (409,)

    @extend_schema(request=None, responses={202: QueuedVideoSerializer})
    def post(self, request: Request, video_id: int) -> Response:
        """Queue the film. Where parts are missing the answer is `parts_missing` with some of them; asking again does no
        harm.
        """
        video = get_object_or_404(Video, pk=video_id)
        video_complete(video=video)
        return Response(QueuedVideoSerializer({"id": video.pk, "state": video.state}).data, status=202)
