"""How much there is in the library, for the page that Admin opens with."""

from typing import Any

from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from media_index.models import DuplicatePair, Image, ImageCluster, Source

_KEPT_SECONDS = 60  # counting a million rows takes a tenth of a second


def library_totals() -> list[dict[str, Any]]:
    """Title, icon, count and link of each tile."""
    counts = cache.get_or_set("media_index.totals", _counts, _KEPT_SECONDS) or _counts()
    images, categories, groups, sources = counts
    rows = [
        (_("Images"), "image_search", images, "media_index_image_search"),
        (_("Categories"), "category", categories, "media_index_imagecluster_changelist"),
        (_("Duplicates to decide"), "file_copy", groups, "media_index_duplicatepair_changelist"),
        (_("Sources"), "folder_open", sources, "media_index_source_changelist"),
    ]
    return [
        {"title": title, "icon": icon, "count": count, "link": reverse(f"admin:{name}")}
        for title, icon, count, name in rows
    ]


def _counts() -> tuple[int, int, int, int]:
    waiting = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN)
    return (
        Image.objects.shown().count(),
        ImageCluster.objects.current().filter(size__gt=1).count(),
        waiting.aggregate(groups=Count("group", distinct=True))["groups"],
        Source.objects.count(),
    )
