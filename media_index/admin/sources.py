"""Sources: adding one, how far each is, what could not be read and why, and trying again."""

from collections import defaultdict
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from media_index.admin.asked import actor_of
from media_index.admin.reasons import reason, time_left
from media_index.models import Source, SourceFile
from media_index.services.reading import files_retry
from media_index.services.sources import source_add, source_progress, source_rescan
from photofinder.admin_classes import ModelAdmin, ReadOnly
from photofinder.errors import Problem

FAILED_SHOWN = 200
SOURCES_SHOWN = 100
MOST_RETRIED = 50_000
MAY_ADD, MAY_CHANGE = "media_index.add_source", "media_index.change_source"

may_see = permission_required("media_index.view_source", raise_exception=True)
may_change = permission_required(MAY_CHANGE, raise_exception=True)


class SourceForm(forms.Form):
    """What to catalogue, and how."""

    location = forms.CharField(label=gettext_lazy("Folder or S3 prefix"), max_length=1000)
    copies = forms.BooleanField(label=gettext_lazy("Copy the files into the storage"), required=False)


@admin.register(Source)
class SourceAdmin(ReadOnly, ModelAdmin[Source]):
    """Sources."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """All, and the form for another one."""
        return sources_view(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of its files."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        source = self.get_object(request, object_id)
        if source is None or request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        return render(request, "admin/media_index/source/source.html", _page(request, source))

    def get_urls(self) -> list[URLPattern]:
        """Progress, another listing and another attempt, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/progress/", view(progress_view), name="media_index_source_progress"),
            path("<int:pk>/rescan/", view(rescan_view), name="media_index_source_rescan"),
            path("<int:pk>/retry/", view(retry_view), name="media_index_source_retry"),
        ]
        return [*own, *super().get_urls()]


@may_see
def sources_view(request: HttpRequest) -> HttpResponse:
    """The newest first; by POST, another one."""
    form = SourceForm(request.POST or None)
    if request.method == "POST":
        if not request.user.has_perm(MAY_ADD):
            raise PermissionDenied
        if form.is_valid() and (source := _added(request, form)):
            return redirect("admin:media_index_source_change", source.pk)
    sources = list(Source.objects.select_related("by").order_by("-pk")[:SOURCES_SHOWN])
    figures = _figures_of(sources)
    context = {
        **admin.site.each_context(request),
        "title": _("Sources"),
        "form": form,
        "rows": [(source, figures[source.pk]) for source in sources],
        "roots": settings.MEDIA_ROOTS,
        "may_add": request.user.has_perm(MAY_ADD),
    }
    return render(request, "admin/media_index/source/sources.html", context)


@may_see
def progress_view(request: HttpRequest, pk: int) -> JsonResponse:
    """How far it is, for the pages that ask every two seconds."""
    return JsonResponse(_figures(get_object_or_404(Source, pk=pk)))


@require_POST
@may_change
def rescan_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """List the source again."""
    source_rescan(source=get_object_or_404(Source, pk=pk))
    messages.success(request, _("The source is listed again: what is new or changed is read."))
    return redirect("admin:media_index_source_change", pk)


@require_POST
@may_change
def retry_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Read the failed files of the source again, or the one that `file` names."""
    failed = get_object_or_404(Source, pk=pk).files.filter(state=SourceFile.State.FAILED)
    if request.POST.get("file", "").isdecimal():
        failed = failed.filter(pk=request.POST["file"][:18])
    count = files_retry(file_ids=list(failed.values_list("pk", flat=True)[:MOST_RETRIED]))
    if count:
        messages.success(request, ngettext("%d file is read again.", "%d files are read again.", count) % count)
    else:
        messages.warning(request, _("There is nothing to try again."))
    return redirect("admin:media_index_source_change", pk)


def _added(request: HttpRequest, form: SourceForm) -> Source | None:
    """The new source; None after the form was told what is wrong."""
    sent = form.cleaned_data
    try:
        return source_add(location=sent["location"].strip(), copies=sent["copies"], by=actor_of(request))
    except Problem as problem:
        form.add_error("location", problem.detail)
        return None


def _page(request: HttpRequest, source: Source) -> dict[str, Any]:
    failed = source.files.filter(state=SourceFile.State.FAILED).order_by("pk")
    codes = failed.order_by().values_list("error_code").annotate(count=Count("pk")).order_by("-count")
    return {
        **admin.site.each_context(request),
        "title": source.location,
        "source": source,
        "progress": _figures(source),
        "progress_url": reverse("admin:media_index_source_progress", args=[source.pk]),
        "failed": [(file, reason(file.error_code)) for file in failed[:FAILED_SHOWN]],
        "codes": [(reason(code), count) for code, count in codes],
        "may_change": request.user.has_perm(MAY_CHANGE),
    }


def _figures(source: Source) -> dict[str, Any]:
    """How far the source is, in the words of progress.js."""
    progress = source_progress(source)
    rate = _("%.1f files per second") % progress.rate if progress.rate and progress.queued else ""
    return _figure(source, progress.total, progress.indexed, progress.failed, progress.gone, progress.queued) | {
        "eta": " · ".join(part for part in (rate, time_left(progress.eta_s)) if part)
    }


def _figures_of(sources: list[Source]) -> dict[int, dict[str, Any]]:
    """How far each of these sources is, in one question."""
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    files = SourceFile.objects.filter(source__in=sources).order_by()
    for source, state, count in files.values_list("source", "state").annotate(count=Count("pk")):
        counts[source][state] = count
    figures = {}
    for source in sources:
        of_it = counts[source.pk]
        indexed, failed, queued = of_it["indexed"], of_it["failed"], of_it["queued"]
        figures[source.pk] = _figure(source, indexed + failed + queued, indexed, failed, of_it["gone"], queued)
    return figures


def _figure(source: Source, total: int, indexed: int, failed: int, gone: int, queued: int) -> dict[str, Any]:
    return {
        "total": total,
        "processed": indexed + failed,
        "indexed": indexed,
        "failed": failed,
        "gone": gone,
        "unfinished": queued,
        "settled": source.state in (Source.State.LISTED, Source.State.FAILED),
        "state": source.get_state_display(),
        "eta": "",
    }
