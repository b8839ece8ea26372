"""Every stored image, once, by the content of its file."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from photofinder.storage import thumbnail_key


class Image(models.Model):
    """One file's content. Its identity is the SHA-256, so the same bytes sent twice are one row."""

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    key = models.CharField(_("storage key"), max_length=120)
    format = models.CharField(_("format"), max_length=10)
    bytes = models.BigIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"), help_text=_("In pixels, as a viewer shows it."))
    height = models.PositiveIntegerField(_("height"), help_text=_("In pixels, as a viewer shows it."))
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True, help_text=_("The camera's clock."))
    camera = models.CharField(_("camera"), max_length=100, blank=True)
    stored_at = models.DateTimeField(_("stored at"), auto_now_add=True)
    ingested_at = models.DateTimeField(_("ingested at"), null=True, editable=False)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")

    def __str__(self) -> str:
        return self.sha256[:12]

    def thumbnail_key(self, long_side: int) -> str:
        """The storage key of the copy with that long side, one of settings.THUMBNAIL_SIZES_PX."""
        return thumbnail_key(self.sha256, long_side)
