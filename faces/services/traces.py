"""What there is of somebody who wants to be forgotten: faces, portraits and people.

A search shows what is surest; here nothing may be missed. Whoever is near enough counts, with all of their faces, and
so does every face and every portrait that is near by itself: in all events, hidden, taken for no face, or a second time
in the same photo, as in a mirror, on a screen or in a collage. This is repeated with the mean of what was found. People
who were merged count as one.

What a moderator has said to be somebody else's stays: a face that they said is not the one of somebody found here, a
face that they gave to or confirmed as a person with a name who is not found here, and a person with a name of whom they
said that they differ from a nearer one with a name. A split or a "not the same" between people without names does not
count: it sorts faces, and says nothing of who they are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from faces.models import Appearance, Attendee, Event, Face, Person, Portrait
from faces.services.ledger import people_apart, people_ruled_out
from faces.services.likenesses import Likeness
from faces.services.people import current_calibration, current_contract, event_calibrations
from faces.services.portraits import person_likeness
from faces.services.search import SIMILARITY
from photofinder.vectors import as_array

_ROUNDS = 4  # of looking again with what was found; two are enough as a rule


@dataclass(frozen=True)
class Traces:
    """Primary keys of what is to go; of `people` those of whom no face is left."""

    faces: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()
    portraits: frozenset[int] = frozenset()

    def __or__(self, other: "Traces") -> "Traces":
        return Traces(self.faces | other.faces, self.people | other.people, self.portraits | other.portraits)


def traces_of_likeness(likeness: Likeness, known: Traces | None = None) -> Traces:
    """What is there of whoever looks like this, and is already `known` in part."""
    known = known or Traces()
    traces, limits, vector = known, _Limits(), likeness.mean
    for _ in range(_ROUNDS):
        near = limits.near_people(vector)
        spared = _others(near, traces.people)
        portraits = [row for row in limits.near_portraits(vector) if row.person_id not in spared]
        found = {person.pk for person in near if person.pk not in spared} | {row.person_id for row in portraits}
        more = traces | traces_of_people(found)
        more |= Traces(_near_alone(limits.near_faces(vector), more.people, spared))
        more = replace(more, faces=known.faces | _not_ruled_out(more.faces, more.people))
        if more == traces:
            break
        traces, vector = more, _joined(likeness, near, spared)
    return traces


def traces_of_person(person: Person) -> Traces:
    """A person, everybody who is the same today, and who is found with their faces and portraits."""
    root = Person.objects.get(pk=Person.objects.roots([person.pk])[person.pk])
    traces = traces_of_people([root.pk])
    if likeness := person_likeness(root):
        traces |= traces_of_likeness(likeness, traces)
    if root.centroid is not None and root.contract == current_contract():
        traces |= traces_of_likeness(Likeness(root.contract, as_array(root.centroid)[None]), traces)
    return traces


def traces_of_attendee(attendee: Attendee | None) -> Traces:
    """An attendee who subscribed, and so is known by a portrait."""
    person = Person.objects.filter(attendees=attendee).first() if attendee else None
    return traces_of_person(person) if person else Traces()


def traces_of_people(people: Collection[int]) -> Traces:
    """These people, everybody who is the same as one of them today, and all faces and portraits of all of them."""
    roots = Person.objects.roots(people).values()
    same = Person.objects.absorbed(*roots)
    faces = Face.objects.filter(person__in=same).values_list("pk", flat=True)
    portraits = Portrait.objects.filter(person__in=same).values_list("pk", flat=True)
    return Traces(frozenset(faces), frozenset(same), frozenset(portraits))


def traces_around(vectors: Iterable[NDArray[np.float32]], *, within: float) -> Traces:
    """All faces, portraits and people at most so far from one of these vectors, whatever moderators said."""
    traces = Traces()
    for vector in vectors:
        near: dict[str, Any] = {"contract": current_contract(), "within": within}
        faces = Face.objects.nearest(vector, **near).order_by().values_list("pk", flat=True)
        people = Person.objects.nearest(vector, **near).order_by().values_list("pk", flat=True)
        registered = Portrait.objects.nearest(vector, **near).order_by().values_list("person", flat=True)
        traces |= Traces(frozenset(faces)) | traces_of_people({*people, *registered})
    return traces


class _Limits:
    """How near is near enough in each event."""

    def __init__(self) -> None:
        self.general = current_calibration().distance(SIMILARITY)
        measured = event_calibrations(Event.objects.all())
        self._of_events = {event: calibration.distance(SIMILARITY) for event, calibration in measured.items()}
        self._most = max(self.general, *self._of_events.values(), 0.0)

    def near_people(self, vector: NDArray[np.float32]) -> list[Person]:
        """Those whose mean face is near enough for one of the events that they are in, nearest first."""
        near = Person.objects.current().nearest(vector, contract=current_contract(), within=self._most)
        people = sorted(near.order_by(), key=lambda person: (person.distance, person.pk))
        limits: dict[int, float] = {}
        for person, event in Appearance.objects.filter(person__in=people).values_list("person", "event"):
            limits[person] = max(limits.get(person, 0.0), self._of(event))
        return [person for person in people if person.distance <= limits.get(person.pk, self.general)]

    def near_portraits(self, vector: NDArray[np.float32]) -> QuerySet[Portrait]:
        """Those that are near enough."""
        return Portrait.objects.nearest(vector, contract=current_contract(), within=self.general).order_by()

    def near_faces(self, vector: NDArray[np.float32]) -> list[Face]:
        """Those that are near enough by themselves, with their photo and person."""
        near = Face.objects.nearest(vector, contract=current_contract(), within=self._most)
        faces = near.order_by().select_related("photo", "person").defer("person__centroid")
        return [face for face in faces if face.distance <= self._of(face.photo.event_id)]

    def _of(self, event: int) -> float:
        return self._of_events.get(event, self.general)


def _others(near: Collection[Person], known: Collection[int]) -> set[int]:
    """Of these people, nearest first, whom moderators said to be others: named ones, apart from a nearer named one."""
    named = [person.pk for person in near if person.name and person.pk not in known]
    mine = set(Person.objects.filter(pk__in=known).exclude(name="").values_list("pk", flat=True))
    apart, others = people_apart([*mine, *named]), set[int]()
    for person in named:
        is_other = any(frozenset((person, one)) in apart for one in mine)
        (others if is_other else mine).add(person)
    return Person.objects.absorbed(*others)


def _near_alone(near: Collection[Face], people: Collection[int], spared: Collection[int]) -> frozenset[int]:
    """Of these faces those that are not somebody's, by a moderator's word, who is not one of these people."""
    others = {face.pk for face in near if _is_of_somebody_named(face) and face.person_id not in people}
    return frozenset(face.pk for face in near if face.person_id not in spared and face.pk not in others)


def _not_ruled_out(faces: Collection[int], people: Collection[int]) -> frozenset[int]:
    """Those of these faces of which no moderator has said that they are not one of these people's."""
    ruled_out = people_ruled_out(faces)
    return frozenset(face for face in faces if not ruled_out.get(face, set()) & set(people))


def _is_of_somebody_named(face: Face) -> bool:
    """By a moderator's word about this very face."""
    return face.assigned_by == Face.AssignedBy.MODERATOR and face.person is not None and face.person.name != ""


def _joined(likeness: Likeness, near: Collection[Person], spared: Collection[int]) -> NDArray[np.float32]:
    """The mean of the likeness and of the people who were found with it."""
    means = [as_array(person.centroid) for person in near if person.pk not in spared]
    return Likeness(likeness.contract, np.vstack([likeness.mean, *means])).mean
