"""Neighbouring frames that show the same thing, as one moment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from videos.engines.base import FACE, Detection, Scene, Seen

_FACES_KEPT = 12  # frames of a moment in which people are looked for


@dataclass(eq=False)
class Moment:
    """Frames that show the same objects, from `start_s` to `end_s`. Of their pixels only the best frame's are kept, and
    those of a few frames with faces.
    """

    start_s: float
    end_s: float
    best: Seen
    counts: Counter[str]
    path: list[tuple[float, Sequence[Detection]]] = field(default_factory=list)
    faces: list[Seen] = field(default_factory=list)

    @classmethod
    def of(cls, seen: Seen) -> "Moment":
        """Beginning with that frame."""
        moment = cls(seen.frame.time_s, seen.frame.time_s, seen, counts(seen))
        moment.add(seen)
        return moment

    def add(self, seen: Seen) -> None:
        """One more frame of it."""
        self.end_s = seen.frame.time_s
        self.path.append((seen.frame.time_s, seen.detections))
        self.best = max(self.best, seen, key=_worth)
        if any(found.label == FACE for found in seen.detections):
            self.faces = sorted([*self.faces, seen], key=_faces_worth, reverse=True)[:_FACES_KEPT]

    @property
    def scene(self) -> Scene:
        """What its caption is made of."""
        return Scene(self.start_s, self.end_s, self.best, self.path)


class Grouping:
    """Makes moments of frames that come one after another.

    A moment ends when nothing is seen for `gap_s`, when it is `longest_s` long, or when something else is seen in two
    frames running: a detector that errs once ends nothing.
    """

    def __init__(self, *, gap_s: float, longest_s: float) -> None:
        self._gap_s, self._longest_s = gap_s, longest_s
        self._open: Moment | None = None
        self._other: Seen | None = None

    @property
    def open_since(self) -> float | None:
        """When the moment began that goes on."""
        return self._open.start_s if self._open else None

    def add(self, seen: Seen) -> Moment | None:
        """Take the next frame with objects; the moment that has ended before it, if one has."""
        if self._open is None:
            self._open = Moment.of(seen)
            return None
        if self._is_over(seen.frame.time_s):
            return self._begin(seen)
        if counts(seen) == self._open.counts:
            self._take_back()
            self._open.add(seen)
            return None
        if self._other is None or counts(self._other) != counts(seen):
            self._take_back()
            self._other = seen
            return None
        return self._begin(self._other, seen)

    def pass_to(self, time_s: float) -> Moment | None:
        """Nothing was seen up to that second; the moment that has ended by now, if one has."""
        if self._open is None or time_s - self._last_s <= self._gap_s:
            return None
        return self.end()

    def end(self) -> Moment | None:
        """The moment that goes on, ended."""
        self._take_back()
        ended, self._open = self._open, None
        return ended

    @property
    def _last_s(self) -> float:
        assert self._open
        return self._other.frame.time_s if self._other else self._open.end_s

    def _is_over(self, time_s: float) -> bool:
        assert self._open
        return time_s - self._last_s > self._gap_s or time_s - self._open.start_s >= self._longest_s

    def _begin(self, first: Seen, *more: Seen) -> Moment | None:
        if not more:
            self._take_back()
        ended, self._open, self._other = self._open, Moment.of(first), None
        for seen in more:
            self._open.add(seen)
        return ended

    def _take_back(self) -> None:
        """The frame that showed something else was a slip."""
        if self._other and self._open:
            self._open.add(self._other)
        self._other = None


def counts(seen: Seen) -> Counter[str]:
    """How many objects of each label are in the frame; faces belong to people and are not counted apart."""
    return Counter(found.label for found in seen.detections if found.label != FACE)


def _worth(seen: Seen) -> float:
    """How well a frame shows what it shows: sure and large."""
    return sum(found.confidence * (0.1 + found.box[2] * found.box[3]) for found in seen.detections)


def _faces_worth(seen: Seen) -> float:
    return sum(found.box[2] * found.box[3] for found in seen.detections if found.label == FACE)
