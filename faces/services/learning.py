"""What a decision teaches: faces that are better explained since, moved where no moderator has spoken, else offered.

The rule. After a decision, the faces around the people concerned are compared again with what is surest of them: the
mean of the faces that moderators confirmed, else of all. A face that the engine assigned moves when it is near enough
to join at all and, by FACE_MOVE_MARGIN of the threshold, nearer than to the mean of its own person's other faces. One
that is near enough without that margin is offered as a question, and so is one that is nobody's and only nearly near
enough. A face of which a moderator has said whose it is never moves.
"""

from collections.abc import Collection, Mapping

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Avg, Exists, OuterRef, Q
from numpy.typing import NDArray

from faces.models import Event, Face, Person
from faces.services.ledger import people_ruled_out
from faces.services.people import Crowd, people_refresh
from faces.services.suggestions import faces_offer, suggestion_limit
from photofinder.vectors import as_array

_LOOKED_AT = 100  # nearest faces around each person
_PEOPLE_LOOKED_AT = 20  # of a decision about very many people, those with most photos
Followed = list[list[int | None]]

# How far each face is from the mean of its person's other faces; no row for an only one.
_OWN_DISTANCES = """
SELECT face.id, mine.embedding <=> l2_normalize(avg(theirs.embedding))
FROM faces_face AS face JOIN faces_facevector AS mine ON mine.face_id = face.id
JOIN faces_face AS other
    ON other.person_id = face.person_id AND other.id <> face.id AND other.contract = face.contract
JOIN faces_facevector AS theirs ON theirs.face_id = other.id
WHERE face.id = ANY(%s) GROUP BY face.id, mine.embedding
"""


def people_reexamine(*, people: Collection[int], free: Mapping[int, int | None]) -> Followed:
    """Let the faces around these people, and those set `free`, follow a decision: what moved, as
    [face, whose the engine thought it was, whose it thinks it is].
    """
    before = dict(free)
    for event in Event.objects.concerned(people, list(free)):
        crowd = Crowd(event)
        for photo in event.photos.filter(faces__in=free).distinct():
            crowd.take_in(photo.faces.select_related("vector"))
        examined = Person.objects.current().filter(pk__in=people, contract=crowd.contract, appearances__event=event)
        for person in examined.order_by("-photos_count", "pk")[:_PEOPLE_LOOKED_AT]:
            before |= _attract(event, crowd, person)
    after = dict(Face.objects.filter(pk__in=before).values_list("pk", "engine_person"))
    return [[face, was, after[face]] for face, was in before.items() if face in after and after[face] != was]


def faces_return(*, followed: Followed) -> list[int]:
    """Let faces that followed a decision go back to whom the engine gave them before; those that are still there."""
    back = []
    for face, was, now in followed:
        if face and Face.objects.filter(pk=face, engine_person=now).update(engine_person=was):
            back.append(face)
    Person.objects.filter(pk__in=[was for _, was, _ in followed if was]).exclude(
        pk__in=Person.objects.spoken_of()
    ).update(merged_into=None)
    return back


def _attract(event: Event, crowd: Crowd, person: Person) -> dict[int, int | None]:
    """Move and offer faces around the person; of those moved, whose the engine thought they were."""
    mean = _surest_mean(person)
    if mean is None:
        return {}
    limit = crowd.limit()
    faces = _around(event, person, mean, crowd.contract, max(limit, suggestion_limit(event)))
    own = _own_distances(faces)
    margin = settings.FACE_MOVE_MARGIN * crowd.calibration.threshold
    moved, offers, photos = [], {}, set(person.faces.values_list("photo", flat=True))
    for face in faces:
        if face.photo_id in photos:
            continue
        if face.is_good and face.distance <= limit and face.distance + margin <= own.get(face.pk, 2.0):
            moved.append(face)
            photos.add(face.photo_id)
        elif face.person_id is None or (face.distance <= limit and face.distance < own.get(face.pk, 2.0)):
            offers[face.pk, person.pk] = face.distance
    faces_offer(event=event, offers=offers)
    return _move(moved, person)


def _surest_mean(person: Person) -> NDArray[np.float32] | None:
    """(512,) the mean of the person's confirmed faces, else of all; None where nothing can be compared."""
    confirmed = person.faces.filter(assigned_by=Face.AssignedBy.MODERATOR, contract=person.contract)
    mean = confirmed.aggregate(mean=Avg("vector__embedding"))["mean"] or person.centroid
    return None if mean is None else as_array(mean)


def _around(event: Event, person: Person, mean: NDArray[np.float32], contract: str, within: float) -> list[Face]:
    """The faces near `mean` that the engine gave to others, or to nobody, and that nothing keeps from the person.

    Whom a decision speaks of keeps the face that stands for them.
    """
    faces = Face.objects.filter(photo__event=event, dismissed=False).exclude(assigned_by=Face.AssignedBy.MODERATOR)
    faces = faces.filter(Q(person=None) | ~Q(person=person))
    covers = Person.objects.filter(cover_face=OuterRef("pk")).spoken_of()
    nearest = faces.exclude(Exists(covers)).nearest(mean, contract=contract)[:_LOOKED_AT]
    # Not within the distance in the query: the index would be searched for more that are near, where there are none.
    found = [face for face in nearest if face.distance <= within]
    strangers = people_ruled_out([face.pk for face in found])
    return [face for face in found if person.pk not in strangers.get(face.pk, ())]


def _own_distances(faces: Collection[Face]) -> dict[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(_OWN_DISTANCES, [[face.pk for face in faces if face.person_id]])
        return dict(cursor.fetchall())


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
