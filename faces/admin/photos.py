"""Photos: the list, and the page that draws the boxes of the faces with their people."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import RelatedDropdownFilter

from faces.admin import cells, reads
from faces.admin.deleting import MAY_DELETE_PHOTOS, DeletingPhotos
from faces.admin.event_settings import MAY_RELEASE
from faces.admin.reasons import title
from faces.admin.releasing import ReleasedFilter, Releasing, cover_view, release_one_view
from faces.models import Face, Photo, Verdict
from faces.services.moments import moment_of_still
from faces.services.pipeline import photos_retry
from faces.templatetags.pictures import camera_clock, thumbnail
from photofinder.admin_classes import ModelAdmin, ReadOnly, action, display, picture


class HasFacesFilter(admin.SimpleListFilter):
    """With faces, or without."""

    title = _("faces")
    parameter_name = "has_faces"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The choices."""
        return [("yes", _("with faces")), ("no", _("without faces"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the choice."""
        has_faces = Exists(Face.objects.genuine().filter(photo=OuterRef("pk")))
        return {"yes": queryset.filter(has_faces), "no": queryset.filter(~has_faces)}.get(self.value() or "", queryset)


@admin.register(Photo)
class PhotoAdmin(DeletingPhotos, Releasing, ReadOnly, ModelAdmin[Photo]):
    """Photos."""

    list_display = ("picture", "original_name", "event", "progress", "released", "faces", "taken_at", "reason")
    list_display_links = ("picture", "original_name")
    list_filter = (("event", RelatedDropdownFilter), "state", ReleasedFilter, HasFacesFilter)
    list_filter_submit = True
    list_per_page = 50
    ordering = ("-pk",)
    search_fields = ("original_name",)
    search_help_text = _("Search by file name")
    actions = ("release", "take_back", "use_as_cover", "try_again", "delete_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        """With what the list shows beside them."""
        return reads.photos_listed().filter(is_still=False)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Photo | None:
        """Also a frame of a film: no list has it, but its faces lead to it."""
        return (
            reads.photos_listed().filter(pk=object_id).first()
            if object_id.isdecimal() and len(object_id) < 19
            else None
        )

    @display(description=_("photo"))
    def picture(self, photo: Photo) -> SafeString:
        """The thumbnail."""
        return picture(thumbnail(photo.image, 512), photo.original_name)

    @display(description=_("state"), ordering="state", label=cells.STATE_COLOURS)
    def progress(self, photo: Photo) -> tuple[str, str]:
        """What has been done, with its colour."""
        return photo.state, photo.get_state_display()

    @display(description=_("released"), ordering="is_released", label={True: "success", False: "warning"})
    def released(self, photo: Photo) -> tuple[bool, str] | str:
        """Whether attendees see it, where its event asks for a release."""
        if not photo.event.released_only:
            return ""
        return photo.is_released, str(_("released") if photo.is_released else _("not released yet"))

    @display(description=_("faces"), ordering="faces_count")
    def faces(self, photo: Any) -> int:
        """How many faces were found."""
        return int(photo.faces_count)

    @display(description=_("taken at"), ordering="image__taken_at")
    def taken_at(self, photo: Photo) -> str:
        """The camera's clock."""
        return camera_clock(photo.image.taken_at)

    @display(description=_("error"), ordering="error_code")
    def reason(self, photo: Photo) -> str:
        """Why it failed."""
        return title(photo.error_code) if photo.error_code else ""

    @action(description=_("Try again"), permissions=["retry"], icon="refresh")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Send the failed ones of these through the pipeline again."""
        retry(self, request, queryset)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Who may upload may also ask for another attempt."""
        return request.user.has_perm("faces.add_photo")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The photo with its faces."""
        photo = self.get_object(request, object_id)
        context = _page(photo) | _offers(request, photo) if photo else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        """The addresses that the buttons of a photo's page talk to, before those of Django."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/release/", view(release_one_view), name="faces_photo_release"),
            path("<int:pk>/cover/", view(cover_view), name="faces_photo_cover"),
        ]
        return [*own, *super().get_urls()]


def retry(model_admin: Any, request: HttpRequest, photos: QuerySet[Photo]) -> None:
    """Send the failed ones of these photos through the pipeline again, and say how many there were."""
    count = photos_retry(photo_ids=list(photos.values_list("pk", flat=True)))
    if count:
        text = ngettext("%d photo is tried again.", "%d photos are tried again.", count) % count
        model_admin.message_user(request, text, messages.SUCCESS)
    else:
        model_admin.message_user(request, str(_("None of these photos has failed.")), messages.WARNING)


def _offers(request: HttpRequest, photo: Photo) -> dict[str, Any]:
    """What this user may do with the photo; with a frame of a film nothing."""
    if photo.is_still:
        return {}
    return {
        "may_release": photo.event.released_only and request.user.has_perm(MAY_RELEASE),
        "may_cover": request.user.has_perm("faces.change_event") and photo.event.cover_id != photo.pk,
        "may_delete": request.user.has_perm(MAY_DELETE_PHOTOS),
        "is_cover": photo.event.cover_id == photo.pk,
    }


def _page(photo: Photo) -> dict[str, Any]:
    """Faces from left to right, as people read, and then what is none; the photos before and after it in the event."""
    said = (
        Verdict.objects.filter(person=None, decision__undone_by=None).select_related("decision__actor").order_by("-pk")
    )
    faces = photo.faces.select_related("photo__image", "person").defer("person__centroid")
    faces = faces.prefetch_related(Prefetch("verdicts", said[:1], to_attr="dismissals"))
    neighbours = Photo.objects.taken().filter(event=photo.event_id)
    return {
        "photo": photo,
        "moment": moment_of_still(photo) if photo.is_still else None,
        "faces": sorted(faces, key=lambda face: (face.dismissed, face.box[0])),
        "faces_count": sum(not face.dismissed for face in faces),
        "reason": title(photo.error_code) if photo.error_code else "",
        "state_colour": cells.STATE_COLOURS[photo.state],
        "before": neighbours.filter(pk__lt=photo.pk).order_by("-pk").values_list("pk", flat=True).first(),
        "after": neighbours.filter(pk__gt=photo.pk).order_by("pk").values_list("pk", flat=True).first(),
    }
