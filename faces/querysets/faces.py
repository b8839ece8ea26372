"""Reads of faces and of the decisions about them, as chainable adjectives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from numpy.typing import NDArray

from photofinder.vectors import nearest

if TYPE_CHECKING:
    from faces.models import Decision, Event, Face, Person, Photo, Portrait, SelfieSearch, Suggestion  # noqa: F401

_GIVE = """
UPDATE faces_face AS face SET
    person_id = new.person, engine_person_id = new.person,
    assigned_by = CASE WHEN new.person IS NULL THEN '' ELSE 'engine' END
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS new (id, before, person)
WHERE face.id = new.id AND face.person_id IS NOT DISTINCT FROM new.before
    AND face.assigned_by <> 'moderator' AND NOT face.dismissed
"""


class FaceQuerySet(models.QuerySet["Face"]):
    """Faces."""

    def unassigned(self) -> FaceQuerySet:
        """Those that are nobody's."""
        return self.genuine().filter(person=None)

    def genuine(self) -> FaceQuerySet:
        """Without those of which a moderator said that they are no faces."""
        return self.filter(dismissed=False)

    def in_events(self, events: models.QuerySet[Any]) -> FaceQuerySet:
        """Those in photos of these events."""
        return self.filter(photo__event__in=events)

    def photographed(self) -> FaceQuerySet:
        """Those in photos that somebody took."""
        return self.filter(photo__is_still=False)

    def filmed(self) -> FaceQuerySet:
        """Those in frames of films."""
        return self.filter(photo__is_still=True)

    def visible(self) -> FaceQuerySet:
        """Without those of hidden people."""
        return self.exclude(person__hidden=True)

    def shown(self) -> FaceQuerySet:
        """Those that attendees may see: visible ones in photos that are released, where an event asks for that."""
        return self.visible().filter(Q(photo__event__released_only=False) | Q(photo__is_released=True))

    @staticmethod
    def give(ids: Sequence[int], before: Sequence[int | None], people: Sequence[int | None]) -> None:
        """Let the engine give these faces, which are of those `before`, to these people, in one statement.

        A face that was given to somebody else meanwhile, or of which a moderator has spoken, stays where it is.
        """
        with connection.cursor() as cursor:
            cursor.execute(_GIVE, [list(ids), list(before), list(people)])

    def nearest(
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None, is_exact: bool = False
    ) -> models.QuerySet[Face]:
        """Of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self, "vector__embedding", vector, contract=contract, within=within, is_exact=is_exact)


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Decisions."""

    def active(self) -> DecisionQuerySet:
        """Those that hold: nobody has undone them."""
        return self.filter(undone_by=None)

    def about_people(self, people: Collection[int]) -> DecisionQuerySet:
        """Those that speak of one of these people."""
        through = self.model.people.through.objects
        return self.filter(Exists(through.filter(decision=OuterRef("pk"), person__in=people)))

    def about_event(self, event: int) -> DecisionQuerySet:
        """Those that concern the event."""
        through = self.model.events.through.objects
        return self.filter(Exists(through.filter(decision=OuterRef("pk"), event=event)))

    def with_obstacles(self) -> DecisionQuerySet:
        """Each with `obstacles`: the ids of the decisions that hold and are about the person whom it made, so that it
        cannot be undone before them.
        """
        made = Cast(KT("payload__new"), models.BigIntegerField())
        later = self.model.objects.filter(people=OuterRef("made"), pk__gt=OuterRef("pk"), undone_by=None)
        return self.annotate(made=made, obstacles=ArraySubquery(later.exclude(kind="undo").order_by("pk").values("pk")))


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    """Suggestions."""

    def queue(self) -> SuggestionQuerySet:
        """What attendees object to first, then the surest; those put off come last, the longest ago first."""
        return self.order_by(F("postponed_at").asc(nulls_first=True), "-is_objection", "distance", "pk")

    def answered_by(self, photos: Collection[Photo]) -> SuggestionQuerySet:
        """Those about two people who stand in one of these photos together: they are not the same."""
        from faces.models import Face  # the two modules need each other only when a query is built

        here = Face.objects.filter(photo__in=photos)
        together = here.filter(person=OuterRef("one"), photo__faces__person=OuterRef("other"))
        return self.filter(Exists(together), one__in=here.values("person"))
