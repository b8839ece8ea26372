"""Why a file could not be read, in a few words, and how long the rest takes."""

import math

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

_REASONS = {
    "empty": gettext_lazy("Empty file"),
    "not_an_image": gettext_lazy("Not an image"),
    "damaged": gettext_lazy("Damaged file"),
    "too_large": gettext_lazy("File too large"),
    "too_many_pixels": gettext_lazy("Too many pixels"),
    "unreadable": gettext_lazy("Cannot be read"),
    "changing": gettext_lazy("It changed while it was read"),
    "source_unavailable": gettext_lazy("The source cannot be reached"),
    "crashed": gettext_lazy("Reading it stopped the worker"),
}


def reason(code: str) -> str:
    """The reason for people; the code itself where there are no words for it."""
    return str(_REASONS.get(code, code))


def time_left(seconds: int | None) -> str:
    """About how long the rest takes, in words; nothing when that cannot be told."""
    if not seconds:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    minutes = math.ceil(seconds / 60)
    return ngettext("about %d minute left", "about %d minutes left", minutes) % minutes
