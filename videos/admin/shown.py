"""Events of films as the pages of Admin show them: cards, and who is seen in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    count = len(shown) if len(shown) < _FILMS else films.count()
    return EventFilms(shown, count, f"{reverse('admin:videos_video_changelist')}?event__id__exact={event.pk}")


def people_seen(video_id: int, events: Iterable[VideoEvent]) -> dict[int, list[Face]]:
    """By the event's id a face of each person who is seen in a film's events, the clearest one."""
    sights = _sights(video_id)
    faces = Face.objects.select_related("person").defer("person__centroid").in_bulk({face for _at, face in sights})
    return {event.pk: _of(event, sights, faces) for event in events} if faces else {}


def _sights(video_id: int) -> list[tuple[float, int]]:
    """When which face is seen, the clearest first."""
    seen = VideoStill.objects.filter(
        video=video_id, photo__faces__person__isnull=False, photo__faces__dismissed=False
    ).order_by("-photo__faces__quality", "photo__faces")
    return list(seen.values_list("timestamp_s", "photo__faces"))


def _of(event: VideoEvent, sights: Iterable[tuple[float, int]], faces: Mapping[int, Face]) -> list[Face]:
    best: dict[int, Face] = {}
    for at, pk in sights:
        if event.start_s <= at <= event.end_s and pk in faces and faces[pk].person_id:
            best.setdefault(faces[pk].person_id or 0, faces[pk])
    return list(best.values())
