"""What happens in a film, over HTTP."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from photofinder.roles import STAFF_AND_CLIENTS
from photofinder.storage import signed_url
from videos.api.shapes import URI_OR_NULL, absolute
from videos.models import Video, VideoEvent
from videos.querysets import VideoEventQuerySet
from videos.services.links import player_path


class VideoEventSerializer(serializers.ModelSerializer[VideoEvent]):
    """Some seconds of a film that show the same."""

    start_s = serializers.FloatField(help_text="In seconds from the start of the film.")
    timestamp_s = serializers.FloatField(help_text="Where it is seen best.")
    object_counts = serializers.DictField(child=serializers.IntegerField())
    motion = serializers.FloatField(help_text="The largest share of the frame that moved.")
    frame_url = serializers.SerializerMethodField(help_text="The frame where it is seen best; expires.")
    url = serializers.SerializerMethodField(help_text="The page that plays the film from there; expires.")

    class Meta:
        model = VideoEvent
        fields = (
            *("id", "start_s", "timestamp_s", "end_s", "caption", "caption_ru", "object_counts", "motion"),
            *("frame_url", "url"),
        )

    @extend_schema_field(OpenApiTypes.URI)
    def get_frame_url(self, event: VideoEvent) -> str | None:
        """Signed."""
        return absolute(self.context["request"], signed_url(event.frame_key))

    @extend_schema_field(URI_OR_NULL)
    def get_url(self, event: VideoEvent) -> str | None:
        """Signed."""
        path = player_path(video=event.video, at=event.start_s, is_attendee=False)
        return absolute(self.context["request"], path)


class VideoEvents(ListAPIView[VideoEvent]):
    """The events of a film."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    serializer_class = VideoEventSerializer

    def get_queryset(self) -> VideoEventQuerySet:
        """By their times."""
        video = get_object_or_404(Video.objects.defer("motion"), pk=self.kwargs["video_id"])
        events: VideoEventQuerySet = VideoEvent.objects.filter(video=video).with_films()
        return events.order_by("start_s")

    @extend_schema(operation_id="videos_events_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What happens in the film, from its start to as far as it is indexed."""
        return super().get(request, *args, **kwargs)
