"""Events, and the photos that are sent to them."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.querysets import EventQuerySet, PhotoQuerySet

_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that people take for another


def new_code() -> str:
    """A code that nobody guesses and that can be read out: 50 bits."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))


class Event(models.Model):
    """An occasion whose photos belong together."""

    class Access(models.TextChoices):
        """Who may look for themselves, once the event is published."""

        PUBLIC = "public", _("everybody")
        CODE = "code", _("whoever has the code")
        CLOSED = "closed", _("nobody")

    class Corner(models.TextChoices):
        """Where the watermark lies."""

        BOTTOM_RIGHT = "bottom_right", _("bottom right")
        BOTTOM_LEFT = "bottom_left", _("bottom left")
        TOP_RIGHT = "top_right", _("top right")
        TOP_LEFT = "top_left", _("top left")
        CENTRE = "centre", _("centre")
        TILED = "tiled", _("all over")

    slug = models.SlugField(_("slug"), max_length=80, unique=True, help_text=_("The event's name in addresses."))
    name = models.CharField(_("name"), max_length=200)
    date = models.DateField(_("date"), null=True, blank=True)
    published = models.BooleanField(_("published"), default=False, help_text=_("Attendees find themselves in it."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    text = models.TextField(_("text"), blank=True, help_text=_("What attendees read on the event's page."))
    cover = models.ForeignKey(
        "Photo", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cover")
    )
    access = models.CharField(_("open to"), max_length=10, choices=Access.choices, default=Access.PUBLIC)
    code = models.CharField(_("code"), max_length=16, unique=True, default=new_code, editable=False)
    retention_days = models.PositiveIntegerField(
        _("retention in days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(36_500)],
        help_text=_("So long after the event and its last upload all faces are deleted. Empty: they are kept."),
    )
    biometrics_deleted_at = models.DateTimeField(_("faces deleted at"), null=True, editable=False)
    originals_allowed = models.BooleanField(
        _("originals"), default=True, help_text=_("Attendees may fetch the originals, not only previews.")
    )
    released_only = models.BooleanField(
        _("released photos only"), default=False, help_text=_("Attendees see only photos that a moderator released.")
    )
    watermark_text = models.CharField(_("watermark text"), max_length=60, blank=True)
    watermark_logo = models.CharField(_("watermark logo"), max_length=120, blank=True, editable=False)
    watermark_corner = models.CharField(
        _("place of the watermark"), max_length=12, choices=Corner.choices, default=Corner.BOTTOM_RIGHT
    )
    watermark_opacity = models.PositiveSmallIntegerField(
        _("opacity of the watermark, %"), default=60, validators=[MinValueValidator(5), MaxValueValidator(100)]
    )
    deletion_began_at = models.DateTimeField(null=True, editable=False)
    # How often there was something to tell subscribers, and up to which time they were told.
    news = models.PositiveIntegerField(default=0, editable=False)
    told = models.PositiveIntegerField(default=0, editable=False)
    # Which state of its faces the event is in, and which one its people were last consolidated for.
    revision = models.PositiveIntegerField(default=0, editable=False)
    settled_revision = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering: ClassVar = ["-date", "-id"]

    def __str__(self) -> str:
        return self.name


class UploadBatch(models.Model):
    """Photos that were sent together. How far it is follows from its photos, so no counter can drift."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="batches", verbose_name=_("event"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("sent by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"


class Refusal(models.Model):
    """A file of a batch that was not taken in, and why."""

    batch = models.ForeignKey(UploadBatch, models.CASCADE, related_name="refusals", verbose_name=_("upload"))
    name = models.CharField(_("file name"), max_length=255)
    code = models.CharField(_("code"), max_length=40)
    detail = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("refused file")
        verbose_name_plural = _("refused files")

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


class Photo(models.Model):
    """An image as a photo of an event, on its way through the pipeline."""

    class State(models.TextChoices):
        """What has been done; each state but the last two waits for the stage that settings.PIPELINE names."""

        QUEUED = "queued", _("queued")
        INGESTED = "ingested", _("looking for faces")
        ANALYSED = "analysed", _("recognising people")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    event = models.ForeignKey(Event, models.CASCADE, related_name="photos", verbose_name=_("event"))
    batch = models.ForeignKey(UploadBatch, models.CASCADE, related_name="photos", verbose_name=_("upload"))
    image = models.ForeignKey("media_index.Image", models.PROTECT, related_name="photos", verbose_name=_("image"))
    original_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    # The contract of the engine that looked for faces last: what it left out is not looked for again.
    analysed_with = models.CharField(max_length=160, blank=True, editable=False)
    is_released = models.BooleanField(_("released"), default=False, editable=False)
    is_still = models.BooleanField(
        default=False, editable=False
    )  # a frame of a video: people are known by it, not sent it
    changed_at = models.DateTimeField(_("changed at"), auto_now_add=True)

    objects: ClassVar = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "image"], name="photo_once_per_event")]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "changed_at"],
                name="photo_unfinished",
                condition=models.Q(state__in=["queued", "ingested", "analysed"]),
            )
        ]

    def __str__(self) -> str:
        return self.original_name
