"""What distances mean at one event, as moderators' answers show it: the finding, and making it hold there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from faces.curves import (
    Answers,
    Curve,
    Proposal,
    Rates,
    Spectrum,
    answers_missing,
    fit_curve,
    threshold_of,
    weighed,
)
from faces.models import Event, EventCalibration, PairCheck
from faces.services.pairs import event_spectrum
from faces.services.people import consolidation_request, current_calibration, current_contract
from photofinder.errors import Problem

CHOICES = (1e-3, 1e-4, 1e-5)
LEAST_ANSWERS = 20  # before a threshold can be changed by them; until then the engine's calibration says more


@dataclass(frozen=True)
class Offer:
    """What a false-match rate would mean: its distance, and the pairs of the event's faces nearer than it, of which so
    many are strangers; `more` than are nearer than the present distance for this rate.
    """

    proposal: Proposal
    nearer: float
    more: float
    strangers: float


@dataclass(frozen=True)
class Finding:
    """The curve of an event with what follows from it; `missing` answers would make it sure."""

    curve: Curve
    rates: Rates
    spectrum: Spectrum
    answers: Mapping[str, int]
    effective: float
    offers: tuple[Offer, ...]
    threshold: float
    missing: int
    applied: EventCalibration | None

    @property
    def useful(self) -> int:
        """How many answers say something."""
        return self.answers[PairCheck.Answer.SAME] + self.answers[PairCheck.Answer.DIFFERENT]

    @property
    def is_enough(self) -> bool:
        """Whether a threshold may rest on them."""
        return self.useful >= LEAST_ANSWERS


def event_finding(*, event: Event) -> Finding:
    """What the answers so far say."""
    answers, spectrum, calibration = _answers(event), event_spectrum(event), current_calibration()
    curve = fit_curve(answers, spectrum, calibration)
    rates, present = Rates(curve, spectrum), current_calibration(event)
    return Finding(
        curve=curve,
        rates=rates,
        spectrum=spectrum,
        answers=_counted(event),
        effective=answers.effective,
        offers=tuple(_offer(rates, spectrum, rate, present.distance_at(rate)) for rate in CHOICES),
        threshold=present.threshold,
        missing=answers_missing(rates, present.threshold, answers.effective),
        applied=EventCalibration.objects.filter(event=event, contract=current_contract()).first(),
    )


@transaction.atomic
def calibration_apply(*, event: Event, rate: float, by: User | None) -> EventCalibration:
    """Let the answers decide what is near at this event, and find its people anew.

    Raises Problem `malformed` or `too_few_answers`.
    """
    if rate not in CHOICES:
        raise Problem("malformed", _("Choose one of the false-match rates that are offered."))
    finding = event_finding(event=event)
    if not finding.is_enough:
        text = _("There are %(count)d answers; a threshold needs at least %(least)d.")
        raise Problem("too_few_answers", text % {"count": finding.useful, "least": LEAST_ANSWERS})
    distance = next(offer.proposal.distance[0] for offer in finding.offers if offer.proposal.rate == rate)
    values = {
        "threshold": threshold_of(current_calibration(), rate, distance),
        "chosen_rate": rate,
        "chosen_distance": distance,
        "answers": finding.useful,
        "by": by,
    }
    applied, _is_new = EventCalibration.objects.update_or_create(
        event=event, contract=current_contract(), defaults=values
    )
    consolidation_request(event=event)
    return applied


@transaction.atomic
def calibration_reset(*, event: Event) -> None:
    """Go back to the engine's own threshold, and find the event's people anew; the answers are kept."""
    EventCalibration.objects.filter(event=event, contract=current_contract()).delete()
    consolidation_request(event=event)


def _offer(rates: Rates, spectrum: Spectrum, rate: float, present: float) -> Offer:
    proposal = rates.proposal(rate)
    distance = proposal.distance[0]
    nearer = spectrum.nearer(distance)
    strangers = rate * (float(spectrum.pairs.sum()) + spectrum.beyond)
    return Offer(proposal, nearer, nearer - spectrum.nearer(present), min(strangers, nearer))


def _answers(event: Event) -> Answers:
    """The calibration's answers that say something, each weighing what the pairs weigh that it was drawn from."""
    told = _checks(event).exclude(answer=PairCheck.Answer.UNSURE)
    rows = list(told.values_list("distance", "answer", "stratum", "population"))
    per_stratum = Counter(stratum for _distance, _answer, stratum, _population in rows)
    bands = np.array([int(stratum.partition(":")[0]) for _distance, _answer, stratum, _population in rows], np.int64)
    worth = np.array([population / per_stratum[stratum] for _d, _a, stratum, population in rows], np.float64)
    distances = np.array([row[0] for row in rows], np.float64)
    same = np.array([row[1] == PairCheck.Answer.SAME for row in rows], bool)
    return Answers(distances, same, weighed(bands, worth))


def _counted(event: Event) -> dict[str, int]:
    counts = Counter[str](_checks(event).values_list("answer", flat=True))
    return {answer: counts[answer] for answer in PairCheck.Answer.values}


def _checks(event: Event) -> QuerySet[PairCheck]:
    return PairCheck.objects.filter(event=event, purpose=PairCheck.Purpose.CALIBRATION, contract=current_contract())
