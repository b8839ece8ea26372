"""What happens in a film, and when."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HnswIndex, VectorField

from videos.models.films import Video
from videos.querysets import VideoEventQuerySet

TEXT_DIMENSIONS = 384
# This configuration stems words in Latin letters as English.
_WORDS = SearchVector("caption", "caption_ru", config="russian")


class VideoEvent(models.Model):
    """Some seconds of a film that show the same: from when to when, best seen at `timestamp_s`, what it shows."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="events", verbose_name=_("film"))
    edition = models.PositiveIntegerField(editable=False)
    start_s = models.FloatField(_("start"))
    timestamp_s = models.FloatField(_("best seen at"))
    end_s = models.FloatField(_("end"))
    caption = models.TextField(_("caption"))
    caption_ru = models.TextField(_("caption in Russian"), blank=True)
    object_counts = models.JSONField(_("objects"), default=dict)
    motion = models.FloatField(_("motion"), default=0)  # the largest share of the frame that moved
    frame_key = models.CharField(max_length=120)
    contract = models.CharField(max_length=160)
    embedding = VectorField(dimensions=TEXT_DIMENSIONS)
    words = models.GeneratedField(expression=_WORDS, output_field=SearchVectorField(), db_persist=True)

    distance: float  # set by .nearest()
    objects: ClassVar = VideoEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a film")
        verbose_name_plural = _("events of films")
        ordering: ClassVar = ["video", "start_s"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["video", "start_s"], name="video_event_once")]
        indexes: ClassVar = [
            GinIndex(fields=["words"], name="videoevent_words"),
            GinIndex(fields=["object_counts"], name="videoevent_counts"),
            HnswIndex(
                fields=["embedding"],
                name="videoevent_hnsw",
                opclasses=["vector_cosine_ops"],
                m=16,
                ef_construction=64,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.video_id} at {self.start_s:.1f} s"


class VideoStill(models.Model):
    """A frame with faces, as a photo of the film's event: who is in it is found out as of any other photo.

    It stays when the photo is deleted: if that was of somebody who was forgotten, as its digest tells, nothing of that
    moment is kept again.
    """

    video = models.ForeignKey(Video, models.CASCADE, related_name="stills")
    photo = models.ForeignKey("faces.Photo", models.SET_NULL, null=True, related_name="stills")
    sha256 = models.CharField(max_length=64, blank=True)  # of the photo's image
    edition = models.PositiveIntegerField()
    timestamp_s = models.FloatField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["video", "timestamp_s"], name="video_still_once")]

    def __str__(self) -> str:
        return f"{self.video_id} at {self.timestamp_s:.1f} s"
