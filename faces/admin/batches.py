"""Uploads: how far each is, which files were refused, which photos failed, and another attempt for those."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RelatedDropdownFilter

from faces.admin import cells, reads
from faces.admin.event_page import figures
from faces.admin.photos import retry
from faces.admin.reasons import title
from faces.models import Photo, UploadBatch
from photofinder.admin_classes import ModelAdmin, ReadOnly, display

ROWS_SHOWN = 200


@admin.register(UploadBatch)
class UploadBatchAdmin(ReadOnly, ModelAdmin[UploadBatch]):
    """Uploads."""

    list_display = ("number", "event", "by", "created_at", "photos", "refused", "processing")
    list_filter = (("event", RelatedDropdownFilter),)
    list_filter_submit = True
    list_per_page = 50
    search_fields = ("event__name",)
    search_help_text = _("Search by event")

    def get_queryset(self, request: HttpRequest) -> QuerySet[UploadBatch]:
        """With their figures."""
        return reads.batches_listed()

    @display(description=_("upload"), ordering="pk")
    def number(self, batch: UploadBatch) -> str:
        """Its number."""
        return f"#{batch.pk}"

    @display(description=_("photos"), ordering="photos_count")
    def photos(self, batch: Any) -> int:
        """How many photos came with it."""
        return int(batch.photos_count)

    @display(description=_("refused"), ordering="refused")
    def refused(self, batch: Any) -> str:
        """How many files were not taken in."""
        return str(batch.refused or "")

    @display(description=_("processing"))
    def processing(self, batch: Any) -> SafeString:
        """How far its photos are."""
        return cells.progress(batch.processed, batch.failed, batch.photos_count)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of its files."""
        batch = self.get_object(request, object_id)
        context = _page(request, batch) if batch else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        """Progress and another attempt, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/progress/", view(self.progress_view), name="faces_uploadbatch_progress"),
            path("<int:pk>/retry/", view(self.retry_view), name="faces_uploadbatch_retry"),
        ]
        return [*own, *super().get_urls()]

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far its photos are, for the page that asks every two seconds."""
        batch = get_object_or_404(UploadBatch, pk=pk)
        if not self.has_view_permission(request, batch):
            return JsonResponse({"code": "forbidden"}, status=403)
        return JsonResponse(figures(batch.photos.taken()))

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send its failed photos through the pipeline again."""
        if not request.user.has_perm("faces.add_photo"):
            raise PermissionDenied
        batch = get_object_or_404(UploadBatch, pk=pk)
        retry(self, request, batch.photos.filter(state=Photo.State.FAILED))
        return redirect("admin:faces_uploadbatch_change", pk)


def _page(request: HttpRequest, batch: UploadBatch) -> dict[str, Any]:
    refusals = batch.refusals.order_by("pk")[:ROWS_SHOWN]
    failed = reads.photos_listed().filter(batch=batch, state=Photo.State.FAILED)[:ROWS_SHOWN]
    return {
        "batch": batch,
        "progress": figures(batch.photos.taken()),
        "progress_url": reverse("admin:faces_uploadbatch_progress", args=[batch.pk]),
        "refusals": [(refusal, title(refusal.code)) for refusal in refusals],
        "failed": [(photo, title(photo.error_code)) for photo in failed],
        "may_retry": request.user.has_perm("faces.add_photo"),
    }
