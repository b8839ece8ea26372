"""How much one person may ask in a while."""

import time
from collections import defaultdict, deque
from enum import Enum, auto


class Verdict(Enum):
    """What to do with a message: read it, say once that it is too much, or say nothing."""

    READ = auto()
    WARN = auto()
    IGNORE = auto()


class FloodGate:
    """Lets `rate` messages of each person through in any `seconds`."""

    def __init__(self, *, rate: int, seconds: float) -> None:
        self._rate, self._seconds = rate, seconds
        self._read: defaultdict[int, deque[float]] = defaultdict(deque)
        self._warned: dict[int, float] = {}

    def verdict(self, person: int, now: float | None = None) -> Verdict:
        """Count a message of this person, at `now` of the monotonic clock."""
        now = time.monotonic() if now is None else now
        self._forget_before(now - self._seconds)
        if len(self._read[person]) < self._rate:
            self._read[person].append(now)
            return Verdict.READ
        is_first = person not in self._warned
        self._warned.setdefault(person, now)
        return Verdict.WARN if is_first else Verdict.IGNORE

    def _forget_before(self, moment: float) -> None:
        for person, times in list(self._read.items()):
            while times and times[0] <= moment:
                times.popleft()
            if not times:
                del self._read[person]
        self._warned = {person: at for person, at in self._warned.items() if at > moment}
