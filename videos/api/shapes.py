"""How films look in the API."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from photofinder.storage import signed_url
from videos.models import Video
from videos.services.films import seconds_left
from videos.services.links import player_path
from videos.services.sending import missing_parts

URI_OR_NULL = {"type": "string", "format": "uri", "nullable": True}


class VideoErrorSerializer(serializers.Serializer[Video]):
    """Why a film failed."""

    code = serializers.CharField(source="error_code")
    detail = serializers.CharField(source="error")


class QueuedVideoSerializer(serializers.Serializer[Any]):
    """A film that waits for a worker."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(Video.State.choices)
    known = serializers.BooleanField(
        default=False, help_text="This path was in the event before; nothing is done again."
    )


class BegunVideoSerializer(serializers.Serializer[Video]):
    """A film whose parts are to be sent."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(Video.State.choices)
    chunk_bytes = serializers.SerializerMethodField(help_text="How long each part is but the last.")
    missing = serializers.SerializerMethodField(help_text="Where the parts begin that are not here yet.")

    def get_chunk_bytes(self, video: Video) -> int:
        """The same for all films."""
        return int(settings.VIDEO_CHUNK_BYTES)

    def get_missing(self, video: Video) -> list[int]:
        """In bytes from the start of the film."""
        return missing_parts(video)


class VideoSerializer(serializers.ModelSerializer[Video]):
    """A film, and how far it is."""

    event = serializers.SlugField(source="event.slug", allow_null=True, default=None, read_only=True)
    error = serializers.SerializerMethodField(help_text="Why it failed, else null.")
    position_s = serializers.FloatField(help_text="Seconds of the film that are indexed.")
    duration_s = serializers.FloatField(help_text="Of how many; 0 until the film was opened.")
    events_count = serializers.IntegerField(help_text="Events that were found so far.")
    eta_s = serializers.SerializerMethodField(help_text="Seconds to go; null while nobody can tell.")
    poster_url = serializers.SerializerMethodField(help_text="A frame of it, null until there is one; expires.")
    url = serializers.SerializerMethodField(help_text="The page that plays it; expires. Null while it is being sent.")

    class Meta:
        model = Video
        fields: tuple[str, ...] = (
            *("id", "name", "event", "state", "error", "bytes", "created_at"),
            *("position_s", "duration_s", "events_count", "eta_s"),
            *("width", "height", "frame_rate", "codec", "poster_url", "url"),
        )

    @extend_schema_field(VideoErrorSerializer(allow_null=True))
    def get_error(self, video: Video) -> Any:
        """Code and sentence."""
        return VideoErrorSerializer(video).data if video.error_code else None

    def get_eta_s(self, video: Video) -> int | None:
        """By how long it took so far."""
        return seconds_left(video)

    @extend_schema_field(URI_OR_NULL)
    def get_poster_url(self, video: Video) -> str | None:
        """Signed."""
        return absolute(self.context["request"], signed_url(video.poster_key) if video.poster_key else "")

    @extend_schema_field(URI_OR_NULL)
    def get_url(self, video: Video) -> str | None:
        """Of the player."""
        return absolute(self.context["request"], player_path(video=video, at=0, is_attendee=False))


class VideoDetailSerializer(BegunVideoSerializer, VideoSerializer):
    """A film with the parts that are still missing."""

    class Meta(VideoSerializer.Meta):
        fields = (*VideoSerializer.Meta.fields, "chunk_bytes", "missing")


def absolute(request: Request, path: str) -> str | None:
    """The whole address of a path of this site; None for an empty one."""
    return str(request.build_absolute_uri(path)) if path else None
