"""What random stories of decisions have found: each of these was wrong once."""

import pytest

from faces.models import Event, Face, Person, Suggestion
from faces.services.decisions import decision_undo, faces_move, people_merge, person_cover, person_name
from faces.services.learning import faces_return
from faces.services.uploads import event_create
from faces.tests.painting import painted, process, processed, upload
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, CAT = 1, 9, 17


@pytest.fixture
def gala(db: None) -> Event:
    """Ann in three photos, Bob beside her in one and alone in another, Cat alone."""
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB), painted(ANN), painted(ANN), painted(BOB), painted(CAT))
    return event


def _people() -> list[Person]:
    return list(Person.objects.current().order_by("-photos_count", "pk"))


def test_a_face_moved_beside_another_of_the_same_person_sets_the_engines_one_free(gala: Event) -> None:
    ann, bob, _ = _people()
    moved = ann.faces.filter(photo__faces__person=bob).get()
    faces_move(person=ann, faces=[moved.pk], to=bob, actor=None)
    beside = Face.objects.filter(photo=moved.photo_id).exclude(pk=moved.pk).get()
    assert Face.objects.get(pk=moved.pk).person == bob
    assert beside.person != bob


def test_the_name_of_a_merge_is_kept_as_any_name(gala: Event) -> None:
    ann, bob, _ = _people()
    with pytest.raises(Problem, match="at most 200"):
        people_merge(into=ann, others=[bob], actor=None, name="x" * 201)
    people_merge(into=ann, others=[bob], actor=None, name=" Ann   Lee ")
    assert Person.objects.get(pk=ann.pk).name == "Ann Lee"


def test_a_question_goes_with_the_last_face_of_a_person_at_the_event(gala: Event) -> None:
    processed(event_create(name="Lunch"), painted(30))
    ann, _, cat, guest = _people()
    merge = people_merge(into=guest, others=[ann], actor=None)
    face = cat.faces.get()
    Suggestion.objects.create(event=gala, one=guest, other=cat, face=face, distance=0.3)
    decision_undo(decision=merge, actor=None)
    assert not Suggestion.objects.filter(event=gala, one=guest).exists()


def test_a_question_goes_when_both_turn_up_in_one_photo(gala: Event) -> None:
    _, bob, cat = _people()
    Suggestion.objects.create(event=gala, one=bob, other=cat, distance=0.3)
    process(upload(gala, painted(BOB, CAT)), settled=False)
    assert not Suggestion.objects.exists()


def test_a_cover_that_is_gone_stands_in_no_later_decisions_way(gala: Event) -> None:
    ann = _people()[0]
    cover = ann.faces.order_by("pk")[2]
    person_cover(person=ann, face=cover, actor=None)
    cover.delete()
    person_name(person=ann, name="Ann", actor=None)
    ann.refresh_from_db()
    assert (ann.name, ann.chosen_cover_id) == ("Ann", None)


def test_an_undone_decision_speaks_of_nobody(gala: Event) -> None:
    ann, bob, _ = _people()
    decision_undo(decision=person_name(person=ann, name="Ann", actor=None), actor=None)
    assert not Person.objects.filter(pk=ann.pk).spoken_of().exists()
    decision_undo(decision=people_merge(into=ann, others=[bob], actor=None), actor=None)
    assert Person.objects.filter(pk=ann.pk).spoken_of().exists()  # taking a merge back says that they differ


def test_an_id_keeps_its_meaning_when_nothing_goes_back_to_it(gala: Event) -> None:
    ann, bob, _ = _people()
    gone = Person.objects.create(contract=ann.contract, merged_into=bob)
    assert faces_return(followed=[[ann.faces.all()[0].pk, gone.pk, bob.pk]], emptied=[gone.pk]) == {}
    assert Person.objects.resolve(gone.user_id) == bob


def test_a_face_of_another_engine_is_not_moved(gala: Event) -> None:
    ann, bob, _ = _people()
    face = ann.faces.all()[0]
    Face.objects.filter(pk=face.pk).update(contract="other/engine/1")
    with pytest.raises(Problem) as refused:
        faces_move(person=ann, faces=[face.pk], to=bob, actor=None)
    assert refused.value.code == "contracts_differ"


def test_a_name_holds_no_zero_byte(gala: Event) -> None:
    ann = _people()[0]
    person_name(person=ann, name="A\0nn", actor=None)
    assert Person.objects.get(pk=ann.pk).name == "Ann"


def test_questions_about_a_face_go_when_it_becomes_somebodys(gala: Event) -> None:
    _, bob, cat = _people()
    process(upload(gala, painted(30, det_score=0.45)), settled=False)
    weak = Face.objects.get(person=None)
    Suggestion.objects.create(event=gala, one=cat, face=weak, distance=0.3)
    faces_move(person=None, faces=[weak.pk], to=bob, actor=None)
    assert not Suggestion.objects.filter(face=weak).exists()
