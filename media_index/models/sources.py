"""Folders and S3 prefixes whose images are catalogued where they lie, and the files in them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from media_index.models.images import Image
from media_index.querysets import SourceFileQuerySet, SourceQuerySet


class Source(models.Model):
    """A tree of files. How far its cataloguing is follows from its files, so no counter can drift."""

    class State(models.TextChoices):
        """What is going on."""

        QUEUED = "queued", _("queued")
        LISTING = "listing", _("listing")
        LISTED = "listed", _("listed")
        FAILED = "failed", _("failed")

    location = models.CharField(
        _("location"), max_length=1000, unique=True, help_text=_("A folder, or s3://bucket/prefix.")
    )
    copies = models.BooleanField(
        _("copy the files"), default=False, help_text=_("Into the storage; otherwise they are read where they lie.")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("added by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    error = models.TextField(_("error"), blank=True)
    # How often it was listed from the start, and what could not be read the last time: [[folder, why], ...].
    run = models.PositiveIntegerField(default=0, editable=False)
    unreadable = models.JSONField(default=list, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = SourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")

    def __str__(self) -> str:
        return self.location


class SourceFile(models.Model):
    """One file of a source. Known again by path, size and time of change, so an unchanged file is never read twice."""

    class State(models.TextChoices):
        """Where it is on its way."""

        QUEUED = "queued", _("queued")
        INDEXED = "indexed", _("indexed")
        FAILED = "failed", _("failed")
        GONE = "gone", _("gone")

    source = models.ForeignKey(Source, models.CASCADE, related_name="files", verbose_name=_("source"))
    path = models.BinaryField(help_text="Below the source, as the system spells it: not every name is UTF-8.")
    path_digest = models.BinaryField(
        max_length=32, help_text="SHA-256 of the path: an index has no room for long ones."
    )
    name = models.TextField(_("path"), help_text=_("To be read by people."))
    size = models.BigIntegerField(_("bytes"))
    changed_ns = models.BigIntegerField(help_text="The file's time of change in nanoseconds since 1970.")
    image = models.ForeignKey(
        Image, models.SET_NULL, null=True, blank=True, related_name="files", verbose_name=_("image")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    seen_in = models.PositiveIntegerField(editable=False)  # the source's run that saw it last
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = SourceFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a source")
        verbose_name_plural = _("files of sources")
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "path_digest"], name="source_file")]
        indexes: ClassVar = [
            models.Index(fields=["source", "state", "id"], name="sourcefile_state"),
            models.Index(fields=["changed_at"], condition=models.Q(state="queued"), name="sourcefile_queued"),
        ]

    def __str__(self) -> str:
        return self.name
