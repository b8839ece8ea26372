"""Reads of the media index, as chainable adjectives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import functions
from django.utils import timezone

if TYPE_CHECKING:
    from media_index.models import Image, ImageCluster, Source, SourceFile  # noqa: F401


class ImageQuerySet(models.QuerySet["Image"]):
    """Images."""

    def shown(self) -> ImageQuerySet:
        """Those that lists and searches show: no copy of a better one, no frame of a video."""
        return self.filter(superseded_by__isnull=True, is_still=False)

    def waiting(self) -> ImageQuerySet:
        """Ingested, and neither indexed nor given up."""
        return self.filter(ingested_at__isnull=False, indexed_at__isnull=True, index_error="", is_still=False)

    def claimed(self, ids: Collection[int]) -> ImageQuerySet:
        """Those of these ids that wait, locked until the transaction ends; not those that somebody works on."""
        return self.waiting().filter(pk__in=ids).select_for_update(skip_locked=True, no_key=True).order_by("pk")

    def locked(self) -> ImageQuerySet:
        """Locked until the transaction ends, before anything else is: see services/turns.py."""
        return self.select_for_update(no_key=True).order_by("pk")


class ClusterQuerySet(models.QuerySet["ImageCluster"]):
    """Categories."""

    def current(self) -> ClusterQuerySet:
        """Those that were not merged into another one, of the contract in use."""
        return self.filter(merged_into__isnull=True, contract__in_use=True)

    def pictured(self) -> ClusterQuerySet:
        """With `images_count`, of the images that lists show, and what `ImageCluster.picture` needs."""
        members = apps.get_model("media_index.ImageClusterMember").objects
        hidden = members.filter(cluster=models.OuterRef("pk"), image__superseded_by__isnull=False).order_by()
        count = hidden.values("cluster").annotate(count=models.Count("pk")).values("count")
        shown = models.F("size") - functions.Coalesce(models.Subquery(count), 0)
        return self.select_related("cover__superseded_by").annotate(images_count=shown)


class SourceQuerySet(models.QuerySet["Source"]):
    """Sources."""

    def stalled(self) -> SourceQuerySet:
        """Those of which nothing was heard for settings.PIPELINE_STALLED_SECONDS."""
        return self.filter(changed_at__lt=_long_ago())


class SourceFileQuerySet(models.QuerySet["SourceFile"]):
    """Files of sources."""

    def queued(self) -> SourceFileQuerySet:
        """Those that wait to be read."""
        return self.filter(state="queued")

    def stalled(self) -> SourceFileQuerySet:
        """Those at which nobody was for settings.PIPELINE_STALLED_SECONDS."""
        return self.filter(changed_at__lt=_long_ago())

    def claimed(self, file_id: int) -> SourceFile | None:
        """The file with its source, locked until the transaction ends; None when it does not wait, or is at hand."""
        files = self.queued().select_related("source")
        return files.select_for_update(skip_locked=True, no_key=True, of=("self",)).filter(pk=file_id).first()

    def gone(self, why: str) -> int:
        """Mark them as gone; what was known of their content stays. How many they were."""
        return self.update(state="gone", error_code="gone", error=why, attempts=0, changed_at=timezone.now())


def _long_ago() -> datetime:
    return timezone.now() - timedelta(seconds=settings.PIPELINE_STALLED_SECONDS)
