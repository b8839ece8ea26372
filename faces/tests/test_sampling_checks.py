"""Which pairs of faces moderators are asked about, and what is kept of their answers."""

from dataclasses import replace

import pytest
from django.db.models import F

from faces.models import Event, Face, PairCheck, Person
from faces.services import pairs
from faces.services.decisions import faces_split
from faces.services.sampling_checks import (
    Question,
    accuracy_questions,
    calibration_questions,
    check_answer,
    check_withdraw,
    pairs_of_one_person,
    precision_checks,
    recall_strata,
)
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17
SAME, DIFFERENT, UNSURE = PairCheck.Answer.SAME, PairCheck.Answer.DIFFERENT, PairCheck.Answer.UNSURE


@pytest.fixture
def gala() -> Event:
    """Ann with two photos of 0.3 between them, somebody who is 0.4 from Bob, and a photo of Ann and Eve."""
    event = event_create(name="Gala")
    processed(
        event, painted(ANN), painted(ANN, likeness=0.7), painted(ANN, EVE), painted(BOB), painted(BOB, likeness=0.6)
    )
    bob = Face.objects.filter(photo__original_name="5.png")
    for person in Person.objects.filter(faces__in=bob, faces_count__gt=1):
        faces_split(person=person, faces=[bob.get().pk], actor=None)
    return event


def _answer(questions: list[Question], answer: str = SAME) -> list[PairCheck]:
    return [check_answer(question=question, answer=answer, by=None) for question in questions]


def test_calibration_asks_where_the_engine_is_unsure_of_one_and_of_two_people(gala: Event) -> None:
    questions = calibration_questions(event=gala, count=20)
    found = sorted((round(question.distance, 2), question.stratum.partition(":")[2]) for question in questions)
    assert found == [(0.3, "same"), (0.3, "same"), (0.4, "different")]


def test_no_pair_is_asked_about_twice_in_any_order_of_its_faces(gala: Event) -> None:
    first = calibration_questions(event=gala, count=2)
    _answer(first, UNSURE)
    second = calibration_questions(event=gala, count=20)
    assert {(q.one, q.other) for q in first}.isdisjoint({(q.one, q.other) for q in second})
    _answer(second)
    assert calibration_questions(event=gala, count=20) == []
    assert not PairCheck.objects.filter(one__gte=F("other")).exists()


def test_only_good_faces_calibrate(gala: Event) -> None:
    Face.objects.filter(person__in=Face.objects.filter(photo__original_name="2.png").values("person")).update(
        quality=0.4
    )
    assert [round(question.distance, 2) for question in calibration_questions(event=gala, count=20)] == [0.4]


def test_faces_of_one_photo_are_never_asked_about(gala: Event) -> None:
    one, other = Face.objects.filter(photo__original_name__in=["4.png", "5.png"]).order_by("pk")
    Face.objects.filter(pk=other.pk).update(photo=one.photo_id)
    keys = [(q.one, q.other) for q in calibration_questions(event=gala, count=20)]
    assert (one.pk, other.pk) not in keys
    assert (one.pk, other.pk) not in [(q.one, q.other) for q in accuracy_questions(event=gala, count=40)]


def test_strata_with_few_answers_come_first(gala: Event) -> None:
    _answer([question for question in calibration_questions(event=gala, count=20) if question.distance < 0.35][:1])
    assert calibration_questions(event=gala, count=1)[0].stratum.endswith("different")


def test_accuracy_asks_about_pairs_of_one_person_and_of_two(gala: Event) -> None:
    questions = accuracy_questions(event=gala, count=12)
    owners = dict(Face.objects.values_list("pk", "person"))
    for question in questions:
        is_one = owners[question.one] == owners[question.other]
        assert is_one == (question.purpose == PairCheck.Purpose.PRECISION)
    assert {question.purpose for question in questions} == {PairCheck.Purpose.PRECISION, PairCheck.Purpose.RECALL}
    assert pairs_of_one_person(gala) == 3


def test_a_sample_of_a_large_event_stands_for_all_its_pairs(gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "FACES_LOOKED_AT", 3)
    faces = pairs.good_faces(gala)
    found = [pairs.pairs_near(faces, seed=seed) for seed in range(40)]
    looked_at = [sample.count for sample in found if sample.count]
    assert len({sample.scale for sample in found}) > 1
    assert sum(looked_at) / len(looked_at) == pytest.approx(14, abs=2)  # of 15, as one is within a photo


def test_a_pair_is_answered_once_and_can_be_withdrawn(gala: Event) -> None:
    question = calibration_questions(event=gala, count=1)[0]
    check = check_answer(question=question, answer=SAME, by=None)
    with pytest.raises(Problem) as problem:
        check_answer(question=question, answer=DIFFERENT, by=None)
    assert problem.value.code == "answered_already"
    check_withdraw(check=check)
    assert check_answer(question=question, answer=DIFFERENT, by=None).answer == DIFFERENT


def test_an_answer_that_is_none_and_a_face_that_is_gone_are_refused(gala: Event) -> None:
    question = calibration_questions(event=gala, count=1)[0]
    for asked, answer, code in ((question, "maybe", "malformed"), (replace(question, one=0), SAME, "gone")):
        with pytest.raises(Problem) as problem:
            check_answer(question=asked, answer=answer, by=None)
        assert problem.value.code == code


def test_a_pair_that_is_held_to_be_something_else_by_now_counts_no_more(gala: Event) -> None:
    checks = _answer([q for q in accuracy_questions(event=gala, count=20) if q.purpose == PairCheck.Purpose.PRECISION])
    assert precision_checks(gala)[SAME] == len(checks) == 3
    Face.objects.filter(pk=checks[0].other_id).update(person=Face.objects.get(photo__original_name="4.png").person_id)
    assert precision_checks(gala)[SAME] < 3


def test_recall_counts_what_was_missed_by_distance(gala: Event) -> None:
    _answer([q for q in accuracy_questions(event=gala, count=20) if q.purpose == PairCheck.Purpose.RECALL], SAME)
    strata = recall_strata(gala)
    assert sum(stratum.hits for stratum in strata) == sum(stratum.asked for stratum in strata) == 1
    assert [stratum.population for stratum in strata if stratum.hits] == [1]
