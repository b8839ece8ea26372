"""/metrics shows the pipeline."""

import logging

import pytest
from django.test import Client

from faces.models import Photo
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed, upload
from photofinder.celery import app
from photofinder.tests.workers import empty_broker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


def _gauges(client: Client) -> dict[str, float]:
    lines = client.get("/metrics").content.decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if line.startswith("photofinder_"))
    return {name: float(value) for name, _, value in pairs}


def test_it_counts_photos_by_state_and_running_batches(client: Client) -> None:
    event = event_create(name="Gala")
    processed(event, painted(1), painted(2))
    upload(event, painted(3))
    upload(event, painted(4))
    Photo.objects.filter(pk=upload(event, painted(5))[0].pk).update(state="failed")
    gauges = _gauges(client)
    states = {"ready": 2, "queued": 2, "failed": 1, "ingested": 0, "analysed": 0}
    assert {state: gauges[f'photofinder_photos{{state="{state}"}}'] for state in states} == states
    assert gauges["photofinder_batches_running"] == 2


def test_it_counts_the_messages_that_wait(client: Client) -> None:
    empty_broker()
    app.send_task("faces.tasks.ingest_photos", [[]])
    assert _gauges(client)['photofinder_queue_length{queue="ingest"}'] == 1
    assert _gauges(client)['photofinder_queue_length{queue="faces"}'] == 0
    empty_broker()


def test_it_shows_the_figures_of_django_too(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert b"django_http_requests" in answer.content


def test_it_leaves_out_what_it_cannot_read(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app.conf, "broker_read_url", "redis://127.0.0.1:1/0")
    with caplog.at_level(logging.CRITICAL, "photofinder.metrics"):
        gauges = _gauges(client)
    assert "photofinder_batches_running" in gauges
    assert not [name for name in gauges if name.startswith("photofinder_queue_length")]
