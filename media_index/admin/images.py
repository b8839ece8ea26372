"""Stored images as a list, the page of one, the search, and where all pages of the library decide."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from media_index.admin.deciding import decide_view, undo_view
from media_index.admin.image_page import image_page
from media_index.admin.searching import search_view
from media_index.admin.shown import SMALL_PX, thumbnail
from media_index.models import Image
from photofinder.admin_classes import ModelAdmin, ReadOnly, display, picture


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

    @display(description=_("picture"))
    def picture(self, image: Image) -> SafeString:
        """The thumbnail."""
        return picture(thumbnail(image, SMALL_PX), str(image))

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

    def get_urls(self) -> list[URLPattern]:
        """The search and the decisions, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("search/", view(search_view), name="media_index_image_search"),
            path("decide/", view(decide_view), name="media_index_decide"),
            path("undo/<str:token>/", view(undo_view), name="media_index_undo"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one image."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        image = self.get_object(request, object_id)
        if image is None or request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        page = image_page(request, image)
        context = {**self.admin_site.each_context(request), **page, "title": page["card"].name}
        return render(request, "admin/media_index/image/image.html", context)
