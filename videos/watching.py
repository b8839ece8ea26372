"""A film watched from a second on, in segments: what moved in it, and the moments that ended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from videos.config import IndexerConfig
from videos.decoding import DecodedFrame, frames
from videos.engines.base import Detection, Frame, Seen
from videos.grouping import Grouping, Moment
from videos.motion import MotionFilter

Detect = Callable[[Sequence[Frame]], list[list[Detection]]]
_NEXT_S = 1e-3  # the shortest time between two frames


@dataclass(eq=False)
class Segment:
    """A stretch of film: up to `until_s` all that was seen is in `moments` of this and earlier segments; a moment that
    goes on begins there. `shares` are seconds with the share of the frame that moved, `seen_s` the last frame's.
    """

    until_s: float
    seen_s: float
    moments: list[Moment] = field(default_factory=list)
    shares: list[tuple[float, float]] = field(default_factory=list)


def watch(
    source: str, config: IndexerConfig, detect: Detect, *, from_s: float = 0.0, hardware: str = ""
) -> Iterator[Segment]:
    """The film's segments from `from_s` to its end; the last one holds what was still going on.

    Before `from_s` the motion filter learns the background, and nothing is said of it. Raises what decoding raises.
    """
    watcher = _Watcher(config, detect, from_s)
    decoded = frames(
        source,
        every=config.frame_skip,
        from_s=max(from_s - config.warm_up_s, 0.0),
        side_px=config.side_px,
        hardware=hardware,
    )
    for frame in decoded:
        watcher.look(frame)
        if frame.time_s >= watcher.began_s + config.segment_s:
            yield watcher.segment()
    yield watcher.last_segment()


class _Watcher:
    """The stages in their order, and what waits between them."""

    def __init__(self, config: IndexerConfig, detect: Detect, from_s: float) -> None:
        self.began_s = from_s
        self._config, self._detect, self._from_s = config, detect, from_s
        self._motion = MotionFilter(
            threshold=config.motion_threshold,
            least_area=config.motion_least_area,
            absorb_s=config.motion_absorb_s,
        )
        self._grouping = Grouping(gap_s=config.gap_s, longest_s=config.longest_s)
        self._batch: list[Frame] = []
        self._now = Segment(from_s, from_s)

    def look(self, decoded: DecodedFrame) -> None:
        """One more frame."""
        motion = self._motion.look(decoded.pixels, decoded.time_s)
        if decoded.time_s < self._from_s:
            return
        self._now.seen_s = decoded.time_s
        self._now.shares.append((decoded.time_s, motion.moving))
        if motion.moving:
            self._batch.append(Frame(decoded.time_s, decoded.pixels, motion.moving, motion.foreground))
        if len(self._batch) == self._config.objects_batch:
            self._find()

    def segment(self) -> Segment:
        """What was seen since the last one."""
        self._find()
        self._ended(self._grouping.pass_to(self._now.seen_s))
        since = self._grouping.open_since
        return self._cut(self._now.seen_s + _NEXT_S if since is None else since)

    def last_segment(self) -> Segment:
        """The same at the end of the film."""
        self._find()
        self._ended(self._grouping.end())
        return self._cut(self._now.seen_s + _NEXT_S)

    def _cut(self, until_s: float) -> Segment:
        segment, self.began_s = self._now, self._now.seen_s
        segment.until_s = until_s
        self._now = Segment(until_s, segment.seen_s)
        return segment

    def _find(self) -> None:
        """Look for objects in the frames that wait; those that show none are dropped."""
        batch, self._batch = self._batch, []
        for frame, detections in zip(batch, self._detect(batch) if batch else [], strict=True):
            if detections:
                self._ended(self._grouping.add(Seen(frame, detections)))

    def _ended(self, moment: Moment | None) -> None:
        if moment is not None:
            self._now.moments.append(moment)
