"""Moments: when in which films somebody is. The room that knows films finds them, see settings.MOMENTS; here is whose
faces may be looked for, and what a moment is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from faces.models import Event, Person, Photo, SelfieSearch
from faces.querysets import FaceQuerySet
from faces.services.results import ATTENDEES, result_stills
from faces.services.search import PhotoMatch


@dataclass(frozen=True)
class Moment:
    """Some seconds of a film in which somebody is, best seen in the frame `still` at `timestamp_s`.

    `caption` (also in Russian) and `object_counts` are of what happens there, `similarity` 0-1 where it is known.
    `player` is the path that plays the film from there for a while; empty for whoever may look at the frame only.
    """

    video: int
    film: str
    start_s: float
    end_s: float
    timestamp_s: float
    clock: str
    still: Photo
    caption: str
    caption_ru: str
    object_counts: Mapping[str, int]
    similarity: float | None
    player: str


def moments_of_person(
    *, person: Person, events: QuerySet[Event], shown: FaceQuerySet, is_attendee: bool
) -> list[Moment]:
    """The moments of a person in the films of `events`, by their faces among `shown`, in the order of the films."""
    faces = shown.genuine().filmed().in_events(events).filter(person=person)
    return _found(dict.fromkeys(faces.values_list("pk", flat=True)), is_attendee=is_attendee)


def moments_of_matches(matches: Iterable[PhotoMatch], *, is_attendee: bool) -> list[Moment]:
    """The moments of the frames that a likeness was found in, best first."""
    found = _found({match.face.pk: match.similarity for match in matches}, is_attendee=is_attendee)
    return sorted(found, key=lambda moment: -(moment.similarity or 0))


def moments_of_result(search: SelfieSearch) -> list[Moment]:
    """The moments that the finder of `search` may still see, best first."""
    stills = result_stills(search)
    return moments_of_matches(stills[: stills.count()], is_attendee=search.channel in ATTENDEES)


def moment_of_still(photo: Photo) -> Moment | None:
    """When in which film a frame is, for staff; None for a frame without faces."""
    faces = photo.faces.values_list("pk", flat=True)
    return next(iter(_found(dict.fromkeys(faces), is_attendee=False)), None)


def _found(faces: Mapping[int, float | None], *, is_attendee: bool) -> list[Moment]:
    find: Any = import_string(settings.MOMENTS)
    moments: list[Moment] = find(faces=faces, is_attendee=is_attendee) if faces else []
    return moments
