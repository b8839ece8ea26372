"""What a decision teaches: faces that are better explained since, moved where no moderator has spoken, else offered.

The rule. After a decision, the faces around the people concerned are compared again with what is surest of them: the
mean of the faces that moderators confirmed, else of all. A face that the engine assigned moves when it is near enough
to join at all and, by FACE_MOVE_MARGIN of the threshold, nearer than to the mean of its own person's other faces. One
that is near enough without that margin is offered as a question, and so is one that is nobody's and only nearly near
enough. A face of which a moderator has said whose it is never moves; one of which only a merge says so, with all of its
person's faces, is at most offered.

Nothing is learnt from an undo.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Avg, Count, Exists, F, OuterRef, Q
from numpy.typing import NDArray

from faces.models import Event, Face, Person, Photo
from faces.services.ledger import faces_held, people_retire, people_ruled_out
from faces.services.people import Crowd, current_contract, people_refresh
from faces.services.suggestions import faces_offer, limit_among
from photofinder.vectors import as_array, matrix

_LOOKED_AT = 100  # nearest faces around each person
_PEOPLE_LOOKED_AT = 20  # of a decision about very many people, those with most photos
Followed = list[list[Any]]  # of [face, whose the engine thought it was, whose it thinks it is]


@dataclass(frozen=True)
class Lesson:
    """What a decision taught: the faces that `followed`, and the people whom their leaving `emptied`."""

    followed: Followed = field(default_factory=list)
    emptied: Collection[int] = ()

    @classmethod
    def of(cls, before: Mapping[int, int | None], emptied: Collection[int] = ()) -> "Lesson":
        """From whose the engine thought the faces were that it has looked at."""
        after = dict(Face.objects.filter(pk__in=before).values_list("pk", "engine_person"))
        moved = [[face, was, after[face]] for face, was in before.items() if face in after and after[face] != was]
        return cls(moved, emptied)

    def as_payload(self) -> dict[str, Any]:
        """As it is written beside the decision."""
        return {"followed": self.followed} | ({"emptied": sorted(self.emptied)} if self.emptied else {})


def people_reexamine(*, people: Collection[int], free: Mapping[int, int | None]) -> Lesson:
    """Let the faces around these people, those set `free` and those that wait beside them follow a decision."""
    crowds = {event.pk: Crowd(event) for event in Event.objects.concerned(people, list(free))}
    waiting = Face.objects.unassigned().filter(photo__in=Photo.objects.filter(faces__in=free))
    before: dict[int, int | None] = {**dict(waiting.values_list("pk", "engine_person")), **free}
    left: dict[int, int | None] = {}
    _place(crowds, before)
    examined = Person.objects.current().filter(contract=current_contract())
    ids = examined.filter(pk__in=people).order_by("-photos_count", "pk").values_list("pk", flat=True)
    for pk in list(ids[:_PEOPLE_LOOKED_AT]):
        # Read anew: one of those before may have taken this one's faces, even the last.
        if person := examined.filter(pk=pk).first():
            moved = _attract(crowds, person)
            before = {face.pk: face.engine_person_id for face in moved} | before
            left = {face.pk: face.person_id for face in moved} | left
            _move(moved, person)
    now = Face.objects.filter(pk__in=left).values_list("pk", "person")
    return Lesson.of(before, people_retire((left[face], to) for face, to in now))


def faces_place(*, free: Mapping[int, int | None]) -> Lesson:
    """Let those of these faces that are good go to somebody near or found a person: they became nobody's by an undo.

    Weak ones wait, as they did before the decision.
    """
    good = Face.objects.filter(pk__in=free, quality__gte=settings.FACE_QUALITY_GOOD).values_list("pk", flat=True)
    before = {face: free[face] for face in good}
    _place({event.pk: Crowd(event) for event in Event.objects.concerned([], list(before))}, before)
    return Lesson.of(before)


def faces_return(*, followed: Followed, emptied: Collection[int]) -> dict[int, int | None]:
    """Let faces that followed a decision go back to whom the engine gave them before: those that are still there, each
    with whom it leaves. The people whom that decision emptied are themselves again.
    """
    there = dict(Face.objects.filter(pk__in=[face for face, *_ in followed]).values_list("pk", "engine_person"))
    back = {face: was for face, was, now in followed if face in there and there[face] == now}
    for person in set(back.values()):
        faces = [face for face, was in back.items() if was == person]
        Face.objects.filter(pk__in=faces).update(engine_person=person)
    Person.objects.filter(pk__in=set(emptied) & set(back.values()), faces_count=0).update(merged_into=None)
    return {face: there[face] for face in back}


def _place(crowds: Mapping[int, Crowd], free: Collection[int]) -> None:
    """Give these faces, which are nobody's, to somebody near or let them found a person."""
    for photo in Photo.objects.filter(faces__in=free).distinct().order_by("pk"):
        faces = photo.faces.select_related("vector")
        crowds[photo.event_id].take_in(face for face in faces if face.person_id or face.pk in free)


def _attract(crowds: Mapping[int, Crowd], person: Person) -> list[Face]:
    """Offer faces around the person; those that should move there."""
    mean = _surest_mean(person)
    if mean is None:
        return []
    limits = {event: crowd.limit() for event, crowd in crowds.items()}
    reach = {event: max(limits[event], limit_among(crowd.size, crowd.calibration)) for event, crowd in crowds.items()}
    faces = [face for face in _around(list(crowds), person, mean) if face.distance <= reach[face.photo.event_id]]
    near = [face for face in faces if face.distance <= limits[face.photo.event_id]]
    own, held = _own_distances(near), faces_held([face.pk for face in near])
    margins = {event: settings.FACE_MOVE_MARGIN * crowd.calibration.threshold for event, crowd in crowds.items()}
    moved, offers, photos = [], defaultdict[Event, dict[tuple[int, int], float]](dict), _photos_of(person)
    for face in faces:
        gain = own.get(face.pk, 2.0) - face.distance if face in near else 0.0
        if face.photo_id in photos:
            continue
        if face.is_good and face.pk not in held and face in near and gain >= margins[face.photo.event_id]:
            moved.append(face)
            photos.add(face.photo_id)
        elif face.person_id is None or gain > 0:
            offers[crowds[face.photo.event_id].event][face.pk, person.pk] = face.distance
    for event, offered in offers.items():
        faces_offer(event=event, offers=offered)
    return _but_last(moved)


def _photos_of(person: Person) -> set[int]:
    return set(person.faces.values_list("photo", flat=True))


def _surest_mean(person: Person) -> NDArray[np.float32] | None:
    """(512,) the mean of the person's confirmed faces, else of all; None where nothing can be compared."""
    confirmed = person.faces.filter(assigned_by=Face.AssignedBy.MODERATOR, contract=person.contract)
    mean = confirmed.aggregate(mean=Avg("vector__embedding"))["mean"] or person.centroid
    return None if mean is None else as_array(mean)


def _around(events: Collection[int], person: Person, mean: NDArray[np.float32]) -> list[Face]:
    """The faces nearest to `mean` of which nobody said that they are others', and that nothing keeps from the person.

    Whom a decision speaks of keeps the last face, and one that was chosen to stand for them.
    """
    faces = Face.objects.filter(photo__event__in=events, dismissed=False).select_related("photo")
    faces = faces.exclude(assigned_by=Face.AssignedBy.MODERATOR).filter(Q(person=None) | ~Q(person=person))
    covers = Person.objects.filter(Q(faces_count=1) | Q(chosen_cover=F("cover_face")), cover_face=OuterRef("pk"))
    faces = faces.exclude(Exists(covers.spoken_of()))
    # Not within a distance: the index would be searched for more that are near, where there are none.
    found = list(faces.nearest(mean, contract=person.contract)[:_LOOKED_AT])
    strangers = people_ruled_out([face.pk for face in found])
    return [face for face in found if person.pk not in strangers.get(face.pk, ())]


def _own_distances(faces: Collection[Face]) -> dict[int, float]:
    """How far each face is from the mean of its person's other faces; nothing for an only one."""
    rows, vectors = matrix(Face.objects.filter(pk__in=[face.pk for face in faces]), "vector__embedding", "pk", "person")
    others = Face.objects.filter(person__in={person for _, person in rows if person}).values("person", "contract")
    means = others.annotate(mean=Avg("vector__embedding"), count=Count("pk")).order_by()
    contracts = {face.pk: face.contract for face in faces}
    by_person = {(row["person"], row["contract"]): (as_array(row["mean"]), row["count"]) for row in means}
    distances = {}
    for (face, person), vector in zip(rows, vectors, strict=True):
        mean, count = by_person.get((person, contracts[face]), (vector, 1))
        if count > 1:
            rest = mean * count - vector
            distances[face] = float(1 - rest @ vector / max(float(np.linalg.norm(rest)), 1e-12))
    return distances


def _but_last(faces: Sequence[Face]) -> list[Face]:
    """These faces without the cover of whoever decisions speak of and would have none left."""
    taken = Counter(face.person_id for face in faces if face.person_id)
    people = Person.objects.filter(pk__in=taken).spoken_of().values_list("pk", "faces_count", "cover_face")
    kept = {cover for person, count, cover in people if count == taken[person]} if taken else set()
    return [face for face in faces if face.pk not in kept]


def _move(faces: Sequence[Face], to: Person) -> None:
    """Give these faces to the person."""
    new = {"person": to, "engine_person": to, "assigned_by": Face.AssignedBy.ENGINE}
    Face.objects.filter(pk__in=[face.pk for face in faces]).update(**new)
    if faces:
        people_refresh(ids={to.pk, *(face.person_id for face in faces if face.person_id)})
