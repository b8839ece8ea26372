"""Whom a selfie shows, and everybody that it could be with all their photos."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import hypot

from django.conf import settings
from django.db.models import QuerySet

from faces.calibration import Calibration
from faces.engines.base import DetectedFace
from faces.models import Event, Face, Person, Photo, Portrait
from faces.quality import Quality, QualityGates, assess
from faces.querysets import FaceQuerySet
from faces.services.ledger import people_apart, people_ruled_out
from faces.services.likenesses import Likeness
from faces.services.people import current_calibration, event_calibrations
from photofinder.engines import get_engine
from photofinder.errors import Problem
from photofinder.images import Picture

SIMILARITY = 0.5  # at the threshold, by the definition of similarity


@dataclass(frozen=True)
class Selfie:
    """The face that somebody asks for."""

    face: DetectedFace
    quality: Quality


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
class Matches:
    """What a likeness found, best first; `stills` are frames of films, which are no photos for anybody."""

    people: list[PersonMatch]
    photos: list[PhotoMatch]
    stills: list[PhotoMatch] = field(default_factory=list)


def selfie_read(*, picture: Picture, face_index: int | None = None) -> Selfie:
    """The face that somebody asks for with a selfie.

    Raises Problem `no_face`, `several_faces` (with `faces`: boxes to choose from by `face_index`) or `low_quality`
    (with `reason`).
    """
    face = _chosen(get_engine("face").analyse([picture])[0], face_index)
    quality = assess(face, QualityGates(**settings.SELFIE_QUALITY_GATES))
    if not quality.is_good:
        raise Problem("low_quality", f"{_ADVICE[quality.reason]} Please send another photo.", reason=quality.reason)
    return Selfie(face, quality)


def likeness_search(
    *,
    likeness: Likeness,
    events: QuerySet[Event],
    limit: int,
    min_similarity: float,
    shown: FaceQuerySet | None = None,
) -> Matches:
    """Everybody in the photos of `events` who resembles `likeness` by at least `min_similarity` (0-1), as each event is
    calibrated.

    A person is found by the mean of their faces, and then with all their photos: their other faces help where a single
    pair would fail; but nobody is in a photo twice, so of two people who share a photo only the nearer can be the
    selfie's owner. A face that is nobody's, or of a person of whom little is known yet, is found by itself; one of a
    well-known person whose mean does not resemble the selfie must be strictly near. Who somebody is is decided by all
    faces; of them only those among `shown` are found, without it all but those of hidden people.
    """
    search = _Search(likeness, events, min_similarity, Face.objects.visible() if shown is None else shown)
    people = search.people()
    found = search.photos(people)
    photos = [match for match in found if not match.face.photo.is_still]
    return Matches(people, photos[:limit], [match for match in found if match.face.photo.is_still])


def registered_people(*, likeness: Likeness, found: Matches, min_similarity: float) -> list[PersonMatch]:
    """Those who registered with a portrait that is near enough, besides the people who were found: what was found is
    theirs.
    """
    calibration, known = current_calibration(), {match.person.pk for match in found.people}
    portraits = Portrait.objects.registered().select_related("person").exclude(person__hidden=True)
    near = portraits.nearest(likeness.mean, contract=likeness.contract, within=calibration.distance(min_similarity))
    matches: dict[int, PersonMatch] = {}
    for portrait in near[: settings.FACE_SEARCH_CANDIDATES]:
        person = Person.objects.resolve(portrait.person.user_id)
        if person.pk not in known and not person.hidden:
            similarity = calibration.similarity(portrait.distance)
            matches.setdefault(person.pk, PersonMatch(person, similarity, len(found.photos)))
    return list(matches.values())


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
    """A likeness among the people and the faces of some events."""

    def __init__(self, likeness: Likeness, events: QuerySet[Event], min_similarity: float, shown: FaceQuerySet) -> None:
        self._vector = likeness.mean
        self._contract = likeness.contract
        self._min_similarity = min_similarity
        self._calibration = current_calibration()
        self._measured = event_calibrations(events)
        calibrations = [self._calibration, *self._measured.values()]
        self._limit = max(calibration.distance(min_similarity) for calibration in calibrations)
        self._events = events
        photos = Photo.objects.filter(event__in=events)[: settings.FACE_EXACT_PHOTOS + 1]
        self._is_exact = photos.count() <= settings.FACE_EXACT_PHOTOS
        self._all: FaceQuerySet = Face.objects.genuine().in_events(events)
        self._shown: FaceQuerySet = shown.genuine().in_events(events)
        self._is_hidden = False  # whether moderators hide whom the selfie shows: nothing of them is found
        self._occupied: set[int] = set()  # photos that show somebody found: nobody else in them is the selfie's owner

    def people(self) -> list[PersonMatch]:
        """The people whose mean face is near enough, nearest first, without those who cannot be the same as a nearer
        one: who stand beside them in a photo, or of whom moderators said so.
        """
        people = Person.objects.current().in_events(self._events)
        near = people.nearest(self._vector, contract=self._contract, within=self._limit, is_exact=self._is_exact)
        candidates = list(near[: settings.FACE_SEARCH_CANDIDATES])
        matches: dict[int, PersonMatch] = {}
        photos = self._photos_of(candidates)
        apart = people_apart([person.pk for person in candidates])
        for person in candidates:
            here = {photo: event for photo, event, not_them in photos[person.pk] if not not_them & matches.keys()}
            near_here = {photo for photo, event in here.items() if self._is_near(person.distance, event)}
            differs = any(frozenset((person.pk, other)) in apart for other in matches)
            if near_here and not differs and not self._occupied & near_here:
                self._occupied |= near_here
                similarity = max(self._similarity(person.distance, here[photo]) for photo in near_here)
                matches[person.pk] = PersonMatch(person, similarity, 0)
        self._is_hidden = next((match.person.hidden for match in matches.values()), False)
        return [counted for match in matches.values() if (counted := self._counted(match))]

    def _counted(self, match: PersonMatch) -> PersonMatch | None:
        """With the number of photos that are shown; None where nothing is, no frame of a film either."""
        shown = self._shown.filter(person=match.person, photo__in=self._occupied)
        is_still = dict(shown.values_list("photo", "photo__is_still"))
        return replace(match, photos_count=list(is_still.values()).count(False)) if is_still else None

    def _photos_of(self, people: Collection[Person]) -> dict[int | None, list[tuple[int, int, set[int | None]]]]:
        """Of each person the photos, with the event and those whose face it is not, as moderators said."""
        faces = self._all.filter(person__in=people)
        rows = list(faces.values_list("pk", "person_id", "photo_id", "photo__event_id"))
        not_theirs = people_ruled_out([face for face, *_ in rows])
        photos: dict[int | None, list[tuple[int, int, set[int | None]]]] = defaultdict(list)
        for face, person, photo, event in rows:
            photos[person].append((photo, event, not_theirs.get(face, set())))
        return photos

    def photos(self, people: Iterable[PersonMatch]) -> list[PhotoMatch]:
        """All photos of these people, and those of other faces that are near by themselves; one match per photo. Also
        frames of films.
        """
        if self._is_hidden:
            return []
        distances = {match.person.pk: match.person.distance for match in people}
        best: dict[int, PhotoMatch] = {}
        for face in self._near(self._shown.filter(person__in=distances, photo__in=self._occupied)):
            nearer = min(distances[face.person_id or 0], face.distance)
            best.setdefault(face.photo_id, PhotoMatch(face, self._similarity(nearer, face.photo.event_id)))
        for face in self._strays(distances):
            best.setdefault(face.photo_id, PhotoMatch(face, self._similarity(face.distance, face.photo.event_id)))
        return sorted(best.values(), key=lambda match: (-match.similarity, match.face.distance))

    def _strays(self, people: Collection[int]) -> Iterator[Face]:
        """Near faces in photos where the people found are not, nearest first, but those that moderators said are not
        theirs.
        """
        near = list(self._near(self._shown, within=self._limit)[: settings.FACE_SEARCH_CANDIDATES])
        not_theirs = people_ruled_out([face.pk for face in near])
        for face in near:
            known = face.person is not None and face.person.faces_count >= settings.FACE_KNOWN_FACES
            strict = self._calibration_at(face.photo.event_id).strict_threshold if known else self._limit
            free = face.photo_id not in self._occupied and not not_theirs.get(face.pk, set()) & set(people)
            if free and face.distance <= strict and self._is_near(face.distance, face.photo.event_id):
                yield face

    def _near(self, faces: FaceQuerySet, within: float | None = None) -> QuerySet[Face]:
        near = faces.nearest(self._vector, contract=self._contract, within=within, is_exact=self._is_exact)
        return near.select_related("photo__image", "photo__event", "person").defer("person__centroid")

    def _calibration_at(self, event: int) -> Calibration:
        return self._measured.get(event, self._calibration)

    def _is_near(self, distance: float, event: int) -> bool:
        return distance <= self._calibration_at(event).distance(self._min_similarity)

    def _similarity(self, distance: float, event: int) -> float:
        return self._calibration_at(event).similarity(distance)
