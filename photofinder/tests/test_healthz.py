"""/healthz says whether everything answers, and what does not."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from photofinder import health
from photofinder.celery import app
from photofinder.tests.workers import empty_broker, wait_until, worker

PARTS = {"database", "broker", "storage", *(f"worker:{queue}" for queue in settings.QUEUES)}


@pytest.fixture(autouse=True)
def forgetful(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is remembered from another test; what fails here on purpose is not logged."""
    for remembered in (health.workers, health.stored):
        remembered.forget()
    with caplog.at_level(logging.CRITICAL, "photofinder.health"):
        yield


@pytest.mark.django_db(transaction=True)
def test_it_is_well_only_with_a_worker_of_every_queue(client: Client, tmp_path: Path) -> None:
    empty_broker()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert _failing(answer) == {part for part in PARTS if part.startswith("worker")}
    with worker(tmp_path / "worker.log"):
        wait_until(lambda: client.get("/healthz").status_code == 200)
        answer = client.get("/healthz")
        assert answer.json() == {"status": "ok", "parts": dict.fromkeys(PARTS, "ok")}
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_it_names_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", _closed_port())
    assert "database" in _failing(client.get("/healthz"))


@pytest.mark.django_db
def test_it_names_the_broker_and_does_not_wait_for_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.conf, "broker_read_url", f"redis://127.0.0.1:{_closed_port()}/0")
    assert {"broker", "worker:faces"} <= _failing(client.get("/healthz"))


@pytest.mark.django_db
def test_it_names_a_storage_that_cannot_be_written(client: Client, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    backend = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "file", "base_url": "/media/"}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    assert "storage" in _failing(client.get("/healthz"))


def test_it_asks_again_at_once_after_a_bad_answer_and_believes_a_good_one() -> None:
    answers = iter([["faces"], [], ["never asked"]])
    question = health.Remembered(lambda: next(answers), seconds=60)
    assert [question.ask() for _ in range(3)] == [{"faces"}, set(), set()]


def test_it_asks_again_after_a_while() -> None:
    answers = iter([[], ["faces"]])
    question = health.Remembered(lambda: next(answers), seconds=0)
    assert [question.ask() for _ in range(2)] == [set(), {"faces"}]


def _failing(answer: Any) -> set[str]:
    assert set(answer.json()["parts"]) == PARTS
    return {part for part, state in answer.json()["parts"].items() if state != "ok"}


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
