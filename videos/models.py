"""Videos, and what was seen in them."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from photofinder.vectors import TEXT_DIMENSIONS, text_index
from videos.querysets import VideoEventQuerySet, VideoQuerySet


class Video(models.Model):
    """One film: in the storage, or at a path within the allowed roots."""

    class State(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", _("queued")
        INDEXING = "indexing", _("being indexed")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    name = models.CharField(_("file name"), max_length=255)
    key = models.CharField(_("storage key"), max_length=120, blank=True, editable=False)
    path = models.CharField(_("path"), max_length=1000, blank=True, help_text=_("Where it lies, when it was not sent."))
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    event = models.ForeignKey(
        "faces.Event", models.SET_NULL, null=True, blank=True, related_name="videos", verbose_name=_("event")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("sent by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    # What the container says.
    bytes = models.BigIntegerField(_("bytes"), default=0)
    duration_s = models.FloatField(_("duration in seconds"), default=0)
    width = models.PositiveIntegerField(_("width"), default=0, help_text=_("In pixels, as a viewer shows it."))
    height = models.PositiveIntegerField(_("height"), default=0, help_text=_("In pixels, as a viewer shows it."))
    frame_rate = models.FloatField(_("frames per second"), default=0)
    codec = models.CharField(_("codec"), max_length=40, blank=True)
    has_audio = models.BooleanField(_("has sound"), default=False)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    # Up to which second the run under way is committed, how long it took so far, and which run is shown.
    indexed_s = models.FloatField(_("indexed seconds"), default=0, editable=False)
    worked_s = models.FloatField(default=0, editable=False)
    run = models.PositiveIntegerField(default=0, editable=False)
    motion = models.JSONField(
        default=list, editable=False
    )  # of the run under way: the share of moving pixels per second
    poster_key = models.CharField(max_length=120, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = VideoQuerySet.as_manager()

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["changed_at"], name="video_unfinished", condition=models.Q(state__in=["queued", "indexing"])
            )
        ]

    def __str__(self) -> str:
        return self.name


class VideoEvent(models.Model):
    """Neighbouring frames of a video that show the same thing, with the best of them."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="events", verbose_name=_("video"))
    run = models.PositiveIntegerField(editable=False)  # of the video; a new run replaces the events of the one before
    start_s = models.FloatField(_("from second"))
    timestamp_s = models.FloatField(_("best second"))
    end_s = models.FloatField(_("to second"))
    caption = models.TextField(_("caption"))
    caption_ru = models.TextField(_("caption in Russian"), blank=True)
    object_counts = models.JSONField(_("objects"), default=dict)
    contract = models.CharField(_("contract"), max_length=160)
    embedding = VectorField(dimensions=TEXT_DIMENSIONS, null=True)
    words = SearchVectorField(null=True, editable=False)
    frame_key = models.CharField(max_length=120, editable=False)

    objects: ClassVar = VideoEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("moment")
        verbose_name_plural = _("moments")
        ordering: ClassVar = ["video", "start_s"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["video", "run", "start_s"], name="moment_once")]
        indexes: ClassVar = [
            text_index("embedding", "videoevent_embedding"),
            GinIndex(fields=["words"], name="videoevent_words"),
        ]

    def __str__(self) -> str:
        return f"{self.timestamp_s:.0f} s: {self.caption}"


class VideoStill(models.Model):
    """A frame with faces, as a photo of the video's event: through it the faces and people of the event know who is in
    the video, and when.
    """

    moment = models.ForeignKey(VideoEvent, models.CASCADE, related_name="stills")
    photo = models.ForeignKey("faces.Photo", models.CASCADE, related_name="stills")
    timestamp_s = models.FloatField(_("second"))

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["moment", "photo"], name="still_once")]

    def __str__(self) -> str:
        return f"{self.timestamp_s:.1f} s"
