"""Events of films as the pages of Admin show them: cards, and who is seen in them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.urls import reverse

from faces.models import Event, Face
from media_index.admin.shown import percent
from photofinder.storage import signed_url
from videos.admin import cells
from videos.clock import clock
from videos.models import Video, VideoEvent, VideoStill

_FILMS = 6  # of an event that its page shows


@dataclass(frozen=True)
class Card:
    """An event: where it is played, its frame, when it is, what happens, who is seen (a face of each)."""

    event: VideoEvent
    url: str
    frame: str
    span: str
    caption: str
    things: list[str]
    similarity: str = ""
    people: list[Face] = field(default_factory=list)


def card(event: VideoEvent, similarity: float | None = None, people: Sequence[Face] = ()) -> Card:
    """The card of an event."""
    return Card(
        event=event,
        url=film_address(event.video_id, event.start_s),
        frame=signed_url(event.frame_key),
        span=cells.span(event),
        caption=cells.caption(event),
        things=cells.things(event.object_counts),
        similarity="" if similarity is None else percent(similarity),
        people=list(people),
    )


def film_address(video_id: int, at: float) -> str:
    """The page of a film, which plays from there."""
    return f"{reverse('admin:videos_video_change', args=[video_id])}?t={at:.1f}"


@dataclass(frozen=True)
class EventFilms:
    """The newest films of an event, each with its poster and its duration; how many there are, and where all are."""

    films: list[tuple[Video, str, str]]
    count: int
    url: str


def films_of_event(event: Event) -> EventFilms:
    """What the event's page shows of its films: see settings.EVENT_FILMS."""
    films = Video.objects.filter(event=event).defer("motion").order_by("-pk")
    shown = [(film, cells.poster(film), clock(film.duration_s) if film.duration_s else "") for film in films[:_FILMS]]
    return EventFilms(shown, films.count(), f"{reverse('admin:videos_video_changelist')}?event__id__exact={event.pk}")


def people_seen(video_id: int, events: Sequence[VideoEvent]) -> dict[int, list[Face]]:
    """By the event's id a face of each person who is seen in a film's events, the clearest one."""
    if not events:
        return {}
    sights = _sights(video_id, min(event.start_s for event in events), max(event.end_s for event in events))
    times = [sight.at for sight in sights]
    best = {
        event.pk: _clearest(sights[bisect_left(times, event.start_s) : bisect_right(times, event.end_s)])
        for event in events
    }
    named = {pk for faces in best.values() for pk in faces}
    faces = Face.objects.select_related("person", "photo__image").defer("person__centroid").in_bulk(named)
    return {event: [faces[pk] for pk in pks if pk in faces] for event, pks in best.items()}


class _Sight(NamedTuple):
    """Somebody in a frame, and how well the face is seen."""

    at: float
    person: int
    face: int
    quality: float


def _sights(video_id: int, start_s: float, end_s: float) -> list[_Sight]:
    """Who is seen when, in the order of time."""
    seen = VideoStill.objects.filter(
        video=video_id,
        timestamp_s__range=(start_s, end_s),
        photo__faces__person__isnull=False,
        photo__faces__dismissed=False,
    )
    rows = seen.order_by("timestamp_s", "photo__faces").values_list(
        "timestamp_s", "photo__faces__person", "photo__faces", "photo__faces__quality"
    )
    return [_Sight(*row) for row in rows]


def _clearest(sights: Sequence[_Sight]) -> list[int]:
    """The best face of each person."""
    best: dict[int, _Sight] = {}
    for sight in sights:
        best[sight.person] = max(best.get(sight.person, sight), sight, key=lambda one: one.quality)
    return [sight.face for sight in best.values()]
