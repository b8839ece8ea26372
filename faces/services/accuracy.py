"""How good who-is-who of an event is, as far as checks show it."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from faces.calibration import DEFAULT_RATE
from faces.models import Decision, Event, EventCalibration, Face, PairCheck
from faces.sampling import Estimate, share_found, total, wilson
from faces.services.event_calibration import LEAST_ANSWERS, event_finding
from faces.services.sampling_checks import pairs_of_one_person, precision_checks, recall_checks, recall_strata

Answer = PairCheck.Answer
_TOLERANCE = 1.5  # times the budget before an estimate is worth a warning


@dataclass(frozen=True)
class Accuracy:
    """Of all pairs held to be one person the share that is (`precision`), of all pairs that are one person the share
    that is held to be (`recall`); None before the first answer. Of the checked ones so many were `wrongly_one` person
    and `wrongly_two`; of so many nobody was sure.
    """

    precision: Estimate | None
    recall: Estimate | None
    pairs: int
    wrongly_one: int
    wrongly_two: int
    unsure: int


@dataclass(frozen=True)
class Excess:
    """The false-match rate (value, low, high) that answers show, where more than the budget is likely or sure."""

    rate: tuple[float, float, float]
    budget: float
    is_sure: bool


@dataclass(frozen=True)
class Doing:
    """What one person decided at the event."""

    actor: int | None
    name: str
    decisions: int
    undone: int


def event_accuracy(*, event: Event) -> Accuracy:
    """What the checks of pairs that are still held to be what they were when they were asked about say.

    What a mistake was mended by is not asked: those who mend the checked pairs alone make the figures better than
    they are.
    """
    said_same, pairs, strata = precision_checks(event), pairs_of_one_person(event), recall_strata(event)
    precision = wilson(said_same[Answer.SAME], said_same[Answer.SAME] + said_same[Answer.DIFFERENT])
    missed = total(strata)
    found = Estimate(pairs * precision.value, pairs * precision.low, pairs * precision.high, said_same[Answer.SAME])
    unsure = sum(answer == Answer.UNSURE for _distance, answer in recall_checks(event))
    return Accuracy(
        precision=precision if precision.asked else None,
        recall=share_found(found, missed) if precision.asked and missed.asked else None,
        pairs=pairs,
        wrongly_one=said_same[Answer.DIFFERENT],
        wrongly_two=sum(stratum.hits for stratum in strata),
        unsure=said_same[Answer.UNSURE] + unsure,
    )


def faces_counted(*, event: Event) -> dict[str, int]:
    """How many faces the event has: `total`, `assigned`, `unassigned`, `weak` ones of these, `dismissed`."""
    is_weak = Q(quality__lt=settings.FACE_QUALITY_GOOD)
    is_nobodys = Q(person=None, dismissed=False)
    return Face.objects.filter(photo__event=event).aggregate(
        total=Count("pk"),
        assigned=Count("pk", filter=Q(person__isnull=False)),
        confirmed=Count("pk", filter=Q(assigned_by=Face.AssignedBy.MODERATOR, person__isnull=False)),
        unassigned=Count("pk", filter=is_nobodys),
        weak=Count("pk", filter=is_nobodys & is_weak),
        dismissed=Count("pk", filter=Q(dismissed=True)),
    )


def suggestions_counted(*, event: Event) -> dict[str, int]:
    """How many questions wait, and how many of them were put off."""
    return event.suggestions.aggregate(waiting=Count("pk"), postponed=Count("pk", filter=Q(postponed_at__isnull=False)))


def decisions_counted(*, event: Event) -> list[Doing]:
    """Who decided how much, most first."""
    rows = Decision.objects.filter(events=event).exclude(kind=Decision.Kind.UNDO).order_by()
    counted = rows.values_list("actor", "actor__username").annotate(
        n=Count("pk"), undone=Count("pk", filter=Q(undone_by__isnull=False))
    )
    return [Doing(actor, name or "", n, undone) for actor, name, n, undone in counted.order_by("-n", "actor")]


def false_match_excess(*, event: Event) -> Excess | None:
    """Whether strangers are taken for one person more often than the event's budget allows, where answers show it."""
    finding = event_finding(event=event)
    applied: EventCalibration | None = finding.applied
    budget = applied.chosen_rate if applied else DEFAULT_RATE
    distance = applied.chosen_distance if applied else finding.threshold
    rate = finding.rates.false_at(distance)
    if finding.useful < LEAST_ANSWERS or rate[0] <= budget * _TOLERANCE:
        return None
    return Excess(rate, budget, rate[1] > budget)
