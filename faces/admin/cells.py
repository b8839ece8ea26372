"""What the cells of lists show: pictures, states, progress."""

import math

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from faces.models import Face, Photo
from faces.templatetags.pictures import cutout

STATE_COLOURS: dict[str, str] = {
    Photo.State.QUEUED: "default",
    Photo.State.INGESTED: "primary",
    Photo.State.ANALYSED: "primary",
    Photo.State.READY: "success",
    Photo.State.FAILED: "danger",
}


def portrait(face: Face | None, description: str) -> SafeString:
    """The face's cut-out, or a blank for somebody without a face."""
    if face is None:
        return format_html('<span class="pf-portrait pf-blank" title="{}"></span>', _("No picture yet"))
    markup = '<img class="pf-portrait" src="{}" alt="{}" width="160" height="160" loading="lazy" decoding="async">'
    return format_html(markup, cutout(face), description)


def progress(processed: int, failed: int, total: int) -> SafeString:
    """A bar with how many of `total` are `processed`, `failed` ones included, and a word when some failed."""
    if not total:
        return format_html('<span class="pf-muted">{}</span>', "–")
    kind = "pf-done" if processed == total else "pf-going"
    bar = format_html('<progress class="{}" value="{}" max="{}"></progress>', kind, processed, total)
    text = _("all done") if processed == total else f"{processed} / {total}"
    trouble = format_html('<span class="pf-bad">{}</span>', _("%d failed") % failed) if failed else ""
    return format_html('<span class="pf-progress-cell">{}<span>{} {}</span></span>', bar, text, trouble)


def time_left(seconds: int | None) -> str:
    """About how long the rest takes, in words; nothing when that cannot be told."""
    if not seconds:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    minutes = math.ceil(seconds / 60)
    return ngettext("about %d minute left", "about %d minutes left", minutes) % minutes
