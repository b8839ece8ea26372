"""Reads of people and portraits, as chainable adjectives; and the one statement that keeps what a person row says of
their faces right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, models
from django.db.models import Exists, OuterRef, Prefetch, Q, Sum
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from photofinder.vectors import nearest

if TYPE_CHECKING:
    from faces.models import Decision, Event, Face, Person, Photo, Portrait, SelfieSearch, Suggestion  # noqa: F401

_REFRESH = """
UPDATE faces_person SET
    contract = coalesce(new.contract, faces_person.contract), centroid = new.centroid,
    cover_face_id = coalesce(chosen.id, new.cover),
    faces_count = coalesce(new.faces, 0), photos_count = coalesce(new.photos, 0)
FROM faces_person AS old
LEFT JOIN (
    SELECT person_id, of.contract, count(*) AS faces,
        count(DISTINCT photo_id) FILTER (WHERE NOT photo.is_still) AS photos,
        (array_agg(face.id ORDER BY photo.is_still, quality DESC, face.id))[1] AS cover,
        l2_normalize(avg(embedding) FILTER (
            WHERE face.contract = of.contract AND (quality >= %(good)s OR of.best < %(good)s)
        )) AS centroid
    FROM faces_face AS face JOIN faces_facevector ON face_id = face.id
    JOIN faces_photo AS photo ON photo.id = photo_id JOIN (
        SELECT DISTINCT ON (person_id) person_id, contract, max(quality) AS best
        FROM faces_face WHERE person_id = ANY(%(ids)s) GROUP BY person_id, contract
        ORDER BY person_id, contract = %(contract)s DESC, contract DESC
    ) AS of USING (person_id)
    WHERE person_id = ANY(%(ids)s)
    GROUP BY person_id, of.contract
) AS new ON new.person_id = old.id
LEFT JOIN faces_face AS chosen ON chosen.id = old.chosen_cover_id AND chosen.person_id = old.id
WHERE faces_person.id = old.id AND old.id = ANY(%(ids)s)
"""
_REFRESH_APPEARANCES = """
WITH fresh AS (
    SELECT person_id, event_id, count(*) AS faces, count(DISTINCT photo_id) FILTER (WHERE NOT is_still) AS photos
    FROM faces_face AS face JOIN faces_photo AS photo ON photo.id = face.photo_id
    WHERE person_id = ANY(%(ids)s) GROUP BY person_id, event_id
), gone AS (
    DELETE FROM faces_appearance AS old WHERE person_id = ANY(%(ids)s)
    AND NOT EXISTS (SELECT FROM fresh WHERE fresh.person_id = old.person_id AND fresh.event_id = old.event_id)
)
INSERT INTO faces_appearance (person_id, event_id, faces_count, photos_count) SELECT * FROM fresh
ON CONFLICT (person_id, event_id)
DO UPDATE SET faces_count = excluded.faces_count, photos_count = excluded.photos_count
"""


class PersonQuerySet(models.QuerySet["Person"]):
    """People."""

    def current(self) -> PersonQuerySet:
        """Those that were not merged into another and have a face."""
        return self.filter(merged_into=None, faces_count__gt=0)

    def listed(self, events: models.QuerySet[Any], *, with_registered: bool, with_hidden: bool) -> PersonQuerySet:
        """Those with a face in photos of these events, and those who registered."""
        from faces.models import Portrait  # the two modules need each other only when a query is built

        people = self if with_hidden else self.filter(hidden=False)
        found = people.current().in_events(events)
        if not with_registered:
            return found
        portraits = Portrait.objects.registered().filter(person=OuterRef("pk"))
        registered = people.filter(Exists(portraits), merged_into=None, forgotten_at=None)
        return people.filter(Q(pk__in=found.values("pk")) | Q(pk__in=registered.values("pk")))

    def in_events(self, events: models.QuerySet[Any]) -> PersonQuerySet:
        """Those with a face in photos of these events."""
        from faces.models import Appearance  # the two modules need each other only when a query is built

        return self.filter(Exists(Appearance.objects.filter(person=OuterRef("pk"), event__in=events)))

    def seen_in(self, events: models.QuerySet[Any]) -> PersonQuerySet:
        """Each with `photos_here`, the number of their photos in these events, `best_faces`, at most one of them, with
        photo and image, from a film only where there is no other, and `given_portraits`, those of a registration.
        """
        from faces.models import (
            Appearance,
            Face,
            Portrait,
        )  # the two modules need each other only when a query is built

        best = Face.objects.in_events(events).select_related("photo__image")
        here = Appearance.objects.filter(person=OuterRef("pk"), event__in=events).order_by().values("person")
        photos = models.Subquery(here.annotate(n=Sum("photos_count")).values("n"))
        counted = self.annotate(photos_here=Coalesce(photos, 0))
        return counted.prefetch_related(
            Prefetch("faces", queryset=best.order_by("photo__is_still", "-quality", "pk")[:1], to_attr="best_faces"),
            Prefetch("portraits", queryset=Portrait.objects.registered(), to_attr="given_portraits"),
        )

    def spoken_of(self) -> PersonQuerySet:
        """Those whom a decision that holds speaks of, or who have a name or are hidden: no automatic step dissolves
        them or joins two of them.
        """
        from faces.models import Decision  # the two modules need each other only when a query is built

        speaking = Decision.objects.active().filter(~Q(kind="undo") | Q(payload__has_key="apart"))
        decided = Exists(speaking.filter(people=OuterRef("pk")))
        return self.filter(decided | ~Q(name="") | Q(hidden=True))

    def roots(self, ids: Collection[int]) -> dict[int, int]:
        """Whom each of these people means today, following merges; in a circle, which should not be, the first."""
        merged: dict[int, Any] = {}
        asked, fresh = set[int](), set(ids)
        while fresh:
            gone = self.filter(pk__in=fresh, merged_into__isnull=False)
            asked |= fresh
            merged |= dict(gone.values_list("pk", "merged_into"))
            fresh = set(merged.values()) - asked
        return {person: _last_of(merged, person) for person in ids}

    def absorbed(self, *people: int) -> set[int]:
        """The ids of these people and of everybody who means one of them today."""
        known, fresh = set(people), set(people)
        while fresh:
            fresh = set(self.filter(merged_into__in=fresh).values_list("pk", flat=True)) - known
            known |= fresh
        return known

    def nearest(
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None, is_exact: bool = False
    ) -> models.QuerySet[Person]:
        """By centroid, of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        people = self.exclude(centroid=None)
        return nearest(people, "centroid", vector, contract=contract, within=within, is_exact=is_exact)

    def resolve(self, user_id: UUID | str) -> Person:
        """The person whom that public id means today, following merges; for somebody without faces whoever a
        moderator moved the last ones to.

        Raises Person.DoesNotExist, also for whoever was forgotten.
        """
        person, seen = self.get(user_id=user_id), set[int]()
        while person.pk not in seen and (heir := person.merged_into_id or self._moved_to(person)):
            seen.add(person.pk)
            person = self.get(pk=heir)
        if person.forgotten_at:
            raise self.model.DoesNotExist
        return person

    @staticmethod
    def _moved_to(person: Person) -> int | None:
        """Who got the faces of a person who has none, by the last move that holds."""
        if person.faces_count or person.forgotten_at:
            return None
        from faces.models import Decision  # the two modules need each other only when a query is built

        moves = Decision.objects.active().filter(people=person, kind="move", payload__person=person.pk)
        return moves.order_by("-pk").values_list("payload__to", flat=True).first()

    @staticmethod
    def refresh(ids: Collection[int], *, contract: str) -> None:
        """Make centroid, cover, counts and appearances of these people say what their faces say.

        The centroid is the normalised mean of the good faces of `contract`, of all of them where none is good; of
        another contract for somebody who has no face of this one.
        """
        values: Any = {"ids": list(ids), "contract": contract, "good": settings.FACE_QUALITY_GOOD}
        with connection.cursor() as cursor:
            cursor.execute(_REFRESH, values)
            cursor.execute(_REFRESH_APPEARANCES, values)


class PortraitQuerySet(models.QuerySet["Portrait"]):
    """Portraits."""

    def registered(self) -> PortraitQuerySet:
        """Those that were given to be known by, not only to be told of new photos: their pictures are kept."""
        return self.exclude(crop_key="")

    def of_selfies(self) -> PortraitQuerySet:
        """Those that an attendee is told of new photos by: no picture is kept of them."""
        return self.filter(crop_key="")

    def nearest(
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None
    ) -> models.QuerySet[Portrait]:
        """Of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self, "embedding", vector, contract=contract, within=within)


def _last_of(links: Mapping[int, int], start: int) -> int:
    """Where the links lead from `start`; of a circle the smallest."""
    way = [start]
    while (following := links.get(way[-1])) is not None:
        if following in way:
            return min(way[way.index(following) :])
        way.append(following)
    return way[-1]
