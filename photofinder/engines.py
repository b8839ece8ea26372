"""Engines by setting, one instance of each per process."""

from functools import cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from photofinder.errors import EngineUnavailable

_lock = Lock()


def get_engine(stage: str, name: str = "") -> Any:
    """The engine that `settings.ENGINES[stage]` names, or another one of the stage by its `name` in settings; made on
    first use, loads its weights when first used. Raises EngineUnavailable for a name that is none.
    """
    with _lock:
        return _make(stage, name)


@cache
def _make(stage: str, name: str) -> Any:
    setting = _named(stage, name) if name else settings.ENGINES[stage]
    return import_string(setting["CLASS"])(**setting["OPTIONS"])


def _named(stage: str, name: str) -> Any:
    known = getattr(settings, f"{stage.upper()}_ENGINES")
    if name not in known:
        raise EngineUnavailable(f"There is no {stage} engine {name!r}; there are {', '.join(known)}.")
    return known[name]
