"""Nothing of whoever is forgotten or opts out is missed, and what moderators said is somebody else's stays."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from faces.engines.fake import vector_of
from faces.models import Event, EventCalibration, Face, OptOutCode, Person, Portrait
from faces.services.decisions import faces_confirm, faces_reject, faces_split, people_differ, people_merge, person_name
from faces.services.erasure import likeness_forget, likeness_opt_out, person_forget
from faces.services.likenesses import Likeness, likeness_of
from faces.services.portraits import person_register
from faces.tests.attendance import ANN, BOB, open_event, selfie, staff_search, visitor_search
from faces.tests.painting import painted, painted_looks, processed
from faces.tests.test_erasure import files, own_storage, vectors_like  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "own_storage")]
SIMILAR = 0.7  # to Ann, near enough to be taken for her
OTHERWISE = 0.55  # hers, but too far from her selfie to be found with it


@pytest.fixture
def ann(fake_engine: Any) -> Likeness:
    return likeness_of(vector_of(ANN))


@pytest.fixture
def gala(own_storage: None) -> Event:  # noqa: F811 - the fixture
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN))
    return event


def _looking(event: Event, likeness: float) -> Face:
    """The face of somebody who resembles Ann so much, in a photo of their own."""
    return processed(event, painted_looks([(ANN, likeness, 0.9)]))[0].faces.get()


def _twin(event: Event) -> Person:
    """Somebody like Ann whom a moderator has split off from her and named."""
    face = _looking(event, SIMILAR)
    assert face.person is not None
    split = faces_split(person=face.person, faces=[face.pk], actor=None)
    twin: Person = Person.objects.get(pk=split.payload["new"])
    person_name(person=twin, name="Eve", actor=None)
    return twin


def _ann() -> Person:
    return Person.objects.get(faces__photo__original_name="3.png")


@pytest.mark.parametrize("erase", [likeness_forget, likeness_opt_out])
def test_somebody_who_is_twice_in_a_photo_goes_from_both_places(ann: Likeness, erase: Any) -> None:
    """A speaker before a screen that shows them, a mirror, a collage."""
    gala = open_event()
    processed(gala, painted(ANN, ANN), painted(ANN), painted(ANN))
    erase(likeness=ann)
    assert (Face.objects.count(), vectors_like(ANN)) == (0, 0)
    assert visitor_search(gala, selfie(ANN)).matches.photos == []


def test_a_mirror_that_is_nearer_than_all_other_faces_hides_none_of_them(ann: Likeness) -> None:
    mirror = painted_looks([(ANN, SIMILAR, 0.9), (ANN, 1.0, 0.9)])
    processed(open_event(), mirror, *(painted_looks([(ANN, SIMILAR, 0.9)]) for _ in range(4)))
    assert likeness_forget(likeness=ann).counts["faces"] == 6
    assert not Face.objects.exists()


def test_a_portrait_of_somebody_who_was_merged_goes_with_their_name(gala: Event, ann: Likeness) -> None:
    registered = person_register(picture=selfie(ANN, likeness=OTHERWISE), name="Ann Secret").person
    people_merge(into=_ann(), others=[registered], actor=None)
    likeness_forget(likeness=ann)
    assert (Portrait.objects.count(), files("portraits")) == (0, set())
    assert not Person.objects.filter(name__contains="Secret").exists()
    registered.refresh_from_db()
    assert registered.forgotten_at is not None


@pytest.mark.parametrize("erase", [likeness_forget, likeness_opt_out])
def test_a_near_portrait_takes_along_all_faces_of_whoever_gave_it(gala: Event, ann: Likeness, erase: Any) -> None:
    person = _looking(gala, OTHERWISE).person
    assert person is not None and person.faces_count == 1
    person_register(picture=selfie(ANN), name="Ann", user_id=person.user_id)
    erase(likeness=ann)
    assert (Portrait.objects.count(), files("portraits"), vectors_like(ANN)) == (0, set(), 0)
    assert staff_search(selfie(ANN)).matches.people == []


def test_a_near_face_goes_although_its_person_does_not(gala: Event, ann: Likeness) -> None:
    face = Face.objects.get(photo__original_name="3.png")
    bob = Person.objects.get(faces__photo__original_name="2.png")
    Face.objects.filter(pk=face.pk).update(person=bob, engine_person=bob)
    Person.objects.refresh({bob.pk}, contract=ann.contract)
    likeness_forget(likeness=ann)
    assert not Face.objects.filter(pk=face.pk).exists()
    assert Person.objects.get(pk=bob.pk).faces_count == 2


def test_a_split_without_a_name_hides_nobody(gala: Event, ann: Likeness) -> None:
    faces_split(person=_ann(), faces=[Face.objects.get(photo__original_name="3.png").pk], actor=None)
    likeness_forget(likeness=ann)
    assert vectors_like(ANN) == 0


def test_a_face_that_is_somebody_with_another_name_stays(gala: Event, ann: Likeness) -> None:
    person_name(person=_ann(), name="Ann", actor=None)
    eve = _twin(gala)
    likeness_forget(likeness=ann)
    assert set(Face.objects.filter(person=eve).values_list("person__name", flat=True)) == {"Eve"}
    assert Person.objects.get(pk=eve.pk).forgotten_at is None
    assert Face.objects.exclude(person=eve).count() == 2  # Bob's


def test_a_face_confirmed_as_somebody_with_a_name_who_does_not_look_like_them_stays(gala: Event, ann: Likeness) -> None:
    bob = Person.objects.get(faces__photo__original_name="2.png")
    face = _looking(gala, SIMILAR)
    Face.objects.filter(pk=face.pk).update(person=bob, engine_person=bob)
    Person.objects.refresh({bob.pk}, contract=ann.contract)
    faces_confirm(person=bob, faces=[face.pk], actor=None)
    person_name(person=bob, name="Bob", actor=None)
    likeness_forget(likeness=ann)
    assert Face.objects.filter(pk=face.pk).exists()


def test_a_face_that_is_not_theirs_by_a_moderators_word_stays(gala: Event, ann: Likeness) -> None:
    face = _looking(gala, SIMILAR)
    faces_reject(person=_ann(), faces=[face.pk], actor=None)
    likeness_forget(likeness=ann)
    assert Face.objects.filter(pk=face.pk).exists()


def test_a_face_that_is_not_theirs_goes_with_the_person_who_is_asked_for(gala: Event) -> None:
    face = _looking(gala, SIMILAR)
    faces_reject(person=_ann(), faces=[face.pk], actor=None)
    face.refresh_from_db()
    assert face.person is not None and face.person != _ann()
    person_forget(person=face.person, by=None)
    assert not Face.objects.filter(pk=face.pk).exists()


def test_who_was_said_to_differ_goes_when_neither_has_a_name(gala: Event, ann: Likeness) -> None:
    mirror = processed(gala, painted_looks([(ANN, 1.0, 0.9), (ANN, SIMILAR, 0.9)]))[0]
    one, other = (face.person for face in mirror.faces.order_by("pk"))
    assert one is not None and other is not None
    people_differ(one=one, other=other, actor=None)
    likeness_forget(likeness=ann)
    assert not mirror.faces.exists()


def test_an_opt_out_listens_to_no_word(gala: Event, ann: Likeness) -> None:
    """What it left would be deleted when the event is sorted out, and never be kept of a later photo."""
    person_name(person=_ann(), name="Ann", actor=None)
    _twin(gala)
    likeness_opt_out(likeness=ann)
    assert vectors_like(ANN) == 0


def test_an_opt_out_takes_all_that_a_later_photo_would_not_keep(gala: Event, ann: Likeness, settings: Any) -> None:
    settings.FACE_FALSE_SUPPRESSIONS = 0.05
    face = _looking(gala, OTHERWISE + 0.05)
    assert face.person is not None
    likeness_opt_out(likeness=ann)
    assert (Face.objects.filter(pk=face.pk).count(), vectors_like(ANN)) == (0, 0)
    assert OptOutCode.objects.count() == 2


def test_a_person_is_forgotten_by_id_with_everybody_who_is_the_same(gala: Event) -> None:
    registered = person_register(picture=selfie(ANN, likeness=OTHERWISE), name="Ann").person
    people_merge(into=_ann(), others=[registered], actor=None)
    user = User.objects.create(username="moderator")
    person_forget(person=registered, by=user)
    assert (vectors_like(ANN), Portrait.objects.count(), vectors_like(BOB)) == (0, 0, 3)


def test_it_does_not_ask_the_database_for_each_face(
    gala: Event, ann: Likeness, django_assert_max_num_queries: Any
) -> None:
    processed(gala, *(painted(ANN) for _ in range(20)))
    with django_assert_max_num_queries(90):
        likeness_forget(likeness=ann)


def test_what_an_event_measured_as_near_counts_there(gala: Event, ann: Likeness) -> None:
    EventCalibration.objects.create(
        event=gala, contract=ann.contract, threshold=0.5, chosen_rate=1e-4, chosen_distance=0.5, answers=10
    )
    lunch = open_event("Lunch")
    here, there = _looking(gala, OTHERWISE), _looking(lunch, OTHERWISE)
    Face.objects.filter(pk__in=[here.pk, there.pk]).update(person=None, engine_person=None)
    Person.objects.refresh({here.person_id or 0, there.person_id or 0}, contract=ann.contract)
    likeness_forget(likeness=ann)
    assert set(Face.objects.filter(pk__in=[here.pk, there.pk])) == {there}
