"""Events over HTTP."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import validate_slug
from django.db.models import F
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListCreateAPIView, RetrieveAPIView
from rest_framework.request import Request

from faces.api.scope import sees_drafts, visible_events
from faces.models import Event, Photo
from faces.querysets import EventQuerySet
from faces.services.links import event_path, photo_link
from faces.services.uploads import event_create
from photofinder.roles import EVERYBODY, Role
from photofinder.storage import signed_url, thumbnail_key


class EventSerializer(serializers.ModelSerializer[Event]):
    """An event."""

    photos_count = serializers.IntegerField(read_only=True)
    people_count = serializers.IntegerField(read_only=True)
    cover_url = serializers.SerializerMethodField(help_text="A picture of the event, null while there is none.")
    page_url = serializers.SerializerMethodField(help_text="Where attendees find themselves in a browser.")

    class Meta:
        model = Event
        fields = (
            *("slug", "name", "date", "photos_count", "people_count", "published", "access", "text"),
            *("cover_url", "page_url", "retention_days", "originals_allowed", "released_only"),
        )
        # Whether a slug is taken is the service's to say; without one it makes one from the name.
        extra_kwargs: ClassVar = {"slug": {"required": False, "validators": [validate_slug]}}

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_cover_url(self, event: Any) -> str | None:
        """Of `Event.objects.with_cover()`."""
        if event.cover_photo is None:
            return None
        photo = Photo(pk=event.cover_photo, original_name=event.cover_name)
        key = thumbnail_key(event.cover_sha, max(settings.THUMBNAIL_SIZES_PX))
        is_staff = sees_drafts(self.context["request"])
        link = signed_url(key) if is_staff else photo_link(photo=photo, kind="preview")
        return str(self.context["request"].build_absolute_uri(link))

    @extend_schema_field(OpenApiTypes.URI)
    def get_page_url(self, event: Event) -> str:
        """With the code, where attendees need one."""
        return str(self.context["request"].build_absolute_uri(event_path(event)))

    def create(self, validated_data: dict[str, Any]) -> Event:
        """Make it. Raises Problem `slug_taken`."""
        event: Event = Event.objects.with_counts().with_cover().get(pk=event_create(**validated_data).pk)
        return event


_CODE = OpenApiParameter("code", str, description="The code of an event: only the one that it opens.")


@extend_schema_view(
    get=extend_schema(description="The events that you see, the latest first.", parameters=[_CODE]),
    post=extend_schema(description="Make an event. Without a slug it gets one from its name."),
)
class EventList(ListCreateAPIView[Event]):
    """Events."""

    roles: ClassVar = {"GET": EVERYBODY, "POST": {Role.ORGANISER, Role.CLIENT}}
    serializer_class = EventSerializer

    def get_queryset(self) -> EventQuerySet:
        """With their counts; for attendees with a code the one that it opens."""
        code = _code(self.request)
        events = visible_events(self.request, code)
        events = events.filter(code=code) if code else events
        return events.with_counts().with_cover().order_by(F("date").desc(nulls_last=True), "-pk")


@extend_schema(parameters=[_CODE])
class EventDetail(RetrieveAPIView[Event]):
    """One event."""

    roles: ClassVar = {"GET": EVERYBODY}
    serializer_class = EventSerializer
    lookup_field = "slug"

    def get_queryset(self) -> EventQuerySet:
        """With its counts."""
        return visible_events(self.request, _code(self.request)).with_counts().with_cover()


def _code(request: Request) -> str:
    return str(request.query_params.get("code", "")).replace("\0", "")
