"""A film is watched once, from some second on: what moves, what that is, and how it makes events. Pure."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from videos.config import IndexerConfig
from videos.decoding import Look
from videos.engines.base import Detection, Frame
from videos.grouping import Group, Grouping, Seen
from videos.motion import Motion, MotionFilter

WARM_UP_S = 12  # before the second that one goes on from: the motion filter has to know the background,
FARTHEST_S = 180  # which is bare where nothing moved, not farther back than this
_SURE = 0.5  # of things for which a config says nothing
Detect = Callable[[Sequence[Frame]], list[list[Detection]]]


class Looks(Protocol):
    """A film that is open."""

    def looks(self, *, start_s: float, every_frames: int, every_s: float) -> Iterator[Look]:
        """As videos.decoding.Film has it."""


@dataclass(eq=False)
class Stretch:
    """What is known of a film from where the last stretch ended to before `until_s`: the events in it, and the motion
    (a share of the frame) of each look.
    """

    until_s: float
    groups: list[Group] = field(default_factory=list)
    motion: list[tuple[float, float]] = field(default_factory=list)


class Watcher:
    """Watches films by a config; `detect` tells what is in frames. Gives a stretch about every `seconds` of work."""

    def __init__(self, config: IndexerConfig, detect: Detect, *, seconds: float) -> None:
        self._config, self._detect, self._seconds = config, detect, seconds

    def watch(self, film: Looks, *, start_s: float, motion: Sequence[int] = ()) -> Iterator[Stretch]:
        """The stretches of a film from that second on; the last one ends it (`until_s` is infinite). `motion` is how
        much moved in each second before.
        """
        watch = _Watch(self._config, self._detect, start_s)
        began = time.monotonic()
        config = self._config
        # By whole looks before: in a film of 10 frames a second they fall on the same frames again.
        from_s = start_s - (start_s - _bare_since(motion, int(start_s))) // config.look_seconds * config.look_seconds
        for look in film.looks(start_s=from_s, every_frames=config.frame_skip, every_s=config.look_seconds):
            watch.look(look)
            if look.timestamp_s >= start_s and time.monotonic() - began >= self._seconds:
                yield watch.stretch()
                began = time.monotonic()
        yield watch.last()


def _bare_since(motion: Sequence[int], start_s: int) -> int:
    """Since when the background is bare, last before that second; whoever stands there would be taken for a part of it
    and be missed, and seen when they have gone.
    """
    quiet = [second for second in range(max(start_s - FARTHEST_S, 0), min(start_s, len(motion))) if not motion[second]]
    last = since = quiet[-1] if quiet else max(start_s - WARM_UP_S, 0)
    while since and last - since < WARM_UP_S and since - 1 < len(motion) and not motion[since - 1]:
        since -= 1
    return since


class _Watch:
    """One film from one second on."""

    def __init__(self, config: IndexerConfig, detect: Detect, start_s: float) -> None:
        self._config, self._detect, self._start_s = config, detect, start_s
        self._filter = MotionFilter(min_area=config.min_area)
        self._grouping = Grouping(config.classes, default_least=_SURE)
        self._waiting: list[tuple[Frame, float]] = []
        self._groups: list[Group] = []
        self._motion: list[tuple[float, float]] = []
        self._last_s = start_s

    def look(self, look: Look) -> None:
        """The next look."""
        motion = self._filter.see(look.gray, look.timestamp_s)
        if look.timestamp_s < self._start_s:
            return
        step_s = min(look.timestamp_s - self._last_s, self._config.look_seconds) or self._config.look_seconds
        self._last_s = look.timestamp_s
        self._motion.append((look.timestamp_s, motion.share))
        if self._is_of_interest(motion):
            frame = Frame(look.timestamp_s, look.pixels(), motion.share, motion.boxes)
            self._waiting.append((frame, step_s))
            if len(self._waiting) >= self._config.batch_size:
                self._see()

    def stretch(self) -> Stretch:
        """All that is settled: what has not ended yet comes with a later stretch."""
        self._see()
        self._groups += self._grouping.pass_time(self._last_s)
        open_since = self._grouping.open_since()
        return self._cut(math.nextafter(self._last_s, math.inf) if open_since is None else open_since)

    def last(self) -> Stretch:
        """The rest of the film."""
        self._see()
        self._groups += self._grouping.end()
        return self._cut(math.inf)

    def _cut(self, until_s: float) -> Stretch:
        stretch = Stretch(until_s, self._groups, [point for point in self._motion if point[0] < until_s])
        self._groups, self._motion = [], [point for point in self._motion if point[0] >= until_s]
        return stretch

    def _is_of_interest(self, motion: Motion) -> bool:
        return motion.share >= self._config.motion_threshold and bool(motion.boxes)

    def _see(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        found = self._detect([frame for frame, _step in waiting])
        for (frame, step_s), detections in zip(waiting, found, strict=True):
            self._groups += self._grouping.add(Seen(frame, tuple(detections), step_s))
