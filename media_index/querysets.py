"""Reads of the media index, as chainable adjectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

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


class ClusterQuerySet(models.QuerySet["ImageCluster"]):
    """Categories."""

    def current(self) -> ClusterQuerySet:
        """Those that were not merged into another one, of the contract in use."""
        return self.filter(merged_into__isnull=True, contract__in_use=True)


class SourceQuerySet(models.QuerySet["Source"]):
    """Sources."""


class SourceFileQuerySet(models.QuerySet["SourceFile"]):
    """Files of sources."""

    def queued(self) -> SourceFileQuerySet:
        """Those that wait to be read."""
        return self.filter(state="queued")
