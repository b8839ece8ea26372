"""The settings that an environment leads to, for the tests."""

import runpy
from typing import Any

import pytest
from django.conf import settings


def configured(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """What photofinder/settings.py defines with these variables, beside those of the test run."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(settings.BASE_DIR / "photofinder/settings.py"))
