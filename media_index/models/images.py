"""Every image, once, and what people say of it."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from media_index.querysets import ImageQuerySet
from photofinder.storage import thumbnail_key


class Tag(models.Model):
    """A word that people gave to images."""

    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="tag_name")]

    def __str__(self) -> str:
        return self.name


class Image(models.Model):
    """One file's content. Its identity is the SHA-256, so the same bytes sent twice are one row."""

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    key = models.CharField(
        _("storage key"), max_length=120, blank=True, help_text=_("Empty: the file lies only where it was found.")
    )
    format = models.CharField(_("format"), max_length=10)
    bytes = models.BigIntegerField(_("bytes"))
    width = models.PositiveIntegerField(_("width"), help_text=_("In pixels, as a viewer shows it."))
    height = models.PositiveIntegerField(_("height"), help_text=_("In pixels, as a viewer shows it."))
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True, help_text=_("The camera's clock."))
    camera = models.CharField(_("camera"), max_length=100, blank=True)
    sharpness = models.FloatField(
        _("sharpness"), null=True, editable=False, help_text=_("The variance of the Laplacian of a small gray copy.")
    )
    stored_at = models.DateTimeField(_("stored at"), auto_now_add=True)
    ingested_at = models.DateTimeField(_("ingested at"), null=True, editable=False)
    is_still = models.BooleanField(default=False, editable=False)  # a frame of a video, which the index leaves out

    rating = models.PositiveSmallIntegerField(_("rating"), default=0, validators=[MaxValueValidator(5)])
    caption = models.TextField(_("caption"), blank=True)
    tags = models.ManyToManyField(Tag, related_name="images", blank=True, verbose_name=_("tags"))
    words = SearchVectorField(null=True, editable=False)  # of tags, caption, file names and what other rooms know
    superseded_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="superseded", verbose_name=_("superseded by")
    )

    # Embedding, category and duplicates: done, or how often it was tried and why it failed.
    indexed_at = models.DateTimeField(_("indexed at"), null=True, editable=False)
    index_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    index_error = models.TextField(_("error"), blank=True, editable=False)

    objects: ClassVar = ImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="image_words"),
            models.Index(models.F("taken_at").desc(nulls_last=True), models.F("id").desc(), name="image_newest"),
            models.Index(fields=["camera"], name="image_camera"),
            models.Index(
                fields=["id"],
                condition=models.Q(ingested_at__isnull=False, indexed_at__isnull=True, is_still=False),
                name="image_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]

    def thumbnail_key(self, long_side: int) -> str:
        """The storage key of the copy with that long side, one of settings.THUMBNAIL_SIZES_PX."""
        return thumbnail_key(self.sha256, long_side)
