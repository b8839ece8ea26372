"""Who is who: assigning new faces, keeping people right, merging them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from numpy.typing import NDArray

from faces.assignment import assign, close_pairs
from faces.calibration import Calibration, calibration_for
from faces.models import Decision, Event, Face, Person, Photo
from photofinder.engines import get_engine
from photofinder.errors import Problem
from photofinder.vectors import as_array


def current_contract() -> str:
    """The contract of the face engine in use."""
    return str(get_engine("face").spec.contract)


def current_calibration() -> Calibration:
    """What distances mean for the face engine in use."""
    return calibration_for(current_contract(), settings.FACE_CALIBRATIONS)


@transaction.atomic
def faces_assign(*, event: Event, photos: Iterable[Photo], is_complete: bool) -> None:
    """Give the unassigned faces of these photos of the event to people, in the order of the photos.

    A good face that is nobody's founds a person; a weak one waits. When the event `is_complete`, the faces that waited
    are offered once more, and people who turn out to be the same are joined.
    """
    _alone()
    crowd = _Crowd(event)
    for photo in photos:
        crowd.take_in(photo)
    if is_complete:
        waiting = Face.objects.unassigned().filter(photo__event=event, contract=crowd.contract)
        for photo in Photo.objects.filter(faces__in=waiting).distinct():
            crowd.take_in(photo)
        while crowd.join():
            pass


def people_refresh(*, ids: Collection[int]) -> None:
    """Make what the rows of these people say follow from their faces."""
    Person.objects.refresh(ids, contract=current_contract())


@transaction.atomic
def people_merge(*, into: Person, others: Sequence[Person], actor: User | None) -> Decision:
    """Make `others` the same person as `into`, who keeps id and name; a nameless one takes the first name.

    Raises Problem `nothing_to_merge`, or `merged_already` for one who is somebody else already.
    """
    _alone()
    ids = sorted({person.pk for person in others} - {into.pk})
    people = {person.pk: person for person in Person.objects.select_for_update().filter(pk__in=[into.pk, *ids])}
    if not ids:
        raise Problem("nothing_to_merge", "Choose at least two different people.")
    if gone := [str(person) for person in people.values() if person.merged_into_id]:
        raise Problem("merged_already", f"{', '.join(gone)}: merged into somebody else already; reload the list.")
    moved = dict(Face.objects.filter(person__in=ids).values_list("pk", "person"))
    name = people[into.pk].name or next((people[pk].name for pk in ids if people[pk].name), "")
    payload = {"into": into.pk, "people": ids, "faces": moved, "name": [people[into.pk].name, name]}
    decision = Decision.objects.create(kind=Decision.Kind.MERGE, actor=actor, payload=payload)
    Face.objects.filter(person__in=ids).update(person=into, assigned_by=Face.AssignedBy.MODERATOR)
    Person.objects.filter(pk__in=ids).update(merged_into=into)
    Person.objects.filter(pk=into.pk).update(name=name)
    people_refresh(ids=[into.pk, *ids])
    return decision


@transaction.atomic
def decision_undo(*, decision: Decision, actor: User | None) -> Decision:
    """Take a merge back: its people and their faces are what they were.

    Raises Problem `not_undoable` for another kind, `undone_already`, and `changed_since` when a later merge moved on.
    """
    _alone()
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.kind != Decision.Kind.MERGE:
        raise Problem("not_undoable", "Only a merge can be undone.")
    if decision.undone_by_id:
        raise Problem("undone_already", "This decision was undone before.")
    into, ids = decision.payload["into"], decision.payload["people"]
    if Person.objects.filter(pk=into).exclude(merged_into=None).exists():
        raise Problem("changed_since", "The person was merged again later; undo that merge first.")
    for person in ids:
        moved = [int(face) for face, owner in decision.payload["faces"].items() if owner == person]
        Face.objects.filter(pk__in=moved, person=into).update(person=person)
    # Somebody has said that these are different people: from now on no automatic step may join them.
    Face.objects.filter(person__in=[into, *ids]).update(assigned_by=Face.AssignedBy.MODERATOR)
    Person.objects.filter(pk__in=ids).update(merged_into=None)
    before, after = decision.payload["name"]
    Person.objects.filter(pk=into, name=after).update(name=before)
    people_refresh(ids=[into, *ids])
    undo = Decision.objects.create(kind=Decision.Kind.UNDO, actor=actor, payload={"decision": decision.pk})
    Decision.objects.filter(pk=decision.pk).update(undone_by=undo)
    return undo


def _alone() -> None:
    """Wait until nobody else changes who is who, and keep others waiting until this transaction ends.

    What a step has read of people must hold until it has written: a face must not be given to somebody who has been
    merged away meanwhile. Every step takes milliseconds.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PEOPLE_LOCK])


_PEOPLE_LOCK = 0x0FACE


class _Crowd:
    """The people of an event while faces are being given to them."""

    def __init__(self, event: Event) -> None:
        self.contract = current_contract()
        self._event = event
        self._calibration = current_calibration()
        self._load()

    def _load(self) -> None:
        people = Person.objects.current().in_events(Event.objects.filter(pk=self._event.pk))
        rows = people.filter(contract=self.contract).exclude(centroid=None).order_by("pk").only("centroid")
        self._people: list[int] = []
        self._rows: dict[int, int] = {}
        self._centroids: list[NDArray[np.float32]] = []
        self._remember(rows)

    def take_in(self, photo: Photo) -> None:
        """Give each unassigned face of the photo to somebody, to a new person, or to nobody yet."""
        faces = list(photo.faces.filter(contract=self.contract))
        taken = {self._rows[face.person_id] for face in faces if face.person_id in self._rows}
        free = sorted((face for face in faces if face.person_id is None), key=lambda face: (-face.quality, face.pk))
        vectors = np.array([as_array(face.embedding) for face in free])
        rows = assign(vectors, self._limits(free), np.array(self._centroids), taken)
        for face, row in zip(free, rows, strict=True):
            face.person_id = self._found(face) if row is None else self._people[row]
            face.assigned_by = Face.AssignedBy.ENGINE if face.person_id else ""
        self._save([face for face in free if face.person_id])

    def join(self) -> bool:
        """Join people whose means are as near as a face must be to its person, and who are in no photo together.

        Whom a moderator has named or given faces stays as they are; others may join them. True when anybody was.
        """
        people = np.array(self._people)
        free = set(Person.objects.filter(pk__in=self._people).untouched().values_list("pk", flat=True))
        seen: set[int] = set()
        for pair in close_pairs(np.array(self._centroids), self._limit()):
            one, other = sorted(people[list(pair)].tolist(), key=lambda person: (person in free, person))
            if other in free and not {one, other} & seen and not Person.objects.share_photo(one, other):
                seen |= {one, other}
                Face.objects.filter(person=other).update(person=one)
                Person.objects.filter(pk=other).update(merged_into=one)
        Person.objects.refresh(seen, contract=self.contract)
        if seen:
            self._load()
        return bool(seen)

    def _limit(self) -> float:
        """How near a good face must be: a newcomer is taken for somebody else equally rarely at any size of event."""
        return self._calibration.distance_at(settings.FACE_FALSE_JOINS / max(len(self._people), 1))

    def _limits(self, faces: list[Face]) -> NDArray[np.float32]:
        good, weak = self._limit(), self._calibration.strict_threshold
        goodness = [face.quality >= settings.FACE_QUALITY_GOOD for face in faces]
        return np.array([good if is_good else min(weak, good) for is_good in goodness], np.float32)

    def _found(self, face: Face) -> int | None:
        if face.quality < settings.FACE_QUALITY_GOOD:
            return None
        return Person.objects.create(contract=self.contract).pk

    def _save(self, faces: list[Face]) -> None:
        """Write the faces and bring the people they joined up to date, here and in the database."""
        Face.objects.bulk_update(faces, ["person", "assigned_by"])
        touched: list[Any] = sorted({face.person_id for face in faces})
        Person.objects.refresh(touched, contract=self.contract)
        self._remember(Person.objects.filter(pk__in=touched).order_by("pk").only("centroid"))

    def _remember(self, people: Iterable[Person]) -> None:
        """Take over the centroids of these people, new ones at the end."""
        for person in people:
            if person.pk not in self._rows:
                self._rows[person.pk] = len(self._people)
                self._people.append(person.pk)
                self._centroids.append(as_array(person.centroid))
            self._centroids[self._rows[person.pk]] = as_array(person.centroid)
