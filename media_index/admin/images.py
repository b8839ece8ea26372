"""Stored images, as they were sent; nothing is changed here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from media_index.models import Image
from photofinder.admin_classes import ModelAdmin, ReadOnly, display, picture
from photofinder.storage import signed_url


@admin.register(Image)
class ImageAdmin(ReadOnly, ModelAdmin[Image]):
    """Stored images."""

    list_display = ("picture", "digest", "dimensions", "size", "format", "camera", "taken_at", "stored_at")
    list_display_links = ("picture", "digest")
    list_filter = ("format", "stored_at")
    list_per_page = 50
    search_fields = ("sha256", "camera")
    search_help_text = _("Search by SHA-256 or camera")
    ordering = ("-pk",)
    fields = ("sha256", "format", "dimensions", "size", "camera", "taken_at", "stored_at", "ingested_at", "key")
    readonly_fields = fields
    compressed_fields = False

    @display(description=_("picture"))
    def picture(self, image: Image) -> SafeString:
        """The thumbnail."""
        return picture(_thumbnail(image, 512), str(image))

    @display(description="SHA-256", ordering="sha256")
    def digest(self, image: Image) -> str:
        """Its beginning."""
        return str(image)

    @display(description=_("pixels"), ordering="width")
    def dimensions(self, image: Image) -> str:
        """Width and height as a viewer shows it."""
        return f"{image.width} × {image.height}"

    @display(description=_("size"), ordering="bytes")
    def size(self, image: Image) -> str:
        """The file's size."""
        return filesizeformat(image.bytes)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The picture above its facts."""
        image = self.get_object(request, object_id)
        context = _page(image) if image else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))


def _page(image: Image) -> dict[str, Any]:
    return {"image": image, "preview": _thumbnail(image, 1600), "original_url": signed_url(image.key)}


def _thumbnail(image: Image, long_side: int) -> str:
    return signed_url(image.thumbnail_key(long_side)) if image.ingested_at else ""
