"""One selfie in, everybody it could be and all their photos out. Nothing of the selfie is kept."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, QuerySet

from faces.calibration import Calibration
from faces.engines.base import DetectedFace
from faces.models import Event, Face, Person
from faces.quality import Quality, QualityGates, assess
from faces.querysets import FaceQuerySet
from faces.services.people import current_calibration, current_contract
from photofinder.engines import get_engine
from photofinder.errors import Problem
from photofinder.images import Picture
from photofinder.vectors import padded

@dataclass(frozen=True)
class PersonMatch:
    """A person whom the selfie may show; `similarity` 0-1, `photos_count` in the events searched."""

    person: Person
    similarity: float
    photos_count: int


@dataclass(frozen=True)
class PhotoMatch:
    """A photo with the face that was taken for the selfie's; `similarity` 0-1."""

    face: Face
    similarity: float


@dataclass(frozen=True)
class SearchResult:
    """What a selfie found, best first."""

    face: DetectedFace
    quality: Quality
    people: list[PersonMatch]
    photos: list[PhotoMatch]


def selfie_search(
    *,
    picture: Picture,
    events: QuerySet[Event],
    limit: int,
    min_similarity: float,
    face_index: int | None = None,
) -> SearchResult:
    """Everybody in the photos of `events` who resembles the face of `picture` by at least `min_similarity` (0-1).

    A person is found by the mean of their faces, and then with all their photos: their other faces help where a single
    pair would fail. A face that is nobody's, or of a person of whom little is known yet, is found by itself; one of a
    well-known person whose mean does not resemble the selfie must be strictly near. Raises Problem `no_face`,
    `several_faces` (with `faces`: boxes to choose from by `face_index`) or `low_quality`.
    """
    selfie = _chosen(get_engine("face").analyse([picture])[0], face_index)
    quality = assess(selfie, QualityGates(**settings.SELFIE_QUALITY_GATES))
    if not quality.is_good:
        raise Problem("low_quality", f"{_ADVICE[quality.reason]} Please send another photo.", reason=quality.reason)
    search = _Search(selfie, events, min_similarity)
    people = search.people()
    photos = search.photos(people)
    return SearchResult(selfie, quality, people, photos[:limit])


_ADVICE = {
    "uncertain": "The face is hard to make out.",
    "too_small": "The face is too small.",
    "blurred": "The face is blurred or too dark.",
    "turned_away": "The face is turned away from the camera.",
}
# Faces in the background of a selfie are no choice to bother people with: beside the largest face only those count
# that have at least this share of its area.
_RIVAL_AREA = 0.5


def _chosen(faces: list[DetectedFace], index: int | None) -> DetectedFace:
    """The face that was asked for, else the one that stands out."""
    if not faces:
        raise Problem("no_face", "No face was found. Send a photo that shows your face from the front, in good light.")
    ordered = sorted(faces, key=_area, reverse=True)
    rivals = [face for face in ordered if _area(face) >= _RIVAL_AREA * _area(ordered[0])]
    if index is None and len(rivals) == 1:
        return rivals[0]
    if index is None:
        boxes = [list(face.box) for face in rivals]
        raise Problem("several_faces", "There are several faces; choose one with `face`.", faces=boxes)
    if not 0 <= index < len(ordered):
        raise Problem("no_face", f"There is no face {index}; the photo has {len(ordered)}, counted from 0.")
    return ordered[index]


def _area(face: DetectedFace) -> float:
    return face.box[2] * face.box[3]


class _Search:
    """A selfie's vector among the people and the faces of some events."""

    def __init__(self, selfie: DetectedFace, events: QuerySet[Event], min_similarity: float) -> None:
        self._vector = padded(selfie.embedding)
        self._contract = current_contract()
        self._calibration: Calibration = current_calibration()
        self._limit = self._calibration.distance(min_similarity)
        self._events = events

    def people(self) -> list[PersonMatch]:
        """The people whose mean face is near enough, nearest first."""
        people = Person.objects.current().in_events(self._events)
        near = people.nearest(self._vector, contract=self._contract, within=self._limit)
        found = list(near[: settings.FACE_SEARCH_CANDIDATES])
        in_scope = Face.objects.in_events(self._events).filter(person__in=found)
        counts = dict(in_scope.values_list("person").annotate(n=Count("photo", distinct=True)))
        return [PersonMatch(person, self._similarity(person), counts[person.pk]) for person in found]

    def photos(self, people: Iterable[PersonMatch]) -> list[PhotoMatch]:
        """All photos of these people, and those of other faces that are near by themselves; one match per photo."""
        by_person = {match.person.pk: match.similarity for match in people}
        matches = [PhotoMatch(face, self._similarity(face)) for face in self._strays(by_person)]
        for face in self._near(Face.objects.filter(person__in=by_person)):
            matches.append(PhotoMatch(face, max(by_person[face.person_id or 0], self._similarity(face))))
        best: dict[int, PhotoMatch] = {}
        for match in sorted(matches, key=lambda match: (-match.similarity, match.face.distance)):
            best.setdefault(match.face.photo_id, match)
        return list(best.values())

    def _strays(self, found: Collection[int]) -> Iterator[Face]:
        """Near faces that are not of the people found."""
        strict = min(self._calibration.strict_threshold, self._limit)
        for face in self._near(Face.objects.all(), within=self._limit)[: settings.FACE_SEARCH_CANDIDATES]:
            known = face.person is not None and face.person.faces_count >= settings.FACE_KNOWN_FACES
            if face.person_id not in found and (not known or face.distance <= strict):
                yield face

    def _near(self, faces: FaceQuerySet, within: float | None = None) -> QuerySet[Face]:
        near = faces.in_events(self._events).nearest(self._vector, contract=self._contract, within=within)
        return near.select_related("photo__image", "photo__event", "person")

    def _similarity(self, row: Face | Person) -> float:
        return self._calibration.similarity(row.distance)
