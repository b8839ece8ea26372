"""When somebody is in films: faces in stills, joined to spans of seconds. Named by settings.MOMENTS."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from faces.models import Face, Photo
from faces.services.moments import Moment
from videos.clock import clock
from videos.models import VideoEvent, VideoStill
from videos.services.links import player_path

REACH_S = 1.5  # a still stands for so many seconds before and after it
JOIN_S = 4.0  # stills nearer to each other than this are of one moment


@dataclass(frozen=True)
class _Sight:
    """A still in which somebody was seen, how sure and how well."""

    still: VideoStill
    photo: Photo
    similarity: float | None
    quality: float


def moments_found(*, faces: Mapping[int, float | None], is_attendee: bool) -> list[Moment]:
    """The moments that these faces (primary keys, each with its similarity where it is known) show, by film and time.

    Faces in photos that are no stills show none.
    """
    spans = [span for film in _by_film(_sights(faces)) for span in _spans(film)]
    events = _events_at([_best(span) for span in spans])
    return [_moment(span, event, is_attendee) for span, event in zip(spans, events, strict=True)]


def _sights(faces: Mapping[int, float | None]) -> list[_Sight]:
    """In the order of the films and their seconds."""
    seen: dict[int, tuple[float | None, float]] = {}
    for face, photo, quality in Face.objects.filter(pk__in=faces).values_list("pk", "photo", "quality"):
        seen[photo] = max(seen.get(photo, (None, 0.0)), (faces[face], quality), key=_rank)
    stills = VideoStill.objects.filter(photo__in=seen).select_related("video__event", "photo__image", "photo__event")
    stills = stills.defer("video__motion")
    in_order = stills.order_by("video", "timestamp_s")
    return [_Sight(still, still.photo, *seen[still.photo.pk]) for still in in_order if still.photo]


def _rank(seen: tuple[float | None, float]) -> tuple[float, float]:
    return seen[0] or 0.0, seen[1]


def _by_film(sights: Iterable[_Sight]) -> list[list[_Sight]]:
    films: dict[int, list[_Sight]] = defaultdict(list)
    for sight in sights:
        films[sight.still.video_id].append(sight)
    return list(films.values())


def _spans(sights: list[_Sight]) -> list[list[_Sight]]:
    """Runs of a film's sights that are near each other."""
    spans: list[list[_Sight]] = []
    for sight in sights:
        if spans and sight.still.timestamp_s - spans[-1][-1].still.timestamp_s < JOIN_S:
            spans[-1].append(sight)
        else:
            spans.append([sight])
    return spans


def _best(span: list[_Sight]) -> _Sight:
    return max(span, key=lambda sight: _rank((sight.similarity, sight.quality)))


def _events_at(sights: list[_Sight]) -> list[VideoEvent | None]:
    """What happens at each of these times: the event that lasts then, of several the one best seen nearest to it."""
    videos = {sight.still.video_id for sight in sights}
    lasting: dict[int, list[tuple[float, float, float, int]]] = defaultdict(list)
    rows = VideoEvent.objects.filter(video__in=videos).values_list("video", "start_s", "timestamp_s", "end_s", "pk")
    for video, start, best, end, pk in rows:
        lasting[video].append((start, best, end, pk))
    chosen = [_lasting_at(sight.still.timestamp_s, lasting[sight.still.video_id]) for sight in sights]
    events = VideoEvent.objects.defer("embedding", "words").in_bulk([pk for pk in chosen if pk])
    return [events.get(pk or 0) for pk in chosen]


def _lasting_at(at: float, events: list[tuple[float, float, float, int]]) -> int | None:
    here = [(abs(best - at), pk) for start, best, end, pk in events if start - REACH_S <= at <= end + REACH_S]
    return min(here)[1] if here else None


def _moment(span: list[_Sight], event: VideoEvent | None, is_attendee: bool) -> Moment:
    best = _best(span)
    video, at = best.still.video, best.still.timestamp_s
    start_s = max(span[0].still.timestamp_s - REACH_S, 0.0)
    end_s = span[-1].still.timestamp_s + REACH_S
    end_s = min(end_s, video.duration_s) if video.duration_s > at else end_s
    return Moment(
        video=video.pk,
        film=video.name,
        start_s=start_s,
        end_s=end_s,
        timestamp_s=at,
        clock=f"{clock(start_s)}–{clock(end_s)}",
        still=best.photo,
        caption=event.caption if event else "",
        caption_ru=event.caption_ru if event else "",
        object_counts=event.object_counts if event else {},
        similarity=best.similarity,
        player=player_path(video=video, at=start_s, is_attendee=is_attendee),
    )
