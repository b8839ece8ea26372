"""Registering people with portraits."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from faces.engines.fake import vector_of
from faces.models import Event, Person, Portrait
from faces.services.albums import album_of
from faces.services.decisions import people_hide
from faces.services.likenesses import likeness_of
from faces.services.portraits import MOST_PORTRAITS, person_register, portrait_keep
from faces.tests.attendance import ANN, BOB, open_event, selfie, staff_search
from faces.tests.painting import painted, painted_looks, processed
from photofinder.errors import Problem
from photofinder.images import Picture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent")]


def _picture(identity: int, det_score: float, likeness: float = 1.0) -> Picture:
    return Picture.from_bytes(painted_looks([(identity, likeness, det_score)]))


def test_it_keeps_the_aligned_face_and_the_vector() -> None:
    registration = person_register(picture=selfie(ANN), name="  Ann  Lee ")
    portrait = Portrait.objects.get()
    assert (registration.person.name, registration.is_best, portrait.quality > 0.5) == ("Ann Lee", True, True)
    with default_storage.open(portrait.crop_key) as file:
        assert Image.open(file).size == (112, 112)


def test_a_better_portrait_becomes_the_best_and_a_worse_one_is_kept() -> None:
    first = person_register(picture=_picture(ANN, 0.6))
    better = person_register(picture=_picture(ANN, 0.9), user_id=first.person.user_id)
    worse = person_register(picture=_picture(ANN, 0.55), user_id=first.person.user_id)
    assert (first.is_best, better.is_best, worse.is_best) == (True, True, False)
    assert better.person == first.person
    assert Portrait.objects.count() == 3


def test_the_worst_makes_room_and_is_refused_when_it_is_the_new_one() -> None:
    user_id = person_register(picture=_picture(ANN, 0.6)).person.user_id
    keys = {Portrait.objects.get().crop_key}
    for score in (0.7, 0.75, 0.8, 0.85):
        person_register(picture=_picture(ANN, score), user_id=user_id)
    with pytest.raises(Problem) as problem:
        person_register(picture=_picture(ANN, 0.55), user_id=user_id)
    assert problem.value.code == "not_better"
    person_register(picture=_picture(ANN, 0.9), user_id=user_id)
    assert Portrait.objects.count() == MOST_PORTRAITS
    assert not default_storage.exists(keys.pop())


@pytest.mark.parametrize(
    ("picture", "code"),
    [(painted(), "no_face"), (painted(ANN, BOB), "several_faces"), (painted_looks([(ANN, 1.0, 0.45)]), "low_quality")],
)
def test_a_bad_photo_is_refused_with_the_reason(picture: bytes, code: str) -> None:
    with pytest.raises(Problem) as problem:
        person_register(picture=Picture.from_bytes(picture))
    assert problem.value.code == code
    assert (Person.objects.count(), Portrait.objects.count()) == (0, 0)


def test_somebody_elses_face_is_refused() -> None:
    user_id = person_register(picture=selfie(ANN)).person.user_id
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(BOB), user_id=user_id)
    assert problem.value.code == "another_person"


def test_who_was_found_in_photos_is_registered_by_their_id() -> None:
    event = open_event()
    processed(event, painted(ANN), painted(BOB))
    found = staff_search(selfie(ANN)).matches.people[0].person
    assert person_register(picture=selfie(ANN), user_id=found.user_id, name="Ann").person.name == "Ann"
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(BOB), user_id=found.user_id)
    assert problem.value.code == "another_person"
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(ANN), user_id=found.user_id, name="Eve")
    assert problem.value.code == "named_already"


def test_a_registered_person_is_found_by_a_selfie_and_has_their_photos() -> None:
    person = person_register(picture=selfie(ANN), name="Ann").person
    found = staff_search(selfie(ANN)).matches
    assert [(match.person, match.photos_count) for match in found.people] == [(person, 0)]
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN))
    assert [row.face.photo.original_name for row in _album(person)] == ["1.png", "3.png"]


def test_several_portraits_are_looked_for_together() -> None:
    user_id = person_register(picture=_picture(ANN, 0.9)).person.user_id
    processed(open_event(), painted(ANN, likeness=0.7))
    before = _album(Person.objects.get(user_id=user_id))[0].similarity
    person_register(picture=_picture(ANN, 0.9, likeness=0.7), user_id=user_id)
    assert _album(Person.objects.get(user_id=user_id))[0].similarity > before


def test_portraits_of_an_earlier_engine_make_room_for_one_of_the_same_face(fake_engine: Any) -> None:
    processed(open_event(), painted(ANN))
    ann = Person.objects.get()
    person_register(picture=_picture(ANN, 0.9), user_id=ann.user_id)
    Portrait.objects.update(contract="old/engine")
    assert person_register(picture=_picture(ANN, 0.6), user_id=ann.user_id).is_best
    assert Portrait.objects.count() == 1


def test_nobody_takes_the_place_of_somebody_whom_only_an_earlier_engine_knew(fake_engine: Any) -> None:
    user_id = person_register(picture=_picture(ANN, 0.9)).person.user_id
    Portrait.objects.update(contract="old/engine")
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(BOB), user_id=user_id)
    assert (problem.value.code, Portrait.objects.count()) == ("not_comparable", 1)


def test_who_registers_again_without_an_id_is_known_by_their_portrait(fake_engine: Any) -> None:
    first = person_register(picture=_picture(ANN, 0.6), name="Ann")
    again = person_register(picture=_picture(ANN, 0.9))
    assert (again.person, again.is_best) == (first.person, True)
    assert person_register(picture=selfie(BOB)).person != first.person


def test_a_twin_with_another_name_is_somebody_else(fake_engine: Any) -> None:
    ann = person_register(picture=_picture(ANN, 0.6), name="Ann").person
    assert person_register(picture=_picture(ANN, 0.9), name="Zoe").person != ann


def test_a_name_given_at_registration_outlives_the_next_decision(fake_engine: Any) -> None:
    ann = person_register(picture=_picture(ANN, 0.6), name="Ann").person
    people_hide(people=[ann], actor=None)
    ann.refresh_from_db()
    assert ann.name == "Ann"


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(ANN), user_id="00000000-0000-0000-0000-000000000000")  # type: ignore[arg-type]
    assert problem.value.code == "not_found"


def test_a_name_is_cleaned_and_bounded_as_moderators_names_are() -> None:
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(ANN), name="a" * 201)
    assert (problem.value.code, Person.objects.count()) == ("too_long", 0)


def test_portraits_are_read_once_to_keep_another(django_assert_num_queries: Any) -> None:
    person = person_register(picture=selfie(ANN)).person
    likeness = likeness_of(vector_of(ANN))
    with django_assert_num_queries(3):  # who means this person, their portraits, the new one
        portrait_keep(person=person, likeness=likeness, quality=0.9)


def _album(person: Person) -> list[Any]:
    from faces.models import Face

    return list(album_of(person=person, events=Event.objects.all(), shown=Face.objects.all())[:])
