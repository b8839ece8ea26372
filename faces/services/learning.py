"""What a decision teaches: faces that are better explained since, moved where no moderator has spoken, else offered.

The rule. After a decision, the faces around the people concerned are compared again with what is surest of them: the
mean of the faces that moderators confirmed, else of all. A face that the engine assigned moves when it is near enough
to join at all and, by FACE_MOVE_MARGIN of the threshold, nearer than to the mean of its own person's other faces. One
that is near enough without that margin is offered as a question, and so is one that is nobody's and only nearly near
enough. A face of which a moderator has said whose it is never moves.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np
from django.conf import settings
from django.db.models import Avg, Count, Exists, OuterRef, Q
from numpy.typing import NDArray

from faces.models import Event, Face, Person, Photo
from faces.services.ledger import people_ruled_out
from faces.services.people import Crowd, current_contract, people_refresh
from faces.services.suggestions import faces_offer, limit_among
from photofinder.vectors import as_array, matrix

_LOOKED_AT = 100  # nearest faces around each person
_PEOPLE_LOOKED_AT = 20  # of a decision about very many people, those with most photos
Followed = list[list[int | None]]


def people_reexamine(*, people: Collection[int], free: Mapping[int, int | None]) -> Followed:
    """Let the faces around these people, and those set `free`, follow a decision: what moved, as
    [face, whose the engine thought it was, whose it thinks it is].
    """
    before = dict(free)
    crowds = {event.pk: Crowd(event) for event in Event.objects.concerned(people, list(free))}
    for photo in Photo.objects.filter(faces__in=free).distinct().order_by("pk"):
        waiting: dict[int, int | None] = dict(photo.faces.unassigned().values_list("pk", "engine_person"))
        before = waiting | before
        crowds[photo.event_id].take_in(photo.faces.select_related("vector"))
    examined = Person.objects.current().filter(pk__in=people, contract=current_contract())
    for person in examined.order_by("-photos_count", "pk")[:_PEOPLE_LOOKED_AT]:
        before |= _attract(crowds, person)
    after = dict(Face.objects.filter(pk__in=before).values_list("pk", "engine_person"))
    return [[face, was, after[face]] for face, was in before.items() if face in after and after[face] != was]


def faces_return(*, followed: Followed) -> list[int]:
    """Let faces that followed a decision go back to whom the engine gave them before; those that are still there."""
    back: list[int] = []
    people: set[int] = set()
    for face, was, now in followed:
        if face and Face.objects.filter(pk=face, engine_person=now).update(engine_person=was):
            back.append(face)
            people |= {was} if was else set()
    emptied = Person.objects.filter(pk__in=people, faces_count=0)
    emptied.exclude(pk__in=Person.objects.spoken_of()).update(merged_into=None)
    return back


def _attract(crowds: Mapping[int, Crowd], person: Person) -> dict[int, int | None]:
    """Move and offer faces around the person; of those moved, whose the engine thought they were."""
    mean = _surest_mean(person)
    if mean is None:
        return {}
    limits = {event: crowd.limit() for event, crowd in crowds.items()}
    reach = {event: max(limits[event], limit_among(crowd.size, crowd.calibration)) for event, crowd in crowds.items()}
    faces = [face for face in _around(list(crowds), person, mean) if face.distance <= reach[face.photo.event_id]]
    near = [face for face in faces if face.distance <= limits[face.photo.event_id]]
    own = _own_distances(near)
    margins = {event: settings.FACE_MOVE_MARGIN * crowd.calibration.threshold for event, crowd in crowds.items()}
    moved, offers, photos = [], defaultdict[Event, dict[tuple[int, int], float]](dict), _photos_of(person)
    for face in faces:
        gain = own.get(face.pk, 2.0) - face.distance if face in near else 0.0
        if face.photo_id in photos:
            continue
        if face.is_good and face in near and gain >= margins[face.photo.event_id]:
            moved.append(face)
            photos.add(face.photo_id)
        elif face.person_id is None or gain > 0:
            offers[crowds[face.photo.event_id].event][face.pk, person.pk] = face.distance
    for event, offered in offers.items():
        faces_offer(event=event, offers=offered)
    return _move(moved, person)


def _photos_of(person: Person) -> set[int]:
    return set(person.faces.values_list("photo", flat=True))


def _surest_mean(person: Person) -> NDArray[np.float32] | None:
    """(512,) the mean of the person's confirmed faces, else of all; None where nothing can be compared."""
    confirmed = person.faces.filter(assigned_by=Face.AssignedBy.MODERATOR, contract=person.contract)
    mean = confirmed.aggregate(mean=Avg("vector__embedding"))["mean"] or person.centroid
    return None if mean is None else as_array(mean)


def _around(events: Collection[int], person: Person, mean: NDArray[np.float32]) -> list[Face]:
    """The faces nearest to `mean` that the engine gave to others, or to nobody, and that nothing keeps from the person.

    Whom a decision speaks of keeps the face that stands for them.
    """
    faces = Face.objects.filter(photo__event__in=events, dismissed=False).select_related("photo")
    faces = faces.exclude(assigned_by=Face.AssignedBy.MODERATOR).filter(Q(person=None) | ~Q(person=person))
    covers = Person.objects.filter(cover_face=OuterRef("pk")).spoken_of()
    # Not within a distance: the index would be searched for more that are near, where there are none.
    found = list(faces.exclude(Exists(covers)).nearest(mean, contract=person.contract)[:_LOOKED_AT])
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


def _move(faces: Collection[Face], to: Person) -> dict[int, int | None]:
    """Give these faces to the person; whoever has none left means the person from now on."""
    before = {face.pk: face.engine_person_id for face in faces}
    left = {face.person_id for face in faces if face.person_id}
    new = {"person": to, "engine_person": to, "assigned_by": Face.AssignedBy.ENGINE}
    Face.objects.filter(pk__in=before).update(**new)
    if faces:
        people_refresh(ids={*left, to.pk})
        emptied = Person.objects.filter(pk__in=left, faces_count=0, merged_into=None)
        emptied.exclude(pk__in=Person.objects.spoken_of()).update(merged_into=to)
    return before
