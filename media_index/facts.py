"""What is known of an image besides its row."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

MOST_NAMES = 300  # of one image: a blank page may lie in a hundred thousand folders, and the first of them find it


@dataclass
class ImageFacts:
    """The names of its files, the first MOST_NAMES of them, and the names of its events by slug."""

    names: list[str] = field(default_factory=list)
    events: dict[str, str] = field(default_factory=dict)

    def add(self, *, names: Iterable[str] = (), events: dict[str, str] | None = None) -> None:
        """Put more of them behind those that are there."""
        free = MOST_NAMES - len(self.names)
        self.names.extend(islice(names, max(free, 0)))
        self.events |= events or {}
