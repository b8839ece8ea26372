"""Films, and the parts in which they are sent."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.querysets import VideoQuerySet


class Video(models.Model):
    """A film: a file in the storage, or one that lies at a path within settings.VIDEO_ROOTS."""

    class State(models.TextChoices):
        """How far it is."""

        SENDING = "sending", _("being sent")
        QUEUED = "queued", _("queued")
        INDEXING = "indexing", _("indexing")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    event = models.ForeignKey(
        "faces.Event", models.CASCADE, null=True, blank=True, related_name="videos", verbose_name=_("event")
    )
    name = models.CharField(_("name"), max_length=255)
    key = models.CharField(_("storage key"), max_length=120, blank=True, editable=False)
    path = models.CharField(_("path"), max_length=1000, blank=True)
    bytes = models.BigIntegerField(_("bytes"), default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("sent by"))
    owner = models.CharField(max_length=64, blank=True, editable=False)  # whoever sent it, by a backend's own name
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    # What the film says of itself, once it was opened.
    width = models.PositiveIntegerField(_("width"), default=0, editable=False)
    height = models.PositiveIntegerField(_("height"), default=0, editable=False)
    duration_s = models.FloatField(_("duration in seconds"), default=0, editable=False)
    frame_rate = models.FloatField(_("frames per second"), default=0, editable=False)
    codec = models.CharField(_("codec"), max_length=30, blank=True, editable=False)
    poster_key = models.CharField(max_length=120, blank=True, editable=False)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SENDING, editable=False)
    error_code = models.CharField(_("error code"), max_length=40, blank=True, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    # Everything before this second is indexed and committed; whoever goes on begins there.
    position_s = models.FloatField(_("seconds done"), default=0, editable=False)
    # How much moved in each second, in per mille of the frame.
    motion = ArrayField(models.PositiveSmallIntegerField(), default=list, editable=False)
    edition = models.PositiveIntegerField(default=0, editable=False)  # how often it was indexed from its start
    run = models.PositiveIntegerField(
        default=0, editable=False
    )  # who may write: each worker that begins takes the next
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)  # since something was committed
    working_s = models.FloatField(default=0, editable=False)  # how long this edition took so far
    changed_at = models.DateTimeField(_("changed at"), auto_now_add=True)
    batch = models.ForeignKey("faces.UploadBatch", models.SET_NULL, null=True, editable=False, related_name="+")

    objects: ClassVar = VideoQuerySet.as_manager()

    class Meta:
        verbose_name = _("film")
        verbose_name_plural = _("films")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "changed_at"],
                name="video_unfinished",
                condition=models.Q(state__in=["queued", "indexing"]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class VideoChunk(models.Model):
    """A part of a film that is being sent; its bytes lie in the storage until all are there."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="chunks")
    start = models.BigIntegerField()
    bytes = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["start"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["video", "start"], name="video_chunk_once")]

    def __str__(self) -> str:
        return f"{self.video_id}: {self.start}"
