"""The engines of video in use: the site's, or those that a configuration names."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from photofinder.engines import get_engine
from photofinder.errors import Problem
from videos.engines.base import CaptionEngine, ObjectEngine, TextEngine


def object_engine(name: str = "") -> ObjectEngine:
    """Finds objects. Raises Problem `no_engine` for a name that the settings do not know."""
    engine: ObjectEngine = _named("OBJECT_ENGINES", name) if name else get_engine("objects")
    return engine


def caption_engine(name: str = "") -> CaptionEngine:
    """Says what is seen. Raises Problem `no_engine` for a name that the settings do not know."""
    engine: CaptionEngine = _named("CAPTION_ENGINES", name) if name else get_engine("captions")
    return engine


def text_engine() -> TextEngine:
    """Turns sentences into vectors."""
    engine: TextEngine = get_engine("text")
    return engine


@cache
def _named(engines: str, name: str) -> Any:
    known = getattr(settings, engines)
    if name not in known:
        raise Problem("no_engine", f"There is no engine {name}; choose one of {', '.join(sorted(known))}.")
    return import_string(known[name]["CLASS"])(**known[name]["OPTIONS"])
