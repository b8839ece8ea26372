"""What other rooms know of an image."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImageFacts:
    """The names of its files, as they were sent, and the names of its events by slug."""

    names: tuple[str, ...] = ()
    events: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: "ImageFacts") -> "ImageFacts":
        return ImageFacts((*self.names, *other.names), {**self.events, **other.events})
