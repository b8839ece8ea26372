"""Films over HTTP: sending one, or naming one by its path; how far each is; indexing again, deleting."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.scope import visible_event
from faces.models import Event
from photofinder.api import BoundedMultiPart
from photofinder.roles import STAFF_AND_CLIENTS, Role
from photofinder.uploads import FilmUploads
from videos.api.shapes import BegunVideoSerializer, QueuedVideoSerializer, VideoDetailSerializer, VideoSerializer
from videos.models import Video
from videos.services.deletion import video_delete
from videos.services.indexing import video_reindex
from videos.services.sending import video_add_path, video_begin, video_take
from videos.services.timeline import videos_listed

SENDERS = frozenset({Role.ORGANISER, Role.CLIENT})


class VideosAskedSerializer(serializers.Serializer[Any]):
    """Which films."""

    event = serializers.SlugField(required=False, help_text="Of the event with this slug.")
    state = serializers.ChoiceField(Video.State.choices, required=False)


class FilmFileSerializer(serializers.Serializer[Any]):
    """A whole film; one of more than some hundred megabytes is better sent in parts."""

    file = serializers.FileField(allow_empty_file=True)
    event = serializers.SlugField(
        required=False, help_text="The slug of its event, in which its people are looked for."
    )


class FilmNamedSerializer(serializers.Serializer[Any]):
    """A film by its path on the server, or the name and size of one that will be sent in parts."""

    path = serializers.CharField(required=False, max_length=1000, help_text="Absolute, within VIDEO_ROOTS.")
    name = serializers.CharField(required=False, max_length=1000, help_text="With `bytes`: the file's name.")
    bytes = serializers.IntegerField(required=False, max_value=2**62, help_text="With `name`: the file's size.")
    event = serializers.SlugField(
        required=False, help_text="The slug of its event, in which its people are looked for."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Either the path, or both others."""
        given = {"path", "name", "bytes"} & attrs.keys()
        if given not in ({"path"}, {"name", "bytes"}):
            raise serializers.ValidationError("Send either `path`, or `name` and `bytes`.")
        return attrs


class VideoList(ListAPIView[Video]):
    """Films."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS, "POST": SENDERS}
    problems = (507,)
    parser_classes = (BoundedMultiPart, JSONParser)
    serializer_class = VideoSerializer

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """With room for a film."""
        request.upload_handlers = [FilmUploads(request)]
        return super().initialize_request(request, *args, **kwargs)

    def max_body_bytes(self) -> int:
        """One film."""
        return int(settings.VIDEO_MAX_BYTES)

    def get_queryset(self) -> QuerySet[Video]:
        """Those that are asked for."""
        form = VideosAskedSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        videos = videos_listed().order_by("-pk")
        if slug := form.validated_data.get("event"):
            videos = videos.filter(event=visible_event(self.request, slug))
        if state := form.validated_data.get("state"):
            videos = videos.filter(state=state)
        return videos

    @extend_schema(parameters=[VideosAskedSerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All films, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": FilmFileSerializer, "application/json": FilmNamedSerializer},
        responses={202: QueuedVideoSerializer, 201: BegunVideoSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send a whole film or name one by its path, and it is queued; or name one that will be sent in parts, and the
        answer says which. What is wrong with a film that is sent as a whole is told at once, of others by their state.
        """
        is_whole = "file" in request.data
        form = (FilmFileSerializer if is_whole else FilmNamedSerializer)(data=request.data)
        form.is_valid(raise_exception=True)
        sent: dict[str, Any] = form.validated_data
        event = visible_event(request, sent["event"]) if "event" in sent else None
        by = request.user if isinstance(request.user, User) else None
        if "name" in sent:
            begun = video_begin(name=sent["name"], bytes=sent["bytes"], event=event, by=by)
            return Response(BegunVideoSerializer(begun).data, status=201)
        video, is_new = _taken(sent, event, by)
        queued = {"id": video.pk, "state": video.state, "known": not is_new}
        return Response(QueuedVideoSerializer(queued).data, status=202)


class VideoDetail(APIView):
    """One film."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS, "DELETE": SENDERS}

    @extend_schema(responses=VideoDetailSerializer)
    def get(self, request: Request, video_id: int) -> Response:
        """How far it is, what it is, and which of its parts are missing while it is being sent."""
        video = get_object_or_404(videos_listed(), pk=video_id)
        return Response(VideoDetailSerializer(video, context={"request": request}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, video_id: int) -> Response:
        """Delete the film with all that is known of it; a file that lies at a path stays. Also cancels sending it."""
        video_delete(video=get_object_or_404(Video, pk=video_id))
        return Response(status=204)


class VideoReindex(APIView):
    """Index again."""

    roles: ClassVar = {"POST": SENDERS}
    problems = (409,)

    @extend_schema(request=None, responses={202: QueuedVideoSerializer})
    def post(self, request: Request, video_id: int) -> Response:
        """Index the film again from its start: one that failed, or after other engines were chosen."""
        video = get_object_or_404(Video, pk=video_id)
        video_reindex(video_id=video.pk)
        video.refresh_from_db(fields=["state"])
        return Response(QueuedVideoSerializer({"id": video.pk, "state": video.state}).data, status=202)


def _taken(sent: dict[str, Any], event: Event | None, by: User | None) -> tuple[Video, bool]:
    """The film of a path or a file, and whether it is new. Raises Problem."""
    if "path" in sent:
        return video_add_path(path=sent["path"], event=event, by=by)
    file = sent["file"]
    return video_take(name=file.name, content=file.file, bytes=file.size, event=event, by=by), True
