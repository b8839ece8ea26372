"""Questions worth a moderator's time: who may be the same person, and whose a face may be."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from faces.calibration import Calibration
from faces.models import Appearance, Event, Face, Person, Suggestion
from faces.neighbours import nearest
from faces.querysets import PersonQuerySet, SuggestionQuerySet
from faces.services.ledger import people_apart
from faces.services.people import current_calibration, current_contract
from photofinder.vectors import as_array, matrix

_PER_PERSON = 3  # questions about one person at a time: the answers to these change the next ones
_COMPARED = 12  # nearest people of each, of whom some are ruled out
_MOST_RATE = 0.005  # of pairs of strangers asked about, at events of a few people
Pair = tuple[int, int]


def suggestions_rebuild(*, event: Event) -> None:
    """Ask about all pairs of people of the event who may be one; what was put off stays put off."""
    rows, centroids = matrix(_asked_about(event).order_by("pk"), "centroid", "pk")
    ids = [row[0] for row in rows]
    near: dict[Pair, float] = {}
    if len(ids) > 1:
        limit = suggestion_limit(event)
        for person, others, similarities in zip(ids, *nearest(centroids, centroids, _COMPARED), strict=True):
            distances = {ids[other]: 1 - float(alike) for other, alike in zip(others, similarities, strict=True)}
            near |= {_pair(person, other): d for other, d in distances.items() if other != person and d <= limit}
    old = Suggestion.objects.filter(event=event)
    _drop_settled(old)
    _ask(event, near, old)


def suggestions_review(*, people: Collection[int]) -> None:
    """Ask anew about these people, after something was decided about them."""
    old = Suggestion.objects.filter(Q(one__in=people) | Q(other__in=people))
    events = list(Event.objects.concerned(people) | Event.objects.filter(pk__in=old.values("event")))
    limits = {event: suggestion_limit(event) for event in events}
    near = _near(people, limits) if events else {}
    seen = Appearance.objects.filter(event__in=events, person__in={person for pair in near for person in pair})
    here = set(seen.values_list("event", "person"))
    _drop_settled(old)
    for event, limit in limits.items():
        pairs = {pair: d for pair, d in near.items() if d <= limit and all((event.pk, one) in here for one in pair)}
        _ask(event, pairs, old.filter(event=event))


def _near(people: Collection[int], limits: Mapping[Event, float]) -> dict[Pair, float]:
    """Who of everybody at these events is near these people, near enough at one of them, with their distances."""
    asked = _asked_about(*limits)
    near: dict[Pair, float] = {}
    for person in asked.filter(pk__in=people):
        vector, others = as_array(person.centroid), asked.exclude(pk=person.pk)
        nearby = others.nearest(vector, contract=person.contract, within=max(limits.values())).only("pk")
        near |= {_pair(person.pk, other.pk): float(other.distance) for other in nearby[: _COMPARED * len(limits)]}
    return near


def faces_offer(*, event: Event, offers: Mapping[Pair, float]) -> None:
    """Ask whether faces are people's: (face, person) with their distance."""
    owners = dict(Face.objects.filter(pk__in=[face for face, _ in offers]).values_list("pk", "person"))
    rows = [
        Suggestion(event=event, one_id=person, other_id=owners[face], face_id=face, distance=distance)
        for (face, person), distance in offers.items()
    ]
    _save(rows)


def suggestion_postpone(*, suggestion: Suggestion) -> None:
    """Ask again after all the others."""
    Suggestion.objects.filter(pk=suggestion.pk).update(postponed_at=timezone.now())


def suggestion_limit(event: Event) -> float:
    """The distance up to which two people are asked about: about as many wrong questions per person at any size."""
    return limit_among(event.appearances.count(), current_calibration(event))


def limit_among(people: int, calibration: Calibration) -> float:
    """The same for a number of people."""
    return calibration.distance_at(min(settings.FACE_FALSE_SUGGESTIONS / max(people, 1), _MOST_RATE))


def _asked_about(*events: Event) -> PersonQuerySet:
    people = Person.objects.current().in_events(Event.objects.filter(pk__in=[event.pk for event in events]))
    return people.filter(hidden=False, contract=current_contract()).exclude(centroid=None)


def _ask(event: Event, near: Mapping[Pair, float], old: SuggestionQuerySet) -> None:
    """Let the questions about these pairs take the place of the `old` ones."""
    chosen = _worth_asking(near) if near else {}
    stale = [row.pk for row in old if row.face_id is None and _pair(row.one_id, row.other_id or 0) not in chosen]
    if stale:
        Suggestion.objects.filter(pk__in=stale).delete()
    _save([Suggestion(event=event, one_id=one, other_id=other, distance=d) for (one, other), d in chosen.items()])


def _worth_asking(near: Mapping[Pair, float]) -> dict[Pair, float]:
    """The nearest few of each person, without those who are known to differ or who stand in a photo together."""
    photos: dict[int, set[int]] = defaultdict(set)
    people = {person for pair in near for person in pair}
    for person, photo in Face.objects.filter(person__in=people).values_list("person", "photo"):
        photos[person or 0].add(photo)
    apart, asked = people_apart(people), Counter[int]()
    chosen = {}
    for distance, pair in sorted((distance, pair) for pair, distance in near.items()):
        one, other = pair
        if (
            frozenset(pair) not in apart
            and not photos[one] & photos[other]
            and max(asked[one], asked[other]) < _PER_PERSON
        ):
            chosen[pair] = distance
            asked.update(pair)
    return chosen


def _drop_settled(rows: SuggestionQuerySet) -> None:
    """Forget those about faces that have an answer by now, and about people who are not at the event any more."""
    about_faces = rows.exclude(face=None)
    ruled_out = Q(
        face__verdicts__holds=False, face__verdicts__person=F("one"), face__verdicts__decision__undone_by=None
    )
    answered = Q(face__dismissed=True) | Q(face__assigned_by=Face.AssignedBy.MODERATOR, is_objection=False)
    moved = ~Q(other=F("face__person")) & ~Q(other=None, face__person=None)
    theirs = Q(face__person=F("one"), is_objection=False)
    gone = Q(one__merged_into__isnull=False) | Q(one__hidden=True) | Q(other__hidden=True)
    beside = Q(Exists(Face.objects.filter(person=OuterRef("one"), photo=OuterRef("face__photo"))), is_objection=False)
    stale = answered | moved | theirs | gone | ruled_out | beside
    about_faces.filter(pk__in=about_faces.filter(stale).values("pk")).delete()
    seen = Appearance.objects.filter(event=OuterRef("event"))
    one, other = (Exists(seen.filter(person=OuterRef(who))) for who in ("one", "other"))
    rows.filter(~one | Q(other__isnull=False) & ~other).delete()


def _save(rows: list[Suggestion]) -> None:
    """Keep when an old one was put off."""
    if not rows:
        return
    unique = ["event", "one", "other", "face"]
    Suggestion.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=unique, update_fields=["distance"], batch_size=2000
    )


def _pair(one: int, other: int) -> Pair:
    return min(one, other), max(one, other)
