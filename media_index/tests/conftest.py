"""Which engine the index has."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from photofinder import engines

Choose = Callable[..., Any]


@pytest.fixture
def chosen_engine(settings: Any) -> Iterator[Choose]:
    """Choose the image engine by its name in settings and its options."""

    def choose(name: str, **options: Any) -> Any:
        chosen = settings.IMAGE_ENGINES[name]
        settings.ENGINES = settings.ENGINES | {"image": chosen | {"OPTIONS": chosen["OPTIONS"] | options}}
        engines._make.cache_clear()
        return engines.get_engine("image")

    yield choose
    engines._make.cache_clear()


@pytest.fixture
def reading_engine(chosen_engine: Choose) -> Any:
    """The fake engine, which sees colours and reads their names."""
    return chosen_engine("fake")


@pytest.fixture
def empty_cache() -> Iterator[None]:
    """Nothing is remembered."""
    cache.clear()
    yield
    cache.clear()
