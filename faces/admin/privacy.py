"""What is on record about attendees: searches without images, erasures, opt-outs, subscriptions. To be looked at only,
but for an opt-out, which can be taken back.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from faces.admin.reasons import title
from faces.models import Erasure, OptOut, SelfieSearch
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

    list_display = ("erasure", "at", "places")
    list_select_related = ("erasure",)
    search_fields = ("erasure__number",)
    search_help_text = _("Search by receipt")
    fields = ("erasure", "at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the number of places."""
        return super().get_queryset(request).prefetch_related("places")

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
