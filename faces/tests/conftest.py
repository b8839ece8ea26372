"""The fake face engine, and the messages that services send."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from faces.services import pipeline, uploads
from photofinder import engines

expect.set_options(timeout=15_000)  # a page on a busy machine is late, not wrong


@pytest.fixture
def fake_engine(settings: Any) -> Iterator[Any]:
    """Painted squares are faces; see faces.tests.painting."""
    settings.ENGINES = settings.ENGINES | {"face": {"CLASS": "faces.engines.fake.FakeFaceEngine", "OPTIONS": {}}}
    engines._make.cache_clear()
    yield engines.get_engine("face")
    engines._make.cache_clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """The messages that would go out on commit, in chunks as they are sent."""
    messages: list[tuple[str, list[int]]] = []

    def record(path: str, ids: list[int], *, chunk: int | None = None) -> None:
        size = chunk or max(len(ids), 1)
        messages.extend((path, list(ids[start : start + size])) for start in range(0, len(ids), size))

    monkeypatch.setattr(uploads, "enqueue", record)
    monkeypatch.setattr(pipeline, "enqueue", record)
    return messages


@pytest.fixture
def unhurried(settings: Any) -> None:
    """Visitors of pages who are never asked to wait: tests all have the same address."""
    settings.PAGE_SEARCH_RATE = settings.OPT_OUT_RATE = "10000/sec"
