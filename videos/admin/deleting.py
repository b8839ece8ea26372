"""Deleting films: the page that says what goes and what stays, and doing it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from photofinder.admin_classes import action
from videos.models import Video, VideoEvent, VideoStill
from videos.services.deletion import video_delete

MAY_DELETE = "videos.delete_video"
_NAMED = 5


class DeletingFilms:
    """Deleting films, from their list and from the page of one."""

    @action(description=gettext_lazy("Delete"), permissions=["delete"], icon="delete")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Video]) -> HttpResponse | None:
        """Ask, and then delete these."""
        videos = Video.objects.filter(pk__in=queryset.values("pk"))
        if "sure" in request.POST:
            _delete(request, videos)
            return None
        kept: dict[str, Any] = {name: request.POST.get(name, "") for name in ("action", "select_across", "index")}
        chosen = [] if kept["select_across"] == "1" else request.POST.getlist("_selected_action")
        hidden = [*kept.items(), *(("_selected_action", pk) for pk in chosen)]
        return _ask(request, videos, hidden, reverse("admin:videos_video_changelist"))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The same for one."""
        video = get_object_or_404(Video, pk=object_id)
        if not self.has_delete_permission(request, video):
            raise PermissionDenied
        videos = Video.objects.filter(pk=video.pk)
        if request.method != "POST":
            return _ask(request, videos, [], reverse("admin:videos_video_change", args=[video.pk]))
        _delete(request, videos)
        return redirect("admin:videos_video_changelist")

    def has_delete_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        """Organisers delete."""
        return request.user.has_perm(MAY_DELETE)


def _delete(request: HttpRequest, videos: QuerySet[Video]) -> None:
    count = 0
    for video in videos.defer("motion").order_by("pk"):
        video_delete(video=video)
        count += 1
    messages.success(request, ngettext("%d film is deleted.", "%d films are deleted.", count) % count)


def _ask(request: HttpRequest, videos: QuerySet[Video], kept: list[tuple[str, str]], back: str) -> HttpResponse:
    count = videos.count()
    names = list(videos.order_by("pk").values_list("name", flat=True)[:_NAMED])
    context = {
        **admin.site.each_context(request),
        "title": ngettext("Delete %d film", "Delete %d films", count) % count,
        "names": names,
        "more": count - len(names),
        "counts": [
            (_("Films"), count),
            (_("Events in them"), VideoEvent.objects.filter(video__in=videos).count()),
            (_("Frames with faces"), VideoStill.objects.filter(video__in=videos).count()),
        ],
        "going": [
            _("What happens in them, with its frames; nothing of it is found any more."),
            _("Faces in them; people keep the faces that they have elsewhere."),
            _("Files that were uploaded. A film that lies at a path stays there."),
        ],
        "kept": kept,
        "back": back,
    }
    return render(request, "admin/faces/delete.html", context)
