"""/metrics: Django's own figures, and gauges that are read when somebody asks."""

import logging
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from photofinder.celery import queue_length

log = logging.getLogger(__name__)
Gauges = Callable[[], Iterable[GaugeMetricFamily]]


class Page(Collector):
    """The view, and the collector of what `gauges` read; what the database or the broker cannot say is left out."""

    def __init__(self, *gauges: Gauges) -> None:
        self._gauges = gauges
        # Of our own, because Django's registry is another one with several web processes.
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page, in the text format of Prometheus."""
        page: HttpResponse = ExportToDjangoView(request)
        page.content += generate_latest(self._registry)
        return page

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read every gauge."""
        for gauges in self._gauges:
            try:
                yield from gauges()
            except Exception:  # whatever a driver raises, the other figures are worth showing
                log.exception("/metrics: %s cannot be read", gauges.__name__)


def queue_gauges() -> Iterator[GaugeMetricFamily]:
    """How many messages wait in each queue."""
    gauge = GaugeMetricFamily("photofinder_queue_length", "Messages that wait for a worker.", labels=["queue"])
    for queue in settings.QUEUES:
        gauge.add_metric([queue], queue_length(queue))
    yield gauge
