"""The form of an event: what it asks for, in the groups that people think in, and what it shows beside."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldBooleanSwitchWidget,
)

from faces.models import Event
from faces.services.event_options import logo_read
from faces.services.retention import retention_end
from faces.templatetags.pictures import thumbnail
from photofinder.errors import RefusedFile

NEW_FIELDS = ("name", "date", "published")
_REFUSALS = {
    "too_large": _("The file is larger than 10 MB."),
    "too_many_pixels": _("The picture has too many pixels; 1000 on its longer side are enough."),
    "damaged": _("The file is damaged."),
}
_NO_PICTURE = _("This is not a picture that can be read; take a PNG with a transparent background.")


class Slider(UnfoldAdminIntegerFieldWidget):  # type: ignore[misc]  # Unfold has no types
    """A number that is dragged."""

    input_type = "range"


class EventForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when run
    """An event, with its logo as a file."""

    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("A PNG with a transparent background looks best."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/webp,image/jpeg,image/gif"}),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = Event
        fields = "__all__"  # noqa: DJ007 - Admin's own list of fields decides
        widgets: ClassVar = {
            "watermark_opacity": Slider(attrs={"min": 5, "max": 100, "step": 5}),
        }

    def clean_logo(self) -> bytes | None:
        """The logo as a PNG, ready to be stored."""
        file = self.cleaned_data.get("logo")
        return logo_checked(file) if file else None


def logo_checked(file: Any) -> bytes:
    """The file that somebody chose as a logo, as a PNG. Raises ValidationError."""
    try:
        return logo_read(file)
    except RefusedFile as problem:
        raise ValidationError(_REFUSALS.get(problem.code, _NO_PICTURE)) from problem


def fieldsets(event: Event, *, may_change: bool) -> tuple[tuple[Any, dict[str, Any]], ...]:
    """The groups of the form; who may only look gets no fields for files."""
    logo = (("logo", "remove_logo") if event.watermark_logo else ("logo",)) if may_change else ()
    watermark = ("watermark_text", *logo, "watermark_corner", "watermark_opacity")
    return (
        (_("About"), {"fields": ("name", "date", "slug", "text", "cover_shown"), "classes": ("pf-about",)}),
        (_("Access"), {"fields": ("published", "access", "code_shown"), "classes": ("pf-access",)}),
        (
            _("Delivery"),
            {"fields": ("originals_allowed", "released_only", *watermark), "classes": ("pf-delivery",)},
        ),
        (_("Privacy"), {"fields": ("retention_days", "deleted_on"), "classes": ("pf-privacy",)}),
    )


def cover_words(event: Event) -> SafeString:
    """The chosen cover, or how one is chosen."""
    photos = f"{reverse('admin:faces_photo_changelist')}?event__id__exact={event.pk}"
    how = format_html(
        '<a class="pf-link pf-only-in-form" href="{}">{}</a>', photos, gettext("Choose another one among the photos")
    )
    if event.cover is None:
        return format_html("{} {}", gettext("The first photo that attendees may see."), how)
    url, name = thumbnail(event.cover.image, 512), event.cover.original_name
    markup = '<span class="pf-cover-chosen"><img src="{}" alt="{}" width="180" height="120">{}</span>'
    return format_html(markup, url, name, how)


def code_words(event: Event) -> SafeString:
    """The code with buttons to copy it and, for those who get a form, to make another."""
    copy = format_html(
        '<button type="button" class="pf-button" data-copy="{}" data-copied="{}">'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span><span>{}</span></button>',
        *(event.code, gettext("Copied"), gettext("Copy")),
    )
    renew = format_html(
        '<button type="submit" class="pf-button pf-only-in-form" formaction="{}" formnovalidate data-sure="{}">'
        '<span class="material-symbols-outlined" aria-hidden="true">autorenew</span>{}</button>',
        reverse("admin:faces_event_code", args=[event.pk]),
        gettext("Make another code? Posters and links with this one will open nothing any more."),
        gettext("New code"),
    )
    markup = '<span class="pf-code-line"><code class="pf-code">{}</code>{}{}</span><span class="pf-muted">{}</span>'
    why = gettext(
        "The event's QR codes hold it: it opens the event in the bot, and its page where a code is asked for."
    )
    return format_html(markup, event.code, copy, renew, why)


def deleted_words(event: Event) -> str:
    """When the faces go, in words."""
    end = retention_end(event)
    if event.biometrics_deleted_at is not None:
        day = timezone.localdate(event.biometrics_deleted_at)
        return gettext("The faces were deleted on %s.") % date_format(day, "DATE_FORMAT")
    if end is None:
        return gettext("Nothing is deleted by itself.")
    days = ngettext("%d day", "%d days", event.retention_days or 0) % (event.retention_days or 0)
    text = gettext("On %(date)s: %(days)s after the event or its last upload. Photos stay, nobody is found in them.")
    return text % {"date": date_format(end, "DATE_FORMAT"), "days": days}
