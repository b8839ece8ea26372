"""Faces that look as a test wants them to, once they are somebody's."""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from faces.engines.fake import vector_of
from faces.models import Face, FaceVector, Person
from faces.services.people import people_refresh
from photofinder.vectors import padded


def look(faces: Collection[Face], shares: Mapping[int, float]) -> None:
    """Let these faces look like several identities, like each by its share."""
    vector: NDArray[np.float32] = np.sum([share * vector_of(one) for one, share in shares.items()], axis=0)
    unit = np.asarray(vector / np.linalg.norm(vector), np.float32)
    FaceVector.objects.filter(face__in=faces).update(embedding=padded(unit))
    people_refresh(ids={face.person_id for face in faces if face.person_id})


def given(faces: Collection[Face], to: Person) -> None:
    """Let the engine have given these faces to somebody."""
    people = {face.person_id for face in faces if face.person_id}
    Face.objects.filter(pk__in=[face.pk for face in faces]).update(person=to, engine_person=to)
    people_refresh(ids={to.pk, *people})


def person_like(identity: int) -> Person:
    """Whoever looks most like this identity."""
    contract = Face.objects.all()[0].contract
    person: Person = Person.objects.current().nearest(padded(vector_of(identity)), contract=contract)[0]
    return person
