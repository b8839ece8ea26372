"""Moments over HTTP: when in which films somebody is."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from faces.api.people import person_shown
from faces.api.scope import EventChoice, asked_events, sees_drafts, shown_faces
from faces.services.links import photo_link
from faces.services.moments import Moment, moments_of_person
from photofinder.fields import Fraction
from photofinder.roles import EVERYBODY
from photofinder.storage import signed_url

_FRAME_PX = 512


class MomentSerializer(serializers.Serializer[Moment]):
    """Some seconds of a film."""

    video = serializers.IntegerField(help_text="The film's id.")
    film = serializers.CharField(help_text="The film's name.")
    event = serializers.SlugField(source="still.event.slug")
    timestamp_s = serializers.FloatField(help_text="Where it is seen best, in seconds from the start of the film.")
    start_s = serializers.FloatField()
    end_s = serializers.FloatField()
    caption = serializers.CharField(help_text="What happens there; empty where nothing is known.")
    caption_ru = serializers.CharField(help_text="The same in Russian.")
    object_counts = serializers.DictField(child=serializers.IntegerField())
    similarity = Fraction(allow_null=True, help_text="0 to 1, 0.5 at the default threshold; null where nobody asked.")
    frame_url = serializers.SerializerMethodField(help_text="The frame that shows them; expires.")
    url = serializers.SerializerMethodField(
        help_text="The page that plays the film from there; expires. Null for attendees who may see the frame only."
    )

    @extend_schema_field(OpenApiTypes.URI)
    def get_frame_url(self, moment: Moment) -> str:
        """For attendees with the event's watermark."""
        if sees_drafts(self.context["request"]):
            return self._absolute(signed_url(moment.still.image.thumbnail_key(_FRAME_PX)))
        return self._absolute(photo_link(photo=moment.still, kind="thumb"))

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_url(self, moment: Moment) -> str | None:
        """The player."""
        return self._absolute(moment.player) if moment.player else None

    def _absolute(self, path: str) -> str:
        return str(self.context["request"].build_absolute_uri(path))


@extend_schema(parameters=[EventChoice])
class PersonMoments(ListAPIView[Any]):
    """The moments of a person, by film and time."""

    roles: ClassVar = {"GET": EVERYBODY}
    problems = (400,)
    serializer_class = MomentSerializer

    def get_queryset(self) -> Any:
        """A list instead, which is counted and sliced like one."""
        return moments_of_person(
            person=person_shown(self.request, self.kwargs["user_id"]),
            events=asked_events(self.request),
            shown=shown_faces(self.request),
            is_attendee=not sees_drafts(self.request),
        )
