"""What the page of a film shows: the player, what moves when, and what happens in it."""

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from media_index.admin.shown import Page, page_addresses, page_number
from photofinder.errors import Problem
from photofinder.storage import signed_url
from videos.admin import cells
from videos.admin.deleting import MAY_DELETE
from videos.admin.shown import Card, card, people_seen
from videos.clock import clock
from videos.models import Video, VideoEvent
from videos.services.filtering import Filters
from videos.services.search import moments_search
from videos.services.timeline import motion_bars, stills_waiting, video_progress

MAY_CHANGE = "videos.change_video"
CARDS_PER_PAGE = 200
MOST_BARS = 600
MOST_LETTERS = 500
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,6})?)", re.ASCII)


def film_page(request: HttpRequest, video: Any) -> dict[str, Any]:
    """All of it; with `?q=` the events that the words describe, with `?t=` from that second on."""
    at = seconds_read(request.GET.get("t", ""))
    stills = stills_waiting(video)
    return {
        **admin.site.each_context(request),
        "title": video.name,
        "opts": Video._meta,
        "original": video,
        "video": video,
        "version": _version(video, stills),
        "url": film_url(video),
        "duration": clock(video.duration_s),
        "at": at,
        "poster": "" if at else cells.poster(video),
        "state": cells.state_shown(video, stills=stills),
        "timeline": _timeline(video),
        "may_change": request.user.has_perm(MAY_CHANGE) and video.state != Video.State.SENDING,
        "may_delete": request.user.has_perm(MAY_DELETE),
        **_events(request, video, at),
    }


def film_state(video: Any) -> dict[str, Any]:
    """How far the film is, for the script of its page: what differs from what it knows makes it ask for the page."""
    progress, stills = video_progress(video), stills_waiting(video)
    return {
        "version": _version(video, stills),
        "position": progress.position_s,
        "url": film_url(video),
        "state": render_to_string("admin/videos/video/state.html", cells.state_shown(video, stills=stills)),
    }


def _version(video: Any, stills: int) -> str:
    """What changes when the page shows something else but how far the film is."""
    return f"{video.state}-{video.edition}-{video.events_count}-{stills}"


def film_url(video: Video) -> str:
    """Where the player finds the film; nothing while it is being sent."""
    if video.path:
        return reverse("admin:videos_video_file", args=[video.pk])
    return signed_url(video.key) if video.key else ""


def seconds_read(text: str) -> float | None:
    """The time that `12.5`, `1:20` or `1:02:03` means; None for what means none."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def _events(request: HttpRequest, video: Video, at: float | None) -> dict[str, Any]:
    """A page of cards: in the order of time, or the best first where words are looked for."""
    words = request.GET.get("q", "").strip()[:MOST_LETTERS]
    number = page_number(request)
    try:
        rows, total, number = _found(words, video, number) if words else _lasting(request, video, number, at)
    except Problem as problem:
        return {"words": words, "trouble": problem.detail, "cards": []}
    page = Page(number, total, CARDS_PER_PAGE)
    people = people_seen(video.pk, [event for event, _ in rows]) if request.user.has_perm("faces.view_person") else {}
    return {
        "words": words,
        "cards": _cards(rows, people),
        "found": total,
        **page_addresses(request, page),
    }


def _cards(rows: Sequence[tuple[VideoEvent, float | None]], people: Any) -> list[Card]:
    return [card(event, similarity, people.get(event.pk, ())) for event, similarity in rows]


def _found(words: str, video: Video, number: int) -> tuple[list[tuple[VideoEvent, float | None]], int, int]:
    offset = (number - 1) * CARDS_PER_PAGE
    found = moments_search(words=words, filters=Filters(video=video.pk), limit=CARDS_PER_PAGE, offset=offset)
    return [(hit.event, hit.similarity) for hit in found.hits], found.total, number


def _lasting(
    request: HttpRequest, video: Video, number: int, at: float | None
) -> tuple[list[tuple[VideoEvent, float | None]], int, int]:
    """Of many pages that of the asked time, unless another one is asked for."""
    events = video.events.order_by("start_s").defer("embedding", "words")
    total = events.count()
    if at and "page" not in request.GET:
        before = events.filter(start_s__lte=at + 0.1).count()  # addresses name tenths of seconds
        number = max(before - 1, 0) // CARDS_PER_PAGE + 1
    offset = (number - 1) * CARDS_PER_PAGE
    return [(event, None) for event in events[offset : offset + CARDS_PER_PAGE]], total, number


def _timeline(video: Video) -> dict[str, Any]:
    """What the script draws below the player."""
    bars, step = motion_bars(video.motion, most=MOST_BARS)
    spans = video.events.order_by("start_s").values_list("pk", "start_s", "end_s")
    return {
        "duration": video.duration_s,
        "position": video.position_s if video.state != Video.State.READY else video.duration_s,
        "motion": bars,
        "step": step,
        "events": [(pk, round(start, 2), round(end, 2)) for pk, start, end in spans],
    }
