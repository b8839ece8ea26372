"""Questions whether two faces are one person, drawn so that few answers say much; and keeping the answers."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from django.contrib.auth.models import User
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from faces.models import Event, Face, PairCheck
from faces.sampling import Stratum, allocation
from faces.services.pairs import (
    Numbers,
    Pairs,
    good_faces,
    owned_faces,
    pairs_near,
    reach,
    stratum_counts,
)
from faces.services.people import current_calibration, current_contract
from photofinder.errors import Problem
from photofinder.vectors import matrix

Purpose, Answer = PairCheck.Purpose, PairCheck.Answer
BANDS = 8  # of distance, in which calibration asks equally often
_BELOW_SPREADS = 3  # below the engine's threshold calibration's bands begin
_RECALL_RATES = (1e-4, 1e-3, 1e-2)  # of strangers, at the distances where recall's strata meet
PRECISION_STRATUM = "all"
_ENOUGH_TRIES = 20  # for each pair that is wanted, where pairs may have been asked about before
Key = tuple[int, int]
_PAIRS = F("photos_count") * (F("photos_count") - 1) / 2  # of a person's faces at the event, in different photos


@dataclass(frozen=True)
class Question:
    """Two faces to be compared, and where the pair was drawn from."""

    event: int
    purpose: str
    one: int
    other: int
    contract: str
    distance: float
    stratum: str
    population: int

    def as_dict(self) -> dict[str, int | float | str]:
        """For a signed token: what an answer must come back with."""
        return asdict(self)


def calibration_questions(*, event: Event, count: int) -> list[Question]:
    """Pairs of good faces around the threshold, as many of each distance, and as many that are held to be one person as
    not; those with the fewest answers first, none that was asked about before.
    """
    pairs = pairs_near(good_faces(event), seed=_seed())
    strata = _by_stratum(pairs)
    answered = Counter[str](_answered(event, Purpose.CALIBRATION))
    asked = _asked(event, list(Purpose))
    waiting = {name: _fresh(pairs, rows, asked) for name, rows in strata.items()}
    drawn: list[Question] = []
    while len(drawn) < count and any(waiting.values()):
        name = min((name for name in waiting if waiting[name]), key=lambda name: (answered[name], random.random()))
        answered[name] += 1
        population = max(round(len(strata[name]) * pairs.scale), 1)
        drawn.append(_question(event, Purpose.CALIBRATION, pairs, waiting[name].pop(), name, population))
    return _shuffled(drawn)


def accuracy_questions(*, event: Event, count: int) -> list[Question]:
    """Pairs that the product holds to be one person and pairs that it holds to be two, half and half, mixed."""
    said_same = _precision_questions(event, count // 2)
    return _shuffled([*said_same, *_recall_questions(event, count - len(said_same))])


def check_answer(*, question: Question, answer: str, by: User | None) -> PairCheck:
    """Keep what a moderator sees. Raises Problem `malformed`, `answered_already` or `gone`."""
    if answer not in Answer.values:
        raise Problem("malformed", _("The answer must be same, different or unsure."))
    if Face.objects.filter(pk__in=(question.one, question.other), photo__event=question.event).count() < 2:
        raise Problem("gone", _("One of these faces is not there any more."))
    check, is_new = PairCheck.objects.get_or_create(
        event_id=question.event,
        purpose=question.purpose,
        one_id=question.one,
        other_id=question.other,
        defaults={
            "contract": question.contract,
            "distance": question.distance,
            "stratum": question.stratum,
            "population": question.population,
            "answer": answer,
            "by": by,
        },
    )
    if not is_new:
        raise Problem("answered_already", _("Somebody else has answered this question meanwhile."))
    return check


def check_withdraw(*, check: PairCheck) -> None:
    """Forget an answer, so that the question can be answered anew."""
    check.delete()


def precision_checks(event: Event) -> dict[str, int]:
    """How many pairs got each answer, of those that were held to be one person when they were asked about and are so
    still.
    """
    return _by_answer(_current_checks(event, Purpose.PRECISION).filter(one__person=F("other__person")))


def recall_checks(event: Event) -> list[tuple[float, str]]:
    """Distance and answer of each pair that was held to be two people when it was asked about and is so still."""
    checks = _current_checks(event, Purpose.RECALL).exclude(one__person=F("other__person"))
    assigned = checks.filter(one__person__isnull=False, other__person__isnull=False)
    return list(assigned.values_list("distance", "answer"))


def recall_edges() -> tuple[float, ...]:
    """The distances between which recall's strata lie."""
    calibration = current_calibration()
    return (0.0, *(calibration.distance_at(rate) for rate in _RECALL_RATES), reach())


def recall_strata(event: Event) -> list[Stratum]:
    """Of the pairs that are held to be two people, by distance, how many there are, were asked about and are one."""
    answers = [(distance, answer) for distance, answer in recall_checks(event) if answer != Answer.UNSURE]
    edges = recall_edges()
    places = [_place(edges, distance) for distance, _answer in answers]
    asked = Counter(places)
    hits = Counter(place for place, (_distance, answer) in zip(places, answers, strict=True) if answer == Answer.SAME)
    counts = stratum_counts(event, edges)
    return [Stratum(max(count, asked[n]), asked[n], hits[n]) for n, count in enumerate(counts)]


def pairs_of_one_person(event: Event) -> int:
    """How many pairs of faces the product holds to be one person; those within a photo left out."""
    return int(event.appearances.aggregate(pairs=Sum(_PAIRS))["pairs"] or 0)


def _recall_questions(event: Event, count: int) -> list[Question]:
    pairs = pairs_near(owned_faces(event), seed=_seed())
    edges = recall_edges()
    places = np.clip(np.searchsorted(edges, pairs.distances, side="right") - 1, 0, len(edges) - 2)
    asked = _asked(event, [Purpose.RECALL])
    drawn: list[Question] = []
    for stratum, wanted in enumerate(allocation(recall_strata(event), count)):
        rows = np.flatnonzero(~pairs.same & (places == stratum))
        population = max(round(len(rows) * pairs.scale), 1)
        chosen = _fresh(pairs, rows, asked)[:wanted]
        drawn += [_question(event, Purpose.RECALL, pairs, row, str(stratum), population) for row in chosen]
    return drawn


def _precision_questions(event: Event, count: int) -> list[Question]:
    """Random pairs of all that are held to be one person: people by their number of pairs, then two of their faces."""
    people = _people_with_pairs(event)
    population = sum(pairs for _person, pairs in people)
    if not population:
        return []
    tries = random.choices([person for person, _ in people], [pairs for _, pairs in people], k=count * _ENOUGH_TRIES)
    faces = _faces_of(event, set(tries))
    asked, chosen = _asked(event, [Purpose.PRECISION]), dict[Key, None]()
    for person in tries:
        (one, place), (other, other_place) = sorted(random.sample(faces[person], 2))
        if place != other_place and (one, other) not in asked and len(chosen) < count:
            chosen[one, other] = None
    return _measured(event, list(chosen), population)


def _measured(event: Event, keys: Sequence[Key], population: int) -> list[Question]:
    """Questions about these pairs, with their distances."""
    rows, found = matrix(Face.objects.filter(pk__in={face for key in keys for face in key}), "vector__embedding", "pk")
    vectors = {row[0]: vector for row, vector in zip(rows, found, strict=True)}
    return [
        Question(
            event.pk,
            Purpose.PRECISION,
            one,
            other,
            current_contract(),
            max(float(1 - vectors[one] @ vectors[other]), 0.0),
            PRECISION_STRATUM,
            population,
        )
        for one, other in keys
    ]


def _people_with_pairs(event: Event) -> list[tuple[int, int]]:
    """The people with two faces or more in the event, each with the number of pairs from different photos."""
    people = event.appearances.filter(photos_count__gt=1).order_by("person_id").annotate(pairs=_PAIRS)
    return list(people.values_list("person_id", "pairs"))


def _faces_of(event: Event, people: Iterable[int]) -> dict[int, list[Key]]:
    """Ids of faces and photos, by person."""
    found: dict[int, list[Key]] = defaultdict(list)
    for person, face, photo in owned_faces(event).filter(person__in=people).values_list("person", "pk", "photo"):
        found[person or 0].append((face, photo))
    return found


def _by_stratum(pairs: Pairs) -> dict[str, Numbers]:
    """The rows of the pairs in each of calibration's strata: a band of distance, and what they are held to be."""
    start, end = calibration_span()
    bands = np.floor((pairs.distances - start) / (end - start) * BANDS).astype(np.int64)
    strata = {}
    for band in range(BANDS):
        for name, is_said in ((f"{band}:same", pairs.same), (f"{band}:different", ~pairs.same)):
            rows = np.flatnonzero((bands == band) & is_said)
            if len(rows):
                strata[name] = rows
    return strata


def calibration_span() -> tuple[float, float]:
    """The distances between which calibration asks: where the engine is unsure."""
    calibration = current_calibration()
    return max(calibration.threshold - _BELOW_SPREADS * calibration.spread, 0.0), reach()


def _fresh(pairs: Pairs, rows: Numbers, asked: set[Key]) -> list[int]:
    """These rows in random order, without the pairs that were asked about."""
    order = list(rows.tolist())
    random.shuffle(order)
    return [row for row in order if pairs.keys[row] not in asked]


def _question(event: Event, purpose: str, pairs: Pairs, row: int, stratum: str, population: int) -> Question:
    one, other = pairs.keys[row]
    distance = float(pairs.distances[row])
    return Question(event.pk, purpose, one, other, current_contract(), distance, stratum, population)


def _asked(event: Event, purposes: Sequence[str]) -> set[Key]:
    return set(PairCheck.objects.filter(event=event, purpose__in=purposes).values_list("one", "other"))


def _answered(event: Event, purpose: str) -> dict[str, int]:
    checks = PairCheck.objects.filter(event=event, purpose=purpose, contract=current_contract()).order_by()
    return dict(checks.values_list("stratum").annotate(n=Count("pk")))


def _current_checks(event: Event, purpose: str) -> QuerySet[PairCheck]:
    checks = PairCheck.objects.filter(event=event, purpose=purpose, contract=current_contract())
    return checks.exclude(Q(one__dismissed=True) | Q(other__dismissed=True))


def _by_answer(checks: QuerySet[PairCheck]) -> dict[str, int]:
    counts = Counter[str](checks.values_list("answer", flat=True))
    return {answer: counts[answer] for answer in Answer.values}


def _place(edges: Sequence[float], distance: float) -> int:
    return int(np.clip(np.searchsorted(edges, distance, side="right") - 1, 0, len(edges) - 2))


def _shuffled(questions: list[Question]) -> list[Question]:
    """So that their order does not tell what the product thinks of them."""
    random.shuffle(questions)
    return questions


def _seed() -> int:
    return random.getrandbits(31)
