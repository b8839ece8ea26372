"""What searches remember, until something changes that an answer may depend on."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import transaction

_KEY = "media_index.generation"
_KEPT_SECONDS = 600  # of answers that nothing outdates
Answer = TypeVar("Answer")


def index_changed() -> None:
    """Forget what searches remember once the transaction commits: every write that an answer may depend on says so."""
    transaction.on_commit(_renew)


def remembered(question: Any, compute: Callable[[], Answer]) -> Answer:
    """The answer to a question, which `repr` spells, computed unless it was since the last change.

    The generation is read first, so an answer that a change overtook is kept where nobody looks any more.
    """
    generation = cache.get(_KEY) or _renew()
    key = f"media_index.answer.{generation}.{hashlib.sha256(repr(question).encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = compute()
        cache.set(key, kept, _KEPT_SECONDS)
    return kept  # type: ignore[no-any-return]


def _renew() -> str:
    """A new generation: random, so that one which Redis dropped never comes again."""
    generation = secrets.token_hex(8)
    cache.set(_KEY, generation, timeout=None)
    return generation
