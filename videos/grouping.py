"""Neighbouring frames that show the same become one event: when it starts, its best frame, and when it ends. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from videos.engines.base import Detection, Frame, Pixels

FACE = "face"  # a detection that tells where faces are, and is no thing of its own
GAP_S = 2.0  # somebody who is not seen for so long left, and comes back as another event
STILL_S = 2.0  # of so many seconds one frame is kept to know people by
LONGEST_S = 60.0  # of one event: a moment that is looked for is to be found
_STEADY = 2  # looks that agree make a change: one that stands alone was a mistake


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame and what was seen in it; `step_s` is how long until the next look."""

    frame: Frame
    detections: tuple[Detection, ...]
    step_s: float

    def counts(self) -> Counter[str]:
        """How many there are of each thing."""
        return Counter(found.label for found in self.detections if found.label != FACE)

    def score(self) -> float:
        """How well the frame shows what is in it: sure, large, sharp, with faces."""
        sure = sum(found.score * (found.box[2] * found.box[3]) ** 0.5 for found in self.detections)
        faces = sum(found.label == FACE for found in self.detections)
        return float((sure + faces) * (1 + _sharpness(self.frame.pixels)))


@dataclass(eq=False)
class Group:
    """Looks that show the same: from when to when, how often each count was seen, the best of them."""

    key: tuple[tuple[str, int], ...]
    start_s: float
    end_s: float
    best: Seen
    best_score: float
    certainty: dict[str, float] = field(default_factory=dict)
    otherwise: dict[str, str] = field(default_factory=dict)
    counted: list[Counter[str]] = field(default_factory=list)
    motion: float = 0.0
    path: list[tuple[float, float]] = field(default_factory=list)
    stills: dict[int, tuple[float, Frame]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """The usual number of each thing."""
        labels = sorted({label for counts in self.counted for label in counts})
        usual = {label: _usual([counts[label] for counts in self.counted]) for label in labels}
        return {label: count for label, count in usual.items() if count}


class Grouping:
    """Takes looks in their order and gives groups as they end.

    A group is an event only when each of its things was once seen with at least the certainty of `least`, by label:
    what is less sure only continues what is (hysteresis, as in Canny's edges).
    """

    def __init__(self, least: Mapping[str, float], *, default_least: float) -> None:
        self._least, self._default = least, default_least
        self._group: Group | None = None
        self._doubtful: list[Seen] = []

    def add(self, seen: Seen) -> Iterator[Group]:
        """The groups that this look ends."""
        if not seen.counts():
            return
        group, now = self._group, seen.frame.timestamp_s
        if group is None or now - group.end_s > GAP_S or now - group.start_s >= LONGEST_S:
            yield from self.end()
            self._begin([seen])
        elif _key(seen) == group.key:
            self._take_doubtful()
            _join(group, seen)
        elif self._is_steady(seen):
            changed, self._doubtful = [*self._doubtful, seen], []
            yield from self._closed(group)
            self._begin(changed)
        else:
            self._doubtful.append(seen)

    def pass_time(self, now_s: float) -> Iterator[Group]:
        """The group that has ended by now, as nothing continues it."""
        if self._group and now_s - self._group.end_s > GAP_S:
            yield from self.end()

    def end(self) -> Iterator[Group]:
        """The last group, at the end of the film or of what was there."""
        if self._group:
            self._take_doubtful()
            yield from self._closed(self._group)
        self._group = None

    def open_since(self) -> float | None:
        """When what has not ended yet began."""
        return self._group.start_s if self._group else None

    def _is_steady(self, seen: Seen) -> bool:
        return len(self._doubtful) + 1 >= _STEADY and all(_key(one) == _key(seen) for one in self._doubtful)

    def _take_doubtful(self) -> None:
        """A change that did not last was a mistake of one look: it belongs to what was there."""
        if self._group:
            for seen in self._doubtful:
                _join(self._group, seen)
        self._doubtful = []

    def _begin(self, seen: Sequence[Seen]) -> None:
        first = seen[0]
        at = first.frame.timestamp_s
        self._group = Group(_key(first), at, at, first, first.score())
        for one in seen:
            _join(self._group, one)

    def _closed(self, group: Group) -> Iterator[Group]:
        sure = {label for label, score in group.certainty.items() if score >= self._least.get(label, self._default)}
        names = group.otherwise | {label: label for label in sure}
        group.counted = [_renamed(counts, names) for counts in group.counted]
        if any(group.counted) or sure:
            yield group


def _join(group: Group, seen: Seen) -> None:
    group.end_s = max(group.end_s, seen.frame.timestamp_s + seen.step_s)
    score = seen.score()
    if score > group.best_score:
        group.best, group.best_score = seen, score
    for found in seen.detections:
        group.certainty[found.label] = max(group.certainty.get(found.label, 0.0), found.score)
        group.otherwise.setdefault(found.label, found.otherwise)
    group.counted.append(seen.counts())
    _keep_still(group, seen, score)
    group.motion = max(group.motion, seen.frame.motion)
    group.path.append(_middle(seen.detections))


def _keep_still(group: Group, seen: Seen, score: float) -> None:
    """Of every STILL_S seconds with faces the best frame."""
    if any(found.label == FACE for found in seen.detections):
        part = int(seen.frame.timestamp_s // STILL_S)
        if score > group.stills.get(part, (-1.0, seen.frame))[0]:
            group.stills[part] = score, seen.frame


def _renamed(counts: Counter[str], names: Mapping[str, str]) -> Counter[str]:
    """The counts of what has a name."""
    renamed: Counter[str] = Counter()
    for label, count in counts.items():
        if names.get(label):
            renamed[names[label]] += count
    return renamed


def _key(seen: Seen) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(seen.counts().items()))


def _usual(counts: Iterable[int]) -> int:
    """The most frequent number; of equally frequent ones the larger."""
    frequent = Counter(counts)
    return max(frequent, key=lambda count: (frequent[count], count))


def _middle(detections: Sequence[Detection]) -> tuple[float, float]:
    """Where the largest thing is."""
    left, top, width, height = max((found.box for found in detections), key=lambda box: box[2] * box[3])
    return left + width / 2, top + height / 2


def _sharpness(pixels: Pixels) -> float:
    """0 to 1, of a quarter of the frame's pixels."""
    gray = cv2.cvtColor(np.ascontiguousarray(pixels[::2, ::2]), cv2.COLOR_RGB2GRAY)
    variance = float(cv2.Laplacian(gray, cv2.CV_64F).var())
    return variance / (variance + 500)
