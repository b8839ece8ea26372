"""What is on record about attendees: searches without images, erasures, opt-outs, subscriptions. To be looked at only,
but for an opt-out, which can be taken back.
"""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from faces.admin.cells import portrait
from faces.admin.reasons import title
from faces.models import Erasure, NotMe, OptOut, SelfieSearch
from faces.services.suppression import opt_outs_unknown
from photofinder.admin_classes import ModelAdmin, ReadOnly, display

_FAILED = "danger"
_COLOURS = {"found": "success", "announced": "success", "nothing": "warning"}
_WORDS = {"found": _("found"), "announced": _("announced"), "nothing": _("found nothing")}


@admin.register(SelfieSearch)
class SelfieSearchAdmin(ReadOnly, ModelAdmin[SelfieSearch]):
    """The audit log of searches."""

    list_display = ("at", "channel", "event", "result", "photos_count", "has_consent", "by")
    list_filter = ("channel", "event", "at")
    list_select_related = ("event", "by")
    list_per_page = 100
    fields = ("at", "channel", "event", "by", "has_consent", "outcome", "photos_count")
    readonly_fields = fields

    @display(description=_("outcome"), ordering="outcome", label=_COLOURS)
    def result(self, search: SelfieSearch) -> tuple[str, str]:
        """What came of it."""
        word = _WORDS.get(search.outcome)
        return search.outcome, str(word or title(search.outcome))


@admin.register(NotMe)
class NotMeAdmin(ReadOnly, ModelAdmin[NotMe]):
    """What attendees said is not them. Where the face is somebody's, moderators are asked about it as well."""

    list_display = ("cut_out", "photo", "event", "at", "held_to_be")
    list_display_links = None
    list_filter = ("face__photo__event", "at")
    list_select_related = ("face__person", "face__photo__event", "face__photo__image")
    list_per_page = 100
    ordering = ("-at", "-pk")

    @display(description=_("face"))
    def cut_out(self, objection: NotMe) -> SafeString:
        """The face."""
        return portrait(objection.face, str(objection.face))

    @display(description=_("photo"))
    def photo(self, objection: NotMe) -> SafeString:
        """With a link to it."""
        link = reverse("admin:faces_photo_change", args=[objection.face.photo_id])
        return format_html('<a href="{}">{}</a>', link, objection.face.photo)

    @display(description=_("event"))
    def event(self, objection: NotMe) -> str:
        """Where it is."""
        return str(objection.face.photo.event)

    @display(description=_("held to be"))
    def held_to_be(self, objection: NotMe) -> str:
        """Whose face it is taken for."""
        return str(objection.face.person or "–")


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, ModelAdmin[Erasure]):
    """Receipts."""

    list_display = ("number", "at", "kind", "event", "faces", "crops", "portraits", "by")
    list_filter = ("kind", "at")
    list_select_related = ("event", "by")
    search_fields = ("number",)
    search_help_text = _("Search by receipt")
    fields = ("number", "at", "kind", "event", "by", "counts")
    readonly_fields = fields

    @display(description=_("faces"))
    def faces(self, erasure: Erasure) -> int:
        """How many were deleted."""
        return int(erasure.counts.get("faces", 0))

    @display(description=_("cut-outs"))
    def crops(self, erasure: Erasure) -> int:
        """How many files were deleted."""
        return int(erasure.counts.get("crops", 0))

    @display(description=_("portraits"))
    def portraits(self, erasure: Erasure) -> int:
        """How many were deleted."""
        return int(erasure.counts.get("portraits", 0))


@admin.register(OptOut)
class OptOutAdmin(ModelAdmin[OptOut]):
    """Those who opted out; deleting one lets their faces be kept again from now on."""

    list_display = ("numbers", "at", "places")
    search_fields = ("receipts__number",)
    search_help_text = _("Search by receipt")
    fields = ("numbers", "at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        """With receipts and places."""
        return super().get_queryset(request).prefetch_related("receipts", "places")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With a warning while there are some that the engine in use does not recognise."""
        if unknown := opt_outs_unknown():
            self.message_user(request, _unknown(unknown), messages.WARNING)
        return super().changelist_view(request, extra_context)

    @display(description=_("receipts"))
    def numbers(self, opt_out: OptOut) -> str:
        """Of each time that they opted out."""
        return str(opt_out)

    @display(description=_("faces removed"))
    def places(self, opt_out: OptOut) -> int:
        """In how many places of photos they were."""
        return len(opt_out.places.all())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the opt-out page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OptOut | None = None) -> bool:
        """Nobody changes one."""
        return False


def _unknown(count: int) -> str:
    text = ngettext(
        "%(n)d opt-out is not recognised in new photos: another face engine made its code. Run manage.py "
        "reembed_faces, and the engine in use learns it from the photos that the face was in. Whoever was in none has "
        "to opt out once more.",
        "%(n)d opt-outs are not recognised in new photos: another face engine made their codes. Run manage.py "
        "reembed_faces, and the engine in use learns them from the photos that the faces were in. Whoever was in none "
        "has to opt out once more.",
        count,
    )
    return text % {"n": count}
