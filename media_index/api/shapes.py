"""How images look in the API, wherever they appear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from media_index.facts import ImageFacts
from media_index.models import Image
from media_index.services.describing import facts_of
from media_index.services.originals import original_url
from photofinder.fields import Fraction
from photofinder.storage import signed_url


@dataclass(frozen=True)
class Shown:
    """An image to show, with what is known of it elsewhere, and how well it matches, where something was looked for."""

    image: Image
    facts: ImageFacts
    similarity: float | None = None
    because: str = ""


class ImageSerializer(serializers.Serializer[Shown]):
    """An image of the index."""

    sha256 = serializers.CharField(source="image.sha256")
    name = serializers.SerializerMethodField(help_text="The file's original name.")
    events = serializers.ListField(
        child=serializers.SlugField(), source="facts.events", help_text="Of which it is a photo."
    )
    similarity = Fraction(
        allow_null=True, help_text="0 to 1, 0.5 where a match begins; null where nothing is compared."
    )
    because = serializers.ChoiceField(
        ["words", "picture", "both", ""],
        help_text="Why it was found: what is written of it, what it shows, or both.",
    )
    thumbnail_url = serializers.SerializerMethodField(help_text="A copy of at most 512 pixels; expires.")
    url = serializers.SerializerMethodField(help_text="The original; expires.")
    width = serializers.IntegerField(source="image.width", help_text="In pixels, as a viewer shows it.")
    height = serializers.IntegerField(source="image.height")
    bytes = serializers.IntegerField(source="image.bytes", help_text="The size of the original.")
    format = serializers.CharField(source="image.format")
    taken_at = serializers.DateTimeField(
        source="image.taken_at",
        allow_null=True,
        default_timezone=UTC,
        help_text="The camera's clock, which has no zone, as if it were UTC.",
    )
    camera = serializers.CharField(source="image.camera")
    tags = serializers.SerializerMethodField()
    rating = serializers.IntegerField(source="image.rating", help_text="1 to 5; 0: none.")
    caption = serializers.CharField(source="image.caption")
    superseded_by = serializers.CharField(
        source="image.superseded_by.sha256", default=None, allow_null=True, help_text="The copy that was kept instead."
    )

    def get_name(self, shown: Shown) -> str:
        """Without the folders that it was found in."""
        return shown.facts.names[0].rpartition("/")[2] if shown.facts.names else ""

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_thumbnail_url(self, shown: Shown) -> str | None:
        """Null until it is there."""
        return thumbnail_url(shown.image, self.context["request"])

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, shown: Shown) -> str:
        """Wherever it lies."""
        return str(self.context["request"].build_absolute_uri(original_url(shown.image)))

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_tags(self, shown: Shown) -> list[str]:
        """In the order of the alphabet."""
        return [tag.name for tag in shown.image.tags.all()]


def images_shown(rows: Sequence[tuple[int, float | None, str]]) -> list[Shown]:
    """The images of (id, similarity, because), in their order, read in a fixed number of queries; one that is gone
    since is left out.
    """
    ids = [image for image, _, _ in rows]
    images = Image.objects.select_related("superseded_by").prefetch_related("tags").in_bulk(ids)
    facts = facts_of(ids)
    return [Shown(images[pk], facts[pk], likeness, why) for pk, likeness, why in rows if pk in images]


def thumbnail_url(image: Image | None, request: Request) -> str | None:
    """The absolute address of the small copy, None while there is none."""
    if image is None or image.ingested_at is None:
        return None
    return str(request.build_absolute_uri(signed_url(image.thumbnail_key(min(settings.THUMBNAIL_SIZES_PX)))))


def shown_json(rows: Sequence[tuple[int, float | None, str]], request: Request) -> Any:
    """The same as the API says it."""
    found: Any = images_shown(rows)
    return ImageSerializer(found, many=True, context={"request": request}).data
