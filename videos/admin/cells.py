"""Films in words: their states, why one failed, how long the rest takes, what is seen in them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from faces.admin.cells import time_left
from photofinder.storage import signed_url
from videos.clock import clock
from videos.models import Video, VideoEvent
from videos.services.timeline import video_progress
from videos.wording import RUSSIAN

_COLOURS: dict[str, str] = {
    Video.State.SENDING: "default",
    Video.State.QUEUED: "default",
    Video.State.INDEXING: "primary",
    Video.State.READY: "success",
    Video.State.FAILED: "danger",
}
_REASONS = {
    "not_a_video": gettext_lazy("Not a film"),
    "no_video_stream": gettext_lazy("There is no picture in it"),
    "zero_duration": gettext_lazy("It has no duration"),
    "damaged": gettext_lazy("Damaged file"),
    "too_large": gettext_lazy("File too large"),
    "too_many_pixels": gettext_lazy("Frames larger than 8K"),
    "too_many_hours": gettext_lazy("Longer than 48 hours"),
    "missing": gettext_lazy("The file is not there any more"),
    "outside_roots": gettext_lazy("Outside the folders in VIDEO_ROOTS"),
    "storage_full": gettext_lazy("The storage is full"),
    "storage_failed": gettext_lazy("The storage could not be read or written"),
    "clock_jumps": gettext_lazy("Its clock jumps"),
    "busy": gettext_lazy("The film is not here as a whole yet"),
    "invalid_range": gettext_lazy("The film has no such part, or it is too long"),
    "crashed": gettext_lazy("Indexing it stopped the worker"),
    "deleted": gettext_lazy("It is being deleted"),
    "engine_unavailable": gettext_lazy("An engine is not installed"),
}
_RUSSIAN = RUSSIAN | {"object": "предмет"}


def state_shown(video: Any, *, stills: int = 0) -> dict[str, Any]:
    """What the state's template shows of a film of `videos_listed`; `stills` are the frames in which people are still
    to be recognised.
    """
    progress = video_progress(video)
    done = _("%(done)s of %(all)s") % {"done": clock(progress.position_s), "all": clock(progress.duration_s)}
    events = ngettext("%d event", "%d events", progress.events) % progress.events
    is_going = video.state == Video.State.INDEXING or progress.position_s > 0
    shown = [done, events, time_left(progress.eta_s)] if is_going else []
    is_ready = video.state == Video.State.READY
    recognising = _("People are being recognised") if is_ready and stills else ""
    return {
        "video": video,
        "colour": _COLOURS[video.state],
        "is_unfinished": progress.is_unfinished or video.state == Video.State.SENDING or bool(recognising),
        "progress": progress if progress.is_unfinished and progress.duration_s else None,
        "words": " · ".join(part for part in shown if part) if progress.is_unfinished else recognising,
        "events": events if is_ready else "",
        "reason": reason(video.error_code) if video.state == Video.State.FAILED else "",
    }


def reason(code: str) -> str:
    """Why it failed, in a few words; the services' own sentences are stored in English."""
    return str(_REASONS.get(code, code.replace("_", " ").capitalize()))


def poster(video: Video) -> str:
    """The signed URL of the frame that stands for the film, or nothing while there is none."""
    return signed_url(video.poster_key) if video.poster_key else ""


def span(event: VideoEvent) -> str:
    """From when to when."""
    start, end = clock(event.start_s), clock(event.end_s)
    return start if start == end else f"{start}–{end}"


def caption(event: VideoEvent) -> str:
    """What happens, in the reader's language where it is known in it."""
    return event.caption_ru if get_language() == "ru" and event.caption_ru else event.caption


def things(counts: Mapping[str, int]) -> list[str]:
    """What is seen and how many of it, the most first."""
    most_first = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    names = _RUSSIAN if get_language() == "ru" else {}
    return [f"{names.get(label, label)}: {number}" for label, number in most_first]
