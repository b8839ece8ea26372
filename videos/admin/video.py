"""Films: the list, the page of one with its player, and what can be done with them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RelatedDropdownFilter

from photofinder.admin_classes import ModelAdmin, ReadOnly, action, display, picture
from photofinder.errors import Problem
from videos.admin import cells
from videos.admin.deleting import DeletingFilms
from videos.admin.film_page import MAY_CHANGE, film_page, film_state
from videos.admin.search import search_view
from videos.admin.serving import clip_view, file_view
from videos.admin.uploading import UploadingMixin
from videos.clock import clock
from videos.models import Video
from videos.services.indexing import video_reindex
from videos.services.timeline import videos_listed


@admin.register(Video)
class VideoAdmin(UploadingMixin, DeletingFilms, ReadOnly, ModelAdmin[Video]):
    """Films."""

    change_list_template = "admin/videos/video/change_list.html"
    list_display = ("picture", "name", "event", "duration", "progress", "size")
    list_display_links = ("picture", "name")
    list_filter = (("event", RelatedDropdownFilter), "state")
    list_filter_submit = True
    list_per_page = 30
    ordering = ("-pk",)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Search by name")
    actions = ("index_again", "delete_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        """With the figures of the list."""
        return videos_listed()

    @display(description=gettext_lazy("poster"))
    def picture(self, video: Video) -> SafeString:
        """A frame of it."""
        return picture(cells.poster(video), video.name)

    @display(description=gettext_lazy("duration"), ordering="duration_s")
    def duration(self, video: Video) -> str:
        """As a clock shows it."""
        return clock(video.duration_s) if video.duration_s else "–"

    @display(description=gettext_lazy("state"), ordering="state")
    def progress(self, video: Video) -> SafeString:
        """What is being done with it, and how far that is."""
        return render_to_string("admin/videos/video/state.html", cells.state_shown(video))

    @display(description=gettext_lazy("size"), ordering="bytes")
    def size(self, video: Video) -> str:
        """The file's size."""
        return filesizeformat(video.bytes) if video.bytes else "–"

    @action(description=gettext_lazy("Index again"), permissions=["reindex"], icon="refresh")
    def index_again(self, request: HttpRequest, queryset: QuerySet[Video]) -> None:
        """Index these films again from their start."""
        taken = sum(_reindexed(pk) for pk in queryset.order_by("pk").values_list("pk", flat=True))
        text = ngettext("%d film is indexed again.", "%d films are indexed again.", taken) % taken
        self.message_user(request, text, messages.SUCCESS if taken else messages.WARNING)

    def has_reindex_permission(self, request: HttpRequest) -> bool:
        """Organisers have films indexed."""
        return request.user.has_perm(MAY_CHANGE)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The player, what moves when, and what happens in it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        video = self.get_object(request, object_id)
        if video is None or request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        return render(request, "admin/videos/video/film.html", film_page(request, video))

    def get_urls(self) -> list[URLPattern]:
        """The search over all films and what a film's page asks for, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("search/", view(search_view), name="videos_video_search"),
            path("<int:pk>/state/", view(self.state_view), name="videos_video_state"),
            path("<int:pk>/reindex/", view(self.reindex_view), name="videos_video_reindex"),
            path("<int:pk>/file/", view(file_view), name="videos_video_file"),
            path("<int:pk>/clip/<int:event>/", view(clip_view), name="videos_video_clip"),
        ]
        return [*own, *super().get_urls()]

    def state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far the film is, for its page, which asks every few seconds."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return JsonResponse(film_state(get_object_or_404(videos_listed(), pk=pk)))

    def reindex_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Index the film again."""
        if request.method != "POST" or not self.has_reindex_permission(request):
            raise PermissionDenied
        if _reindexed(get_object_or_404(Video, pk=pk).pk):
            messages.success(request, _("The film is indexed again; what is known of it stays until then."))
        else:
            messages.warning(request, _("This film is still being sent."))
        return redirect("admin:videos_video_change", pk)


def _reindexed(video_id: int) -> bool:
    """Whether it was begun: not with a film that is still being sent."""
    try:
        video_reindex(video_id=video_id)
    except Problem:
        return False
    return True
