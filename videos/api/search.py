"""Searching films over HTTP: by words and filters, and by a selfie."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from faces.api.people import person_shown
from faces.api.scope import visible_event
from photofinder.fields import Fraction
from photofinder.roles import EVERYBODY, STAFF_AND_CLIENTS
from photofinder.storage import signed_url
from videos.api.selfie import SelfieMoments
from videos.services.filtering import Filters, counts_read
from videos.services.links import player_path
from videos.services.search import Hit, moments_search

_MOST_WORDS = 500  # letters
_DEFAULT_LIMIT, _MOST = 20, 500
_LONGEST_S = 48 * 3600.0


class QuestionSerializer(serializers.Serializer[Any]):
    """Words, filters, or both."""

    q = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=_MOST_WORDS,
        help_text="What happens, in words, English or Russian. Without it all events that pass, by film and time.",
    )
    top_k = serializers.IntegerField(default=_DEFAULT_LIMIT, min_value=1, max_value=_MOST)
    video = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1, help_text="The id of a film.")
    event = serializers.SlugField(required=False, help_text="The slug of an event.")
    person = serializers.UUIDField(required=False, help_text="The `user_id` of somebody who is seen.")
    start_s = serializers.FloatField(required=False, min_value=0, max_value=_LONGEST_S, help_text="Not before it.")
    end_s = serializers.FloatField(required=False, min_value=0, max_value=_LONGEST_S, help_text="Not after it.")
    objects = serializers.CharField(
        required=False, max_length=200, help_text="How many things are seen: `person>=2, car`; =, <, <=, > as well."
    )


class FoundMomentSerializer(serializers.Serializer[Any]):
    """Some seconds of a film that were found."""

    id = serializers.IntegerField(source="event.pk")
    video = serializers.IntegerField(source="event.video_id", help_text="The film's id.")
    film = serializers.CharField(source="event.video.name", help_text="The film's name.")
    event = serializers.SerializerMethodField(help_text="The slug of the film's event; null where it has none.")
    timestamp_s = serializers.FloatField(
        source="event.timestamp_s", help_text="Where it is seen best, in seconds from the start of the film."
    )
    start_s = serializers.FloatField(source="event.start_s")
    end_s = serializers.FloatField(source="event.end_s")
    caption = serializers.CharField(source="event.caption")
    caption_ru = serializers.CharField(source="event.caption_ru", help_text="In Russian; empty where it is unknown.")
    object_counts = serializers.DictField(source="event.object_counts", child=serializers.IntegerField())
    similarity = Fraction(allow_null=True, help_text="0.5 and more; null where no words were given.")
    frame_url = serializers.SerializerMethodField(help_text="The frame that shows it best; expires.")
    url = serializers.SerializerMethodField(help_text="The page that plays the film from there; expires.")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_event(self, hit: Hit) -> str | None:
        """Its slug."""
        return hit.event.video.event.slug if hit.event.video.event else None

    @extend_schema_field(OpenApiTypes.URI)
    def get_frame_url(self, hit: Hit) -> str:
        """Signed."""
        return self._absolute(signed_url(hit.event.frame_key))

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, hit: Hit) -> str:
        """The player."""
        return self._absolute(player_path(video=hit.event.video, at=hit.event.timestamp_s, is_attendee=False))

    def _absolute(self, path: str) -> str:
        return str(self.context["request"].build_absolute_uri(path))


class MomentSearch(SelfieMoments):
    """Search films."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS, "POST": EVERYBODY}

    @extend_schema(parameters=[QuestionSerializer], responses={200: FoundMomentSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """The moments that the words describe, best first, among those that pass the filters; none where nothing in the
        films is like the words.
        """
        form = QuestionSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        found = moments_search(words=sent.get("q", ""), filters=_filters(request, sent), limit=sent["top_k"])
        return Response(FoundMomentSerializer(found.hits, many=True, context={"request": request}).data)


def _filters(request: Request, sent: dict[str, Any]) -> Filters:
    """Raises Problem `not_found`, `invalid`."""
    return Filters(
        video=sent.get("video"),
        event=visible_event(request, sent["event"]).pk if "event" in sent else None,
        person=person_shown(request, sent["person"]).pk if "person" in sent else None,
        start_s=sent.get("start_s"),
        end_s=sent.get("end_s"),
        counts=counts_read(sent.get("objects", "")),
    )
