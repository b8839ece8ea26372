"""One selfie in, every photo of its owner out."""

from typing import Any

import pytest
from django.db import connection

from faces.models import Event, Face, Person, Photo
from faces.services.decisions import faces_dismiss, faces_reject
from faces.services.search import Matches
from faces.services.uploads import event_create
from faces.tests.attendance import staff_search
from faces.tests.painting import painted, processed
from photofinder.errors import Problem
from photofinder.images import Picture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB = 3, 17


@pytest.fixture
def gala() -> Event:
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN), painted())
    return event


def _search(data: bytes, **options: object) -> Matches:
    return staff_search(Picture.from_bytes(data), **options).matches


def _names(result: Matches) -> list[str]:
    return sorted(match.face.photo.original_name for match in result.photos)


def test_it_finds_every_photo_of_the_selfies_owner(gala: Event) -> None:
    result = _search(painted(ANN))
    assert _names(result) == ["1.png", "3.png"]
    assert [(match.person.faces_count, match.photos_count) for match in result.people] == [(2, 2)]
    assert all(match.similarity > 0.9 for match in result.photos)


def test_it_finds_nothing_of_a_stranger(gala: Event) -> None:
    result = _search(painted(30))
    assert (result.people, result.photos) == ([], [])


def test_it_finds_a_person_by_their_other_faces(gala: Event) -> None:
    processed(gala, painted(ANN, likeness=0.8))
    assert "1.png" in _names(_search(painted(ANN)))
    assert Person.objects.current().count() == 2


def test_it_never_takes_two_people_of_one_photo_for_one() -> None:
    processed(event_create(name="Twins"), painted(ANN), painted(ANN, ANN))
    assert Person.objects.current().count() == 2
    assert len(_search(painted(ANN)).people) == 1


def test_it_looks_only_into_the_events_it_was_given(gala: Event) -> None:
    processed(event_create(name="Lunch"), painted(ANN))
    assert len(_search(painted(ANN), events=Event.objects.filter(pk=gala.pk)).photos) == 2
    assert len(_search(painted(ANN)).photos) == 3


@pytest.mark.parametrize(("exact_photos", "found"), [(10, 2), (0, 0)])
def test_many_near_faces_of_other_events_hide_none_where_all_are_compared(
    gala: Event, settings: Any, exact_photos: int, found: int
) -> None:
    processed(event_create(name="Lunch"), *[painted(ANN, likeness=0.999) for _ in range(30)])
    settings.FACE_EXACT_PHOTOS = exact_photos
    with connection.cursor() as cursor:  # an index that gives up at once, where a large one does after 20,000 faces
        for name in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "hnsw.iterative_scan"):
            cursor.execute(f"SET LOCAL {name} = off")
        cursor.execute("SET LOCAL hnsw.ef_search = 1")
    assert len(_search(painted(ANN), events=Event.objects.filter(pk=gala.pk)).photos) == found


def test_it_finds_a_weak_face_that_is_nobodys(gala: Event) -> None:
    Photo.objects.all().delete()
    processed(gala, painted(ANN, det_score=0.45))
    result = _search(painted(ANN))
    assert (len(result.people), len(result.photos)) == (0, 1)


def test_it_finds_nothing_that_a_moderator_said_is_no_face(gala: Event) -> None:
    faces_dismiss(faces=list(Face.objects.values_list("pk", flat=True)), actor=None)
    result = _search(painted(ANN))
    assert (result.people, result.photos) == ([], [])


def test_it_does_not_give_a_person_what_a_moderator_said_is_not_theirs(gala: Event) -> None:
    ann = _search(painted(ANN)).people[0].person
    faces_reject(person=ann, faces=[Face.objects.filter(person=ann).order_by("pk")[0].pk], actor=None)
    assert _names(_search(painted(ANN))) == ["3.png"]


def test_it_says_that_there_is_no_face(gala: Event) -> None:
    with pytest.raises(Problem) as problem:
        _search(painted())
    assert problem.value.code == "no_face"


def test_it_offers_the_choice_among_several_faces(gala: Event) -> None:
    selfie = painted(ANN, BOB)
    with pytest.raises(Problem) as problem:
        _search(selfie)
    assert problem.value.code == "several_faces"
    assert len(problem.value.extra["faces"]) == 2
    chosen = {tuple(_names(_search(selfie, face_index=index))) for index in (0, 1)}
    assert chosen == {("1.png", "3.png"), ("1.png", "2.png")}


def test_it_says_why_a_face_is_of_no_use(gala: Event) -> None:
    with pytest.raises(Problem) as problem:
        _search(painted(ANN, side=12))
    assert (problem.value.code, problem.value.extra["reason"]) == ("low_quality", "too_small")


def test_it_is_as_demanding_as_asked(gala: Event) -> None:
    selfie = painted(ANN, likeness=0.6)
    assert _search(selfie, min_similarity=0.99).photos == []
    assert len(_search(selfie, min_similarity=0.01).photos) >= 2
