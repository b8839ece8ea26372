"""Reads of videos, as chainable adjectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from videos.models import Video, VideoEvent  # noqa: F401


class VideoQuerySet(models.QuerySet["Video"]):
    """Videos."""

    def unfinished(self) -> VideoQuerySet:
        """Those that wait or are worked on."""
        return self.filter(state__in=["queued", "indexing"])


class VideoEventQuerySet(models.QuerySet["VideoEvent"]):
    """Moments."""

    def shown(self) -> VideoEventQuerySet:
        """Those of the run that is shown, of each video."""
        return self.filter(run=models.F("video__run"))
