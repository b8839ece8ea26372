"""The people of a whole event at once: what assigning face after face could not see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max
from numpy.typing import NDArray

from faces.calibration import Calibration
from faces.clustering import Sayings, cluster, matched
from faces.models import Decision, Erasure, Event, Face, Person
from faces.services.erasure import people_suppress
from faces.services.ledger import faces_held, people_retire, people_ruled_out, twins_free
from faces.services.people import current_calibration, current_contract, people_refresh
from faces.services.suggestions import suggestions_rebuild
from faces.services.turns import take_turn
from photofinder.celery import enqueue, queue_length
from photofinder.vectors import matrix

_PATIENCE = 3  # plans that may be overtaken before one is made while everybody waits
_CONSOLIDATION_LOCK = 0x0FACE2


class _OvertakenError(Exception):
    """A decision was made since the plan, or somebody was forgotten."""


@transaction.atomic
def event_consolidate(*, event: Event) -> None:
    """Cluster all faces of the event anew and let people follow, in one transaction: ids change as little as they can.

    A moderator's word holds: pinned faces stay, ruled out ones stay away, and nobody whom a decision speaks of is
    dissolved or joined with another such person. A decision made meanwhile, or somebody who was forgotten, lets the
    plan be made again. Does nothing while another worker is at it.
    """
    if not _claimed(event):
        return
    for _ in range(_PATIENCE):
        plan = _Plan(event)
        try:
            with transaction.atomic():
                take_turn()  # given back when the plan is overtaken
                plan.carry_out()
                return
        except _OvertakenError:
            continue
    take_turn()
    _Plan(event).carry_out()


def events_consolidate(*, event_ids: Sequence[int]) -> None:
    """Consolidate these events, those that still exist."""
    for event in Event.objects.filter(pk__in=event_ids):
        event_consolidate(event=event)


def events_resume() -> None:
    """Send the message again for events that wait although the queue is empty: a worker or the broker lost it."""
    if queue_length(settings.CELERY_TASK_ROUTES[settings.CONSOLIDATION]["queue"]) == 0:
        enqueue(settings.CONSOLIDATION, list(Event.objects.unsettled().values_list("pk", flat=True)), chunk=1)


def _claimed(event: Event) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_CONSOLIDATION_LOCK, event.pk])
        return bool(cursor.fetchone()[0])


def _last_words(event: Event) -> tuple[int, int]:
    """The last decision about the event, and the last erasure anywhere: people it left without a face are at none."""
    decision = Decision.objects.filter(events=event).aggregate(last=Max("pk"))["last"] or 0
    return decision, Erasure.objects.aggregate(last=Max("pk"))["last"] or 0


@dataclass
class _Plan:
    """The faces of an event as they are, and whose they should be."""

    event: Event

    def __post_init__(self) -> None:
        self._revision = Event.objects.values_list("revision", flat=True).get(pk=self.event.pk)
        self._last_words = _last_words(self.event)
        faces = Face.objects.filter(photo__event=self.event, contract=current_contract(), dismissed=False)
        columns = ("pk", "photo", "quality", "person")
        rows, self._vectors = matrix(faces.order_by("pk"), "vector__embedding", *columns)
        self._ids = np.array([row[0] for row in rows], np.int64)
        self._photos = np.array([row[1] for row in rows], np.int64)
        self._quality = np.array([row[2] for row in rows], np.float32)
        self._holders = np.array([row[3] or -1 for row in rows], np.int64)
        roots = Person.objects.roots({row[3] for row in rows if row[3]})
        self._owners = np.array([roots.get(row[3], -1) for row in rows], np.int64)
        self._is_pinned = np.isin(self._ids, list(faces_held(faces.values("pk"))))
        self._targets = self._targeted()

    def carry_out(self) -> None:
        """Write it. Raises _OvertakenError."""
        if _last_words(self.event) != self._last_words:
            raise _OvertakenError
        changed = self._targets != self._holders
        new = self._founded()
        before = [int(person) if person >= 0 else None for person in self._holders[changed]]
        after = [new.get(int(target), int(target)) if target != -1 else None for target in self._targets[changed]]
        Face.objects.give(self._ids[changed].tolist(), before, after)
        people = {person for person in (*before, *after) if person is not None}
        twins_free(people)
        people_refresh(ids=people)
        people_retire(zip(before, after, strict=True))
        _drop_empty(set(new.values()))
        people_suppress(event=self.event)
        Event.objects.filter(pk=self.event.pk).update(settled_revision=self._revision, news=F("news") + 1)
        suggestions_rebuild(event=self.event)
        enqueue(settings.NOTIFICATION, [self.event.pk])

    def _targeted(self) -> NDArray[np.int64]:
        """(n,) whose each face should be: a person, -1 for nobody, -2 and below for people still to be made."""
        good = self._quality >= settings.FACE_QUALITY_GOOD
        calibration = current_calibration(self.event)
        labels = cluster(
            self._vectors, photos=self._photos, good=good, calibration=calibration, sayings=self._sayings()
        )
        people = matched(labels, self._owners, self._pinned)
        numbers = {label: -2 - label if person is None else person for label, person in people.items()}
        targets = np.array([numbers.get(int(label), -1) for label in labels], np.int64)
        return self._settled(np.where(self._is_pinned, self._owners, targets), calibration)

    def _settled(self, targets: NDArray[np.int64], calibration: Calibration) -> NDArray[np.int64]:
        """`targets` where a face changes between two people whom decisions speak of only if it is clearly nearer to the
        other one, as after a decision: see `faces.services.learning`.
        """
        margin = settings.FACE_MOVE_MARGIN * calibration.threshold
        spoken_of = np.unique(self._pinned[self._pinned >= 0])
        between = (targets != self._owners) & np.isin(self._owners, spoken_of) & np.isin(targets, spoken_of)
        settled = targets.copy()
        for row in np.flatnonzero(between):
            here = self._rows_of(settled, self._owners[row], row)
            there = self._rows_of(settled, targets[row], row)
            gain = self._distance(row, here) - self._distance(row, there)
            if gain < margin and self._photos[row] not in self._photos[here]:
                settled[row] = self._owners[row]
        return settled

    @staticmethod
    def _rows_of(targets: NDArray[np.int64], person: np.int64, but: np.intp) -> NDArray[np.intp]:
        rows: NDArray[np.intp] = np.flatnonzero(targets == person)
        return np.setdiff1d(rows, [but])

    def _distance(self, row: np.intp, others: NDArray[np.intp]) -> float:
        """Cosine distance of a face to the mean of others; 2 to nobody."""
        mean = self._vectors[others].sum(axis=0)
        return float(1 - self._vectors[row] @ mean / max(np.linalg.norm(mean), 1e-12)) if len(others) else 2.0

    @cached_property
    def _pinned(self) -> NDArray[np.int64]:
        """(n,) the person whom each face must stay with, -1 for none: a moderator's word, and of others whom decisions
        speak of the cover that was chosen, else the face that is most like all of theirs, so that they stay somebody.
        """
        pinned = np.where(self._is_pinned, self._owners, -1)
        people = Person.objects.filter(pk__in=set(self._owners.tolist()) - set(pinned.tolist())).spoken_of()
        chosen = dict(people.values_list("pk", "chosen_cover"))
        rows = np.flatnonzero(np.isin(self._owners, list(chosen)))
        is_chosen = np.isin(self._ids[rows], [face for face in chosen.values() if face])
        # Not the best face: it may be the engine's mistake, and would take name and id to somebody else.
        order = np.lexsort((self._ids[rows], -self._quality[rows], self._strangeness(rows), ~is_chosen))
        people_there, first = np.unique(self._owners[rows[order]], return_index=True)
        pinned[rows[order[first]]] = people_there
        return pinned

    def _strangeness(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """How far each of these faces is from the mean of all of them that are the same person's."""
        places, inverse = np.unique(self._owners[rows], return_inverse=True)
        means = np.zeros((len(places), self._vectors.shape[1]), np.float32)
        np.add.at(means, inverse, self._vectors[rows])
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        distances = 1 - np.einsum("ij,ij->i", self._vectors[rows], means[inverse])
        return distances.round(4)  # type: ignore[no-any-return] # so that the better of two that look alike counts

    def _sayings(self) -> Sayings:
        """What moderators said about these faces."""
        rows = {int(face): row for row, face in enumerate(self._ids)}
        said = Face.objects.filter(photo__event=self.event, verdicts__holds=False, verdicts__decision__undone_by=None)
        strangers = people_ruled_out(list(said.values_list("pk", flat=True)))
        barred = [(rows[face], person) for face, people in strangers.items() if face in rows for person in people]
        return Sayings(pinned=self._pinned, barred=np.array(barred, np.int64).reshape(-1, 2))

    def _founded(self) -> dict[int, int]:
        """The new people, by their number in the plan."""
        numbers = sorted({int(target) for target in self._targets if target < -1}, reverse=True)
        people = Person.objects.bulk_create([Person(contract=current_contract()) for _ in numbers], batch_size=5000)
        return {number: person.pk for number, person in zip(numbers, people, strict=True)}


def _drop_empty(founded: Collection[int]) -> None:
    """Drop new people that got no face: a decision or a photo came in between."""
    Person.objects.filter(pk__in=founded, faces_count=0, merged_into=None).delete()
