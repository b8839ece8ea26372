"""What pages show of a film while it is indexed and after: how far it is, and how much moves in it when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet

from faces.querysets import UNFINISHED as UNFINISHED_PHOTOS
from faces.querysets import counted
from videos.models import Video, VideoEvent, VideoStill
from videos.querysets import UNFINISHED
from videos.services.films import seconds_left


@dataclass(frozen=True)
class Progress:
    """How far a film is: seconds done of all, events found, about how many seconds of work are left where that can be
    told.
    """

    position_s: float
    duration_s: float
    events: int
    eta_s: int | None
    is_unfinished: bool


def videos_listed() -> QuerySet[Video]:
    """Films with their event and `events_count`, those of the newest edition; without what moves in them."""
    found = VideoEvent.objects.filter(edition=OuterRef("edition"))
    videos: QuerySet[Video] = Video.objects.select_related("event").defer("motion")
    return videos.annotate(events_count=counted(found, "video"))


def video_progress(video: Any) -> Progress:
    """How far a film of `videos_listed` is."""
    is_unfinished = video.state in UNFINISHED
    eta_s = seconds_left(video)
    return Progress(video.position_s, video.duration_s, video.events_count, eta_s, is_unfinished)


def stills_waiting(video: Video) -> int:
    """In how many frames of a film people are still to be recognised."""
    return VideoStill.objects.filter(video=video, photo__state__in=UNFINISHED_PHOTOS).count()


def motion_bars(motion: Sequence[int], *, most: int) -> tuple[list[int], int]:
    """A film's motion in at most so many figures, each the largest of as many seconds; and how many seconds that is."""
    step = max(-(-len(motion) // most), 1)
    return [max(motion[at : at + step]) for at in range(0, len(motion), step)], step
