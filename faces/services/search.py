"""One selfie in, everybody it could be and all their photos out. Nothing of the selfie is kept."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import hypot

from django.conf import settings
from django.db.models import QuerySet

from faces.calibration import Calibration
from faces.engines.base import DetectedFace
from faces.models import Event, Face, Person
from faces.quality import Quality, QualityGates, assess
from faces.querysets import FaceQuerySet
from faces.services.ledger import people_apart, people_ruled_out
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
    pair would fail; but nobody is in a photo twice, so of two people who share a photo only the nearer can be the
    selfie's owner. A face that is nobody's, or of a person of whom little is known yet, is found by itself; one of a
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
# Whoever took a selfie is large and in the middle of it; others are a choice to bother people with only when they
# stand out at least this much as well.
_RIVAL = 0.5


def _chosen(faces: list[DetectedFace], index: int | None) -> DetectedFace:
    """The face that was asked for, else the one that stands out."""
    if not faces:
        raise Problem("no_face", "No face was found. Send a photo that shows your face from the front, in good light.")
    ordered = sorted(faces, key=_prominence, reverse=True)
    rivals = [face for face in ordered if _prominence(face) >= _RIVAL * _prominence(ordered[0])]
    if index is None and len(rivals) == 1:
        return rivals[0]
    if index is None:
        boxes = [list(face.box) for face in rivals]
        raise Problem("several_faces", "There are several faces; choose one with `face`.", faces=boxes)
    if not 0 <= index < len(ordered):
        raise Problem("no_face", f"There is no face {index}; the photo has {len(ordered)}, counted from 0.")
    return ordered[index]


def _prominence(face: DetectedFace) -> float:
    """A face's share of the picture, less the further it is from the middle: none in a corner."""
    left, top, width, height = face.box
    off_centre = hypot(left + width / 2 - 0.5, top + height / 2 - 0.5) / hypot(0.5, 0.5)
    return width * height * (1 - off_centre) ** 2


class _Search:
    """A selfie's vector among the people and the faces of some events."""

    def __init__(self, selfie: DetectedFace, events: QuerySet[Event], min_similarity: float) -> None:
        self._vector = padded(selfie.embedding)
        self._contract = current_contract()
        searched = list(events.order_by()[:2])
        self._calibration: Calibration = current_calibration(searched[0] if len(searched) == 1 else None)
        self._limit = self._calibration.distance(min_similarity)
        self._events = events
        self._occupied: set[int] = set()  # photos that show somebody found: nobody else in them is the selfie's owner

    def people(self) -> list[PersonMatch]:
        """The people whose mean face is near enough, nearest first, without those who cannot be the same as a nearer
        one: who stand beside them in a photo, or of whom moderators said so.
        """
        people = Person.objects.current().in_events(self._events)
        near = people.nearest(self._vector, contract=self._contract, within=self._limit)
        candidates = list(near[: settings.FACE_SEARCH_CANDIDATES])
        matches: dict[int, PersonMatch] = {}
        photos = self._photos_of(candidates)
        apart = people_apart([person.pk for person in candidates])
        for person in candidates:
            here = {photo for photo, strangers in photos[person.pk] if not strangers & matches.keys()}
            differs = any(frozenset((person.pk, other)) in apart for other in matches)
            if here and not differs and not self._occupied & here:
                self._occupied |= here
                matches[person.pk] = PersonMatch(person, self._similarity(person), len(here))
        return list(matches.values())

    def _photos_of(self, people: Collection[Person]) -> dict[int | None, list[tuple[int, set[int | None]]]]:
        """Of each person the photos in the events, each with those whose face it is not, as moderators said."""
        faces = Face.objects.in_events(self._events).filter(person__in=people)
        rows = list(faces.values_list("pk", "person_id", "photo_id"))
        strangers = people_ruled_out([face for face, _, _ in rows])
        photos: dict[int | None, list[tuple[int, set[int | None]]]] = defaultdict(list)
        for face, person, photo in rows:
            photos[person].append((photo, strangers.get(face, set())))
        return photos

    def photos(self, people: Iterable[PersonMatch]) -> list[PhotoMatch]:
        """All photos of these people, and those of other faces that are near by themselves; one match per photo."""
        by_person = {match.person.pk: match.similarity for match in people}
        best: dict[int, PhotoMatch] = {}
        for face in self._near(Face.objects.filter(person__in=by_person, photo__in=self._occupied)):
            similarity = max(by_person[face.person_id or 0], self._similarity(face))
            best.setdefault(face.photo_id, PhotoMatch(face, similarity))
        for face in self._strays(by_person):
            best.setdefault(face.photo_id, PhotoMatch(face, self._similarity(face)))
        return sorted(best.values(), key=lambda match: (-match.similarity, match.face.distance))

    def _strays(self, people: Collection[int]) -> Iterator[Face]:
        """Near faces in photos where the people found are not, nearest first, but those that moderators said are not
        theirs.
        """
        strict = min(self._calibration.strict_threshold, self._limit)
        near = list(self._near(Face.objects.all(), within=self._limit)[: settings.FACE_SEARCH_CANDIDATES])
        strangers = people_ruled_out([face.pk for face in near])
        for face in near:
            known = face.person is not None and face.person.faces_count >= settings.FACE_KNOWN_FACES
            free = face.photo_id not in self._occupied and not strangers.get(face.pk, set()) & set(people)
            if free and (not known or face.distance <= strict):
                yield face

    def _near(self, faces: FaceQuerySet, within: float | None = None) -> QuerySet[Face]:
        near = faces.genuine().in_events(self._events).nearest(self._vector, contract=self._contract, within=within)
        return near.select_related("photo__image", "photo__event", "person").defer("person__centroid")

    def _similarity(self, row: Face | Person) -> float:
        return self._calibration.similarity(row.distance)
