"""Reads, as chainable adjectives."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from numpy import float32
from numpy.typing import NDArray

from photofinder.vectors import nearest

if TYPE_CHECKING:
    from videos.models import Video, VideoEvent  # noqa: F401

UNFINISHED = ("queued", "indexing")


class VideoQuerySet(models.QuerySet["Video"]):
    """Films."""

    def unfinished(self) -> VideoQuerySet:
        """Those that wait for a worker or have one."""
        return self.filter(state__in=UNFINISHED)

    def stalled(self) -> VideoQuerySet:
        """Those of which nothing was heard for a while: their message or their worker may be lost."""
        heard = Now() - timedelta(seconds=settings.PIPELINE_STALLED_SECONDS)
        return self.unfinished().filter(changed_at__lt=heard)

    def abandoned(self) -> VideoQuerySet:
        """Those that were never sent to their end."""
        heard = Now() - timedelta(seconds=settings.VIDEO_SENDING_SECONDS)
        return self.filter(state="sending", changed_at__lt=heard)


class VideoEventQuerySet(models.QuerySet["VideoEvent"]):
    """Events of films."""

    def between(self, start_s: float | None, end_s: float | None) -> VideoEventQuerySet:
        """Those that touch that time."""
        starts = Q() if end_s is None else Q(start_s__lte=end_s)
        ends = Q() if start_s is None else Q(end_s__gte=start_s)
        return self.filter(starts & ends)

    def with_films(self) -> VideoEventQuerySet:
        """Each with its film and that film's event, without what only searches and timelines read."""
        return self.select_related("video__event").defer("embedding", "words", "video__motion")

    def nearest(self, vector: NDArray[float32], *, contract: str, is_exact: bool = False) -> models.QuerySet[Any]:
        """Of that contract, nearest first, each with its cosine `distance`."""
        return nearest(self, "embedding", vector, contract=contract, is_exact=is_exact)
