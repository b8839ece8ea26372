"""Figures of the pipeline for /metrics."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily

from faces.models import Photo


def photo_gauges() -> Iterator[GaugeMetricFamily]:
    """How many photos are in each state, and how many uploads have photos that are not finished."""
    photos = GaugeMetricFamily("photofinder_photos", "Photos by state of their processing.", labels=["state"])
    counts = dict(Photo.objects.taken().order_by().values_list("state").annotate(n=Count("pk")))
    for state in Photo.State.values:
        photos.add_metric([state], counts.get(state, 0))
    yield photos
    running = Photo.objects.taken().unfinished().order_by().values("batch").distinct().count()
    yield GaugeMetricFamily("photofinder_batches_running", "Uploads with photos in processing.", value=running)
