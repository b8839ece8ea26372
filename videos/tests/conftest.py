"""The fake face engine of faces, and a storage of the test's own."""

from typing import Any

import pytest

from faces.tests.conftest import fake_engine

__all__ = ["fake_engine"]


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is told: the test is the worker."""
    for service in ("sending", "indexing"):
        monkeypatch.setattr(f"videos.services.{service}.enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture
def own_storage(settings: Any, tmp_path: Any) -> None:
    """A storage of this test's own, to be searched."""
    backend = "photofinder.storage.SignedFileSystemStorage"
    default = {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "media", "base_url": "/media/"}}
    settings.STORAGES = settings.STORAGES | {"default": default}
