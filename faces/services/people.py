"""Who is who: what distances mean at an event, giving new faces to people, keeping people right."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from faces.assignment import assign
from faces.calibration import Calibration, calibration_for
from faces.models import Appearance, Event, EventCalibration, Face, Person, Photo, Suggestion
from faces.querysets import PersonQuerySet
from faces.services.ledger import people_ruled_out
from faces.services.turns import take_turn
from photofinder.celery import enqueue
from photofinder.engines import get_engine
from photofinder.errors import Problem
from photofinder.vectors import as_array

_COMPARED_EACH = 2000  # people who are compared with a face one by one; of more, those of the nearest faces
_FACES_AROUND = 8
_CANDIDATES = 8  # nearest people that a face is compared with: one photo's faces rarely compete for more


def current_contract() -> str:
    """The contract of the face engine in use."""
    return str(get_engine("face").spec.contract)


def current_calibration(event: Event | None = None) -> Calibration:
    """What distances mean for the face engine in use; at the event, where moderators measured it there."""
    contract = current_contract()
    calibration = calibration_for(contract, settings.FACE_CALIBRATIONS)
    measured = EventCalibration.objects.filter(event=event, contract=contract).first() if event else None
    return replace(calibration, threshold=measured.threshold) if measured else calibration


def person_get(user_id: UUID) -> Person:
    """The person whom that public id means today. Raises Problem `not_found`."""
    try:
        person: Person = Person.objects.resolve(user_id)
    except Person.DoesNotExist:
        raise Problem("not_found", _("There is no such person.")) from None
    return person


def as_name(text: str) -> str:
    """A person's name as it is kept. Raises Problem `too_long`."""
    name = " ".join(text.replace("\0", "").split())
    if len(name) > 200:
        raise Problem("too_long", _("A name has at most 200 letters."))
    return name


def event_calibrations(events: QuerySet[Event]) -> dict[int, Calibration]:
    """The calibrations that were measured at some of these events, by the event's primary key."""
    contract = current_contract()
    own = current_calibration()
    measured = EventCalibration.objects.filter(event__in=events, contract=contract)
    return {row.event_id: replace(own, threshold=row.threshold) for row in measured}


@transaction.atomic
def faces_assign(*, event: Event, photos: Collection[Photo], is_complete: bool) -> None:
    """Give the unassigned faces of these photos of the event to people, in the order of the photos.

    A good face that is nobody's founds a person; a weak one waits. When the event `is_complete`, its people are
    consolidated: see `faces.services.consolidation`.
    """
    take_turn()
    crowd = Crowd(event)
    for photo in photos:
        crowd.take_in(photo.faces.select_related("vector"))
    Suggestion.objects.filter(event=event).answered_by(photos).delete()
    Event.objects.filter(pk=event.pk).update(revision=F("revision") + 1)
    if is_complete:
        enqueue(settings.CONSOLIDATION, [event.pk])


@transaction.atomic
def consolidation_request(*, event: Event) -> None:
    """Have the event's people consolidated: soon, and surely, as the event counts as changed until it is done."""
    Event.objects.filter(pk=event.pk).update(revision=F("revision") + 1)
    enqueue(settings.CONSOLIDATION, [event.pk])


def people_refresh(*, ids: Collection[int]) -> None:
    """Make what the rows of these people say follow from their faces."""
    Person.objects.refresh(ids, contract=current_contract())


class Crowd:
    """The people of an event while faces are being given to them."""

    def __init__(self, event: Event) -> None:
        self.contract = current_contract()
        self.calibration = current_calibration(event)
        self.event = event
        self.size = Appearance.objects.filter(event=event).count()
        self._people = Person.objects.current().in_events(Event.objects.filter(pk=event.pk))

    def take_in(self, faces: Iterable[Face]) -> None:
        """Give each unassigned face of a photo to somebody near, to a new person, or to nobody yet.

        Nobody is given a face of a photo that they are in already, nor one that a moderator said is not theirs.
        """
        faces = [face for face in faces if face.contract == self.contract]
        taken = {face.person_id for face in faces}
        free = [face for face in faces if face.person_id is None and not face.dismissed]
        free.sort(key=lambda face: (-face.quality, face.pk))
        people = {face.pk: self._near(face, taken) for face in free}
        for face, person in zip(free, self._assigned(free, people), strict=True):
            face.person_id = face.engine_person_id = person or self._found(face)
            self.size += person is None and face.person_id is not None
            face.assigned_by = Face.AssignedBy.ENGINE if face.person_id else ""
        self._save([face for face in free if face.person_id])

    def limit(self) -> float:
        """How near a good face must be: a newcomer is taken for somebody else equally rarely at any size of event."""
        return self.calibration.distance_at(settings.FACE_FALSE_JOINS / max(self.size, 1))

    def _near(self, face: Face, taken: Collection[int | None]) -> dict[int, NDArray[np.float32]]:
        """The centroids of the people whom the face may be."""
        vector = as_array(face.vector.embedding)
        near = self._around(vector, taken).nearest(vector, contract=self.contract, within=self._limit_of(face))
        ids = {person.pk: as_array(person.centroid) for person in near.only("centroid")[:_CANDIDATES]}
        if not ids:
            return {}
        excluded = people_ruled_out([face.pk]).get(face.pk, set()) | set(taken)
        return {person: centroid for person, centroid in ids.items() if person not in excluded}

    def _around(self, vector: NDArray[np.float32], taken: Collection[int | None]) -> PersonQuerySet:
        """Everybody at the event; of very many people those of the nearest faces, which an index knows."""
        if self.size <= _COMPARED_EACH:
            return self._people
        others = Face.objects.filter(photo__event=self.event).exclude(person=None)
        others = others.exclude(person__in=[person for person in taken if person is not None])
        # Not within a distance: the index would be searched for more that are near, where there are no more.
        nearest = others.nearest(vector, contract=self.contract).values_list("person", flat=True)
        return self._people.filter(pk__in=set(nearest[:_FACES_AROUND]))

    def _assigned(self, faces: list[Face], near: dict[int, dict[int, NDArray[np.float32]]]) -> list[int | None]:
        """For each face its person: the closest pairs first, everybody once."""
        centroids = {person: centroid for people in near.values() for person, centroid in people.items()}
        people = sorted(centroids)
        allowed = np.array([[person in near[face.pk] for person in people] for face in faces], bool)
        vectors = np.array([as_array(face.vector.embedding) for face in faces])
        limits = np.array([self._limit_of(face) for face in faces], np.float32)
        rows = assign(vectors, limits, np.array([centroids[person] for person in people]), allowed)
        return [None if row is None else people[row] for row in rows]

    def _limit_of(self, face: Face) -> float:
        limit = self.limit()
        return limit if face.is_good else min(self.calibration.strict_threshold, limit)

    def _found(self, face: Face) -> int | None:
        return Person.objects.create(contract=self.contract).pk if face.is_good else None

    def _save(self, faces: list[Face]) -> None:
        """Write the faces and bring the people they joined up to date."""
        nobody = [None] * len(faces)
        Face.objects.give([face.pk for face in faces], nobody, [face.person_id for face in faces])
        people_refresh(ids={face.person_id for face in faces if face.person_id})
