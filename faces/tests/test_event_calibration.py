"""What answers say of an event's threshold, and making it hold there."""

import pytest

from faces.models import Event, EventCalibration, Face, PairCheck
from faces.services.accuracy import event_accuracy, false_match_excess
from faces.services.event_calibration import calibration_apply, calibration_reset, event_finding
from faces.services.people import current_calibration, current_contract
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
SAME, DIFFERENT = PairCheck.Answer.SAME, PairCheck.Answer.DIFFERENT


@pytest.fixture
def gala() -> Event:
    """Two people, of whom each has a second look, and the faces to have many pairs of."""
    event = event_create(name="Gala")
    processed(event, *(painted(who, likeness=like) for who in (1, 9) for like in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)))
    return event


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The events that would be consolidated on commit."""
    sent: list[list[int]] = []
    monkeypatch.setattr("faces.services.people.enqueue", lambda path, ids: sent.append(ids))
    return sent


def _answers(event: Event, count: int, until: float) -> None:
    """Evenly over the distances of calibration; pairs nearer than `until` are one person."""
    faces = list(Face.objects.filter(photo__event=event).order_by("pk"))
    keys = [(one, other) for one in faces for other in faces if one.pk < other.pk][:count]
    for number, (one, other) in enumerate(keys):
        distance = 0.2 + 0.25 * number / count
        PairCheck.objects.create(
            event=event,
            purpose=PairCheck.Purpose.CALIBRATION,
            one=one,
            other=other,
            contract=current_contract(),
            distance=distance,
            stratum=f"{int((distance - 0.2) / 0.25 * 8)}:same",
            population=10,
            answer=SAME if distance < until else DIFFERENT,
        )


def test_a_threshold_needs_answers(gala: Event, messages: list[list[int]]) -> None:
    _answers(gala, 19, 0.3)
    with pytest.raises(Problem) as problem:
        calibration_apply(event=gala, rate=1e-4, by=None)
    assert problem.value.code == "too_few_answers"
    assert not messages


def test_an_odd_rate_is_refused(gala: Event) -> None:
    with pytest.raises(Problem) as problem:
        calibration_apply(event=gala, rate=0.3, by=None)
    assert problem.value.code == "malformed"


@pytest.mark.parametrize("rate", [1e-3, 1e-4, 1e-5])
def test_the_applied_distance_is_where_the_chosen_rate_lies(
    gala: Event, messages: list[list[int]], rate: float
) -> None:
    _answers(gala, 40, 0.3)
    offered = next(o for o in event_finding(event=gala).offers if o.proposal.rate == rate).proposal.distance[0]
    applied = calibration_apply(event=gala, rate=rate, by=None)
    assert applied.chosen_distance == pytest.approx(offered)
    assert current_calibration(gala).distance_at(rate) == pytest.approx(offered)
    assert current_calibration().threshold == 0.35
    assert messages == [[gala.pk]]


def test_strangers_who_are_nearer_make_it_stricter(gala: Event, messages: list[list[int]]) -> None:
    _answers(gala, 60, 0.26)
    calibration_apply(event=gala, rate=1e-4, by=None)
    strict = current_calibration(gala).threshold
    PairCheck.objects.all().delete()
    _answers(gala, 60, 0.4)
    calibration_apply(event=gala, rate=1e-4, by=None)
    assert strict < current_calibration(gala).threshold
    assert EventCalibration.objects.count() == 1


def test_the_engines_own_threshold_comes_back_and_the_answers_stay(gala: Event, messages: list[list[int]]) -> None:
    _answers(gala, 40, 0.26)
    calibration_apply(event=gala, rate=1e-4, by=None)
    calibration_reset(event=gala)
    assert current_calibration(gala).threshold == 0.35
    assert event_finding(event=gala).useful == 40
    assert messages == [[gala.pk], [gala.pk]]


def test_answers_of_which_nobody_is_sure_count_for_nothing(gala: Event) -> None:
    _answers(gala, 40, 0.3)
    before = event_finding(event=gala).curve
    PairCheck.objects.filter(pk__in=PairCheck.objects.filter(answer=DIFFERENT)[:5].values("pk")).update(answer="unsure")
    finding = event_finding(event=gala)
    assert (finding.useful, finding.answers["unsure"]) == (35, 5)
    assert finding.curve != before


def test_too_many_strangers_are_warned_of_where_answers_show_them(gala: Event, messages: list[list[int]]) -> None:
    assert false_match_excess(event=gala) is None
    _answers(gala, 66, 0.22)
    excess = false_match_excess(event=gala)
    assert excess is not None
    assert excess.rate[0] > excess.budget
    calibration_apply(event=gala, rate=1e-4, by=None)
    assert false_match_excess(event=gala) is None


def test_accuracy_without_checks_is_unknown(gala: Event) -> None:
    accuracy = event_accuracy(event=gala)
    assert accuracy.precision is accuracy.recall is None
