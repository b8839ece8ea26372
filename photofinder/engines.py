"""Engines by setting, one instance of each per process."""

from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

_lock = Lock()


def get_engine(stage: str) -> Any:
    """The engine that `settings.ENGINES[stage]` names; made on first use, loads its weights when first used."""
    with _lock:
        return _make(stage)


@cache
def _make(stage: str) -> Any:
    setting = settings.ENGINES[stage]
    return import_string(setting["CLASS"])(**setting["OPTIONS"])
