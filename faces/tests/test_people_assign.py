"""New faces find their people."""

import pytest

from faces.models import Event, Face, Person, Photo
from faces.services import people
from faces.services.decisions import decision_undo, people_merge
from faces.services.uploads import event_create
from faces.tests.painting import painted, process, processed, upload
from photofinder.vectors import as_array

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB = 3, 17


@pytest.fixture
def gala() -> Event:
    return event_create(name="Gala")


def _people() -> list[tuple[int, int]]:
    return sorted(Person.objects.current().values_list("faces_count", "photos_count"))


def test_it_recognises_who_recurs(gala: Event) -> None:
    processed(gala, painted(ANN, BOB), painted(BOB), painted(ANN), painted(BOB))
    assert _people() == [(2, 2), (3, 3)]


def test_it_never_takes_two_faces_of_one_photo_for_one_person(gala: Event) -> None:
    processed(gala, painted(ANN), painted(ANN, ANN))
    assert _people() == [(1, 1), (2, 2)]


def test_it_lets_no_weak_face_found_a_person(gala: Event) -> None:
    processed(gala, painted(ANN, det_score=0.45))
    assert Person.objects.count() == 0
    assert Face.objects.get().quality < 0.5


def test_it_gives_a_weak_face_to_someone_it_strictly_resembles(gala: Event) -> None:
    processed(gala, painted(ANN), painted(ANN, det_score=0.45))
    assert _people() == [(2, 2)]


def test_it_leaves_a_weak_face_that_only_resembles_somebody(gala: Event) -> None:
    processed(gala, painted(ANN), painted(ANN, det_score=0.45, likeness=0.66))
    assert _people() == [(1, 1)]


def test_it_offers_a_waiting_face_again_when_its_person_has_come(gala: Event) -> None:
    processed(gala, painted(ANN, det_score=0.45))
    processed(gala, painted(ANN))
    assert _people() == [(2, 2)]


def test_it_keeps_people_of_different_events_apart(gala: Event) -> None:
    processed(gala, painted(ANN))
    processed(event_create(name="Lunch"), painted(ANN))
    assert _people() == [(1, 1), (1, 1)]


def test_it_comes_to_the_same_people_in_one_chunk_or_many(gala: Event) -> None:
    files = [painted(ANN, BOB), painted(BOB, likeness=0.9), painted(ANN, likeness=0.85), painted(5, ANN)]
    processed(gala, *files)
    together = _people()
    lunch = event_create(name="Lunch")
    for photo in upload(lunch, *files):
        process([photo])
    assert _people() == sorted(together * 2)


def test_it_comes_to_the_same_people_through_the_index_of_faces(gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_COMPARED_EACH", 0)
    processed(gala, painted(ANN, BOB), painted(BOB), painted(ANN), painted(ANN, ANN), painted(5, BOB))
    assert _people() == [(1, 1), (1, 1), (3, 3), (3, 3)]


def test_it_shows_the_best_face_on_the_cover_and_the_mean_in_the_centroid(gala: Event) -> None:
    processed(gala, painted(ANN, det_score=0.6), painted(ANN, det_score=0.95), painted(ANN, det_score=0.7))
    person = Person.objects.get()
    assert person.cover_face == Face.objects.order_by("-quality").first()
    face = Face.objects.nearest(as_array(person.centroid), contract=person.contract).first()
    assert face is not None
    assert face.distance == pytest.approx(0, abs=1e-3)


def _fragments(gala: Event) -> list[Person]:
    """Two people who are one: each founded by a face of its own kind, and since come close."""
    processed(gala, painted(ANN))
    lunch = event_create(name="Lunch")
    processed(lunch, painted(ANN))
    Photo.objects.filter(event=lunch).update(event=gala)
    return list(Person.objects.order_by("pk"))


def test_it_joins_people_who_turn_out_to_be_the_same(gala: Event) -> None:
    first, second = _fragments(gala)
    processed(gala, painted(BOB))
    assert _people() == [(1, 1), (2, 2)]
    assert Person.objects.resolve(second.user_id) == first


def test_it_never_joins_people_who_are_in_a_photo_together(gala: Event) -> None:
    processed(gala, painted(ANN, ANN), painted(BOB))
    assert _people() == [(1, 1), (1, 1), (1, 1)]


def test_it_joins_nobody_whom_a_moderator_named(gala: Event) -> None:
    _fragments(gala)
    Person.objects.update(name="Named")
    processed(gala, painted(BOB))
    assert len(_people()) == 3


def test_it_never_joins_again_who_were_parted_by_an_undo(gala: Event) -> None:
    first, second = _fragments(gala)
    decision = people_merge(into=first, others=[second], actor=None)
    decision_undo(decision=decision, actor=None)
    processed(gala, painted(BOB))
    assert len(_people()) == 3
