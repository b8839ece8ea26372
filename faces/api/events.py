"""Events over HTTP."""

from typing import Any, ClassVar

from django.core.validators import validate_slug
from django.db.models import F
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListCreateAPIView, RetrieveAPIView

from faces.api.scope import visible_events
from faces.models import Event
from faces.querysets import EventQuerySet
from faces.services.uploads import event_create
from photofinder.roles import EVERYBODY, Role


class EventSerializer(serializers.ModelSerializer[Event]):
    """An event."""

    photos_count = serializers.IntegerField(read_only=True)
    people_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Event
        fields = ("slug", "name", "date", "photos_count", "people_count", "published")
        # Whether a slug is taken is the service's to say; without one it makes one from the name.
        extra_kwargs: ClassVar = {"slug": {"required": False, "validators": [validate_slug]}}

    def create(self, validated_data: dict[str, Any]) -> Event:
        """Make it. Raises Problem `slug_taken`."""
        event: Event = Event.objects.with_counts().get(pk=event_create(**validated_data).pk)
        return event


@extend_schema_view(
    get=extend_schema(description="The events that you see, the latest first."),
    post=extend_schema(description="Make an event. Without a slug it gets one from its name."),
)
class EventList(ListCreateAPIView[Event]):
    """Events."""

    roles: ClassVar = {"GET": EVERYBODY, "POST": {Role.ORGANISER, Role.CLIENT}}
    serializer_class = EventSerializer

    def get_queryset(self) -> EventQuerySet:
        """With their counts."""
        return visible_events(self.request).with_counts().order_by(F("date").desc(nulls_last=True), "-pk")


class EventDetail(RetrieveAPIView[Event]):
    """One event."""

    roles: ClassVar = {"GET": EVERYBODY}
    serializer_class = EventSerializer
    lookup_field = "slug"

    def get_queryset(self) -> EventQuerySet:
        """With its counts."""
        return visible_events(self.request).with_counts()
