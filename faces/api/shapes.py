"""How photos and people look in the API, wherever they appear."""

from datetime import UTC
from functools import cached_property
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from faces.api.scope import sees_drafts
from faces.models import Face, Person
from faces.services.albums import AlbumPhoto
from faces.services.links import photo_link
from faces.services.search import PhotoMatch
from photofinder.fields import Fraction
from photofinder.storage import signed_url


class Box(serializers.ListField):
    """Left, top, width, height."""

    child = Fraction()

    def __init__(self, **options: Any) -> None:
        help_text = "Left, top, width, height in fractions of the photo as a viewer shows it."
        super().__init__(min_length=4, max_length=4, help_text=help_text, **options)


@extend_schema_field(OpenApiTypes.URI)
class Link(serializers.CharField):
    """A storage key as the absolute URL that opens it for a while."""

    def to_representation(self, value: str) -> str:
        """Sign it."""
        return str(self.context["request"].build_absolute_uri(signed_url(value)))


class PhotoSerializer(serializers.Serializer[PhotoMatch | AlbumPhoto]):
    """A photo, and in it the face that was meant.

    Attendees get copies with the event's watermark, and the original, without its place, where the event allows it.
    """

    id = serializers.IntegerField(source="face.photo_id")
    name = serializers.CharField(source="face.photo.original_name", help_text="The file's original name.")
    event = serializers.SlugField(source="face.photo.event.slug")
    similarity = Fraction(
        allow_null=True,
        help_text="0 to 1, 0.5 at the default threshold; null for a face that an earlier engine had found.",
    )
    url = serializers.SerializerMethodField(help_text="The original; expires. Null for attendees who may not have it.")
    thumbnail_url = serializers.SerializerMethodField(help_text="A copy of at most 512 pixels; expires.")
    preview_url = serializers.SerializerMethodField(help_text="A copy of at most 1600 pixels; expires.")
    bytes = serializers.IntegerField(source="face.photo.image.bytes", help_text="The size of the original.")
    taken_at = serializers.DateTimeField(
        source="face.photo.image.taken_at",
        allow_null=True,
        default_timezone=UTC,
        help_text="The camera's clock, which has no zone, as if it were UTC.",
    )
    box = Box(source="face.box")

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_url(self, match: PhotoMatch | AlbumPhoto) -> str | None:
        """The original."""
        if self._for_attendee and not match.face.photo.event.originals_allowed:
            return None
        return self._absolute(match, "original", match.face.photo.image.key)

    @extend_schema_field(OpenApiTypes.URI)
    def get_thumbnail_url(self, match: PhotoMatch | AlbumPhoto) -> str:
        """The small one."""
        return self._absolute(match, "thumb", match.face.photo.image.thumbnail_key(min(settings.THUMBNAIL_SIZES_PX)))

    @extend_schema_field(OpenApiTypes.URI)
    def get_preview_url(self, match: PhotoMatch | AlbumPhoto) -> str:
        """The large one."""
        return self._absolute(match, "preview", match.face.photo.image.thumbnail_key(max(settings.THUMBNAIL_SIZES_PX)))

    @cached_property
    def _for_attendee(self) -> bool:
        return not sees_drafts(self.context["request"])

    def _absolute(self, match: PhotoMatch | AlbumPhoto, kind: str, key: str) -> str:
        """The attendee's link of that kind, for others the stored file itself."""
        search = self.context.get("search")
        photo = match.face.photo
        link = photo_link(photo=photo, kind=kind, search=search) if self._for_attendee else signed_url(key)
        return str(self.context["request"].build_absolute_uri(link))


class PersonSerializer(serializers.Serializer[Person]):
    """A person who was found in photos, of `Person.objects.seen_in(events)`."""

    user_id = serializers.UUIDField()
    name = serializers.SerializerMethodField(help_text="Empty when nobody named this person yet, and for bots.")
    photos_count = serializers.IntegerField(source="photos_here", help_text="In the events that were asked for.")
    cover_url = serializers.SerializerMethodField(help_text="Their best face; expires.")

    def get_name(self, person: Person) -> str:
        """What moderators call them."""
        return person.name if sees_drafts(self.context["request"]) else ""

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_cover_url(self, person: Any) -> str | None:
        """The cut-out around the face; not for bots, as it has no watermark and its photo is perhaps not released."""
        if not sees_drafts(self.context["request"]):
            return None
        faces: list[Face] = person.best_faces
        portraits = [] if faces else person.given_portraits
        key = next((row.crop_key for row in (*faces, *portraits)), None)
        return str(self.context["request"].build_absolute_uri(signed_url(key))) if key else None


class FaceSerializer(serializers.Serializer[Face]):
    """A face in a photo."""

    id = serializers.IntegerField()
    photo_id = serializers.IntegerField()
    event = serializers.SlugField(source="photo.event.slug")
    is_still = serializers.BooleanField(source="photo.is_still", help_text="Whether it is in a frame of a film.")
    box = Box()
    quality = Fraction(help_text="0 to 1; from 0.5 on the face is good enough to found a person.")
    assigned_by = serializers.CharField(help_text="Who said whose it is: `engine`, `moderator`, or nobody.")
    url = Link(source="crop_key", help_text="The cut-out around the face; expires.")
