"""What a decision teaches about other faces."""

import numpy as np
import pytest

from faces.engines.fake import vector_of
from faces.models import Event, Face, FaceVector, Person, Suggestion
from faces.services.decisions import decision_undo, faces_move, faces_reject, faces_split, people_merge
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed
from photofinder.vectors import padded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


@pytest.fixture
def gala() -> Event:
    event = event_create(name="Gala")
    processed(event, *[painted(ANN) for _ in range(4)], painted(BOB), painted(BOB))
    return event


def _person(identity: int) -> Person:
    return Person.objects.current().nearest(padded(vector_of(identity)), contract=Face.objects.all()[0].contract)[0]


def _between(one: int, other: int, share: float) -> np.ndarray:
    """A vector between two identities, `share` of the way to the other."""
    vector = (1 - share) * vector_of(one) + share * vector_of(other)
    return padded(np.asarray(vector / np.linalg.norm(vector), np.float32))


def test_faces_like_those_split_off_follow(gala: Event) -> None:
    ann = _person(ANN)
    faces = list(Face.objects.filter(person=ann).order_by("pk"))
    for face in faces[2:]:
        FaceVector.objects.filter(face=face).update(embedding=padded(vector_of(EVE)))
    Person.objects.refresh([ann.pk], contract=ann.contract)
    decision = faces_split(person=ann, faces=[faces[3].pk], actor=None)
    assert Face.objects.get(pk=faces[2].pk).person_id == decision.payload["new"]
    assert decision.payload["followed"] == [[faces[2].pk, ann.pk, decision.payload["new"]]]
    decision_undo(decision=decision, actor=None)
    assert Person.objects.get(pk=ann.pk).faces_count == 4


def test_a_face_of_which_a_moderator_has_spoken_does_not_follow(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    face = Face.objects.filter(person=ann)[0]
    faces_move(person=ann, faces=[face.pk], to=bob, actor=None)
    assert Face.objects.get(pk=face.pk).person == bob
    assert Person.objects.get(pk=ann.pk).faces_count == 3


def test_a_rejected_face_goes_to_the_next_nearest(gala: Event) -> None:
    bob = _person(BOB)
    face = Face.objects.filter(person=_person(ANN)).order_by("-pk")[0]
    FaceVector.objects.filter(face=face).update(embedding=_between(BOB, ANN, 0.3))
    faces_reject(person=_person(ANN), faces=[face.pk], actor=None)
    assert Face.objects.get(pk=face.pk).person == bob


def test_a_fragment_near_a_merged_person_joins_and_its_id_keeps_its_meaning(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    fragment = Person.objects.create(contract=ann.contract)
    face = Face.objects.filter(person=ann).order_by("pk")[0]
    Face.objects.filter(pk=face.pk).update(person=fragment, engine_person=fragment)
    FaceVector.objects.filter(face=face).update(embedding=_between(ANN, BOB, 0.42))
    Person.objects.refresh([ann.pk, fragment.pk], contract=ann.contract)
    merge = people_merge(into=ann, others=[bob], actor=None)
    assert Person.objects.resolve(fragment.user_id) == ann
    decision_undo(decision=merge, actor=None)
    assert Face.objects.get(pk=face.pk).person in (fragment, ann)


def test_a_face_that_is_only_nearly_near_enough_is_offered(gala: Event) -> None:
    processed(gala, painted(ANN, likeness=0.6, det_score=0.45))
    face = Face.objects.get(person=None)
    ann = _person(ANN)
    faces_move(person=_person(BOB), faces=[Face.objects.filter(person=_person(BOB))[0].pk], to=ann, actor=None)
    Suggestion.objects.all().delete()
    other = Face.objects.filter(person=ann, assigned_by="moderator")[0]
    faces_move(person=ann, faces=[other.pk], to=_person(BOB), actor=None)
    assert Suggestion.objects.filter(face=face, one=ann).exists()
