"""Reads, as chainable adjectives; and the one statement that keeps what a person row says of its faces right."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection, models
from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q
from django.db.models.functions import Coalesce, Now
from numpy.typing import NDArray

from photofinder.vectors import nearest

if TYPE_CHECKING:
    from faces.models import Event, Face, Person, Photo  # noqa: F401

UNFINISHED = ("queued", "ingested", "analysed")
_PACE_WINDOW = timedelta(minutes=5)

_REFRESH = """
UPDATE faces_person SET
    contract = %(contract)s, centroid = new.centroid, cover_face_id = new.cover,
    faces_count = coalesce(new.faces, 0), photos_count = coalesce(new.photos, 0)
FROM faces_person AS old LEFT JOIN (
    SELECT person_id, count(*) AS faces, count(DISTINCT photo_id) AS photos,
        (array_agg(id ORDER BY quality DESC, id))[1] AS cover,
        l2_normalize(coalesce(
            avg(embedding) FILTER (WHERE contract = %(contract)s AND quality >= %(good)s),
            avg(embedding) FILTER (WHERE contract = %(contract)s)
        )) AS centroid
    FROM faces_face WHERE person_id = ANY(%(ids)s) GROUP BY person_id
) AS new ON new.person_id = old.id
WHERE faces_person.id = old.id AND old.id = ANY(%(ids)s)
"""


class EventQuerySet(models.QuerySet["Event"]):
    """Events."""

    def published(self) -> EventQuerySet:
        """Those that attendees may find."""
        return self.filter(published=True)

    def with_counts(self) -> EventQuerySet:
        """Each with `photos_count` and `people_count`."""
        from faces.models import Person, Photo  # the two modules need each other only when a query is built

        return self.annotate(
            photos_count=counted(Photo.objects.all(), "event"),
            people_count=counted(Person.objects.all(), "faces__photo__event"),
        )


class PhotoQuerySet(models.QuerySet["Photo"]):
    """Photos."""

    def unfinished(self) -> PhotoQuerySet:
        """Those that a stage of the pipeline still has to see."""
        return self.filter(state__in=UNFINISHED)

    def claimed(self, ids: Collection[int], state: str) -> PhotoQuerySet:
        """Those in that state that no other worker holds, locked until the transaction ends.

        The lock is the claim: a killed worker's connection closes, and the rows are free again.
        """
        photos = self.filter(pk__in=ids, state=state).select_related("image", "event").order_by("pk")
        return photos.select_for_update(skip_locked=True, of=("self",))

    def progress(self) -> dict[str, int]:
        """How many there are in all (`total`), and how many are `waiting`, `working`, `ready` and `failed`."""
        counts = {
            "total": Count("pk"),
            "waiting": Count("pk", filter=Q(state="queued")),
            "working": Count("pk", filter=Q(state__in=UNFINISHED) & ~Q(state="queued")),
            "ready": Count("pk", filter=Q(state="ready")),
            "failed": Count("pk", filter=Q(state="failed")),
        }
        return self.aggregate(**counts)

    def eta_seconds(self) -> int | None:
        """How long the unfinished ones will take at the pace of the last minutes; None while there is no pace."""
        left = self.unfinished().count()
        if not left:
            return 0
        done = self.exclude(state__in=UNFINISHED).filter(changed_at__gte=Now() - _PACE_WINDOW)
        pace = done.aggregate(n=Count("pk"), seconds=Now() - Min("changed_at"))
        return max(round(pace["seconds"].total_seconds() / pace["n"] * left), 1) if pace["n"] else None


class FaceQuerySet(models.QuerySet["Face"]):
    """Faces."""

    def unassigned(self) -> FaceQuerySet:
        """Those that are nobody's."""
        return self.filter(person=None)

    def in_events(self, events: models.QuerySet[Any]) -> FaceQuerySet:
        """Those in photos of these events."""
        return self.filter(photo__event__in=events)

    def nearest(
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None
    ) -> models.QuerySet[Face]:
        """Of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self, "embedding", vector, contract=contract, within=within)


class PersonQuerySet(models.QuerySet["Person"]):
    """People."""

    def current(self) -> PersonQuerySet:
        """Those that were not merged into another and have a face."""
        return self.filter(merged_into=None, faces_count__gt=0)

    def in_events(self, events: models.QuerySet[Any]) -> PersonQuerySet:
        """Those with a face in photos of these events."""
        from faces.models import Face  # the two modules need each other only when a query is built

        return self.filter(Exists(Face.objects.filter(person=OuterRef("pk"), photo__event__in=events)))

    def seen_in(self, events: models.QuerySet[Any]) -> PersonQuerySet:
        """Each with `photos_here`, the number of their photos in these events, and `best_faces`, at most one of them,
        with photo and image.
        """
        from faces.models import Face  # the two modules need each other only when a query is built

        here = Face.objects.in_events(events)
        photos = here.filter(person=OuterRef("pk")).order_by().values("person")
        best = here.select_related("photo__image").defer("embedding").order_by("-quality", "pk")[:1]
        counted = self.annotate(
            photos_here=Coalesce(models.Subquery(photos.annotate(n=Count("photo", distinct=True)).values("n")), 0)
        )
        return counted.prefetch_related(Prefetch("faces", queryset=best, to_attr="best_faces"))

    def untouched(self) -> PersonQuerySet:
        """Those that no moderator has named or given faces."""
        from faces.models import Face  # the two modules need each other only when a query is built

        given = Face.objects.filter(person=OuterRef("pk"), assigned_by=Face.AssignedBy.MODERATOR)
        return self.filter(~Exists(given), name="")

    def share_photo(self, one: int, other: int) -> bool:
        """Whether these two people are in a photo together."""
        photos = self.filter(pk=one).values("faces__photo")
        return self.filter(pk=other, faces__photo__in=photos).exists()

    def nearest(
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None
    ) -> models.QuerySet[Person]:
        """By centroid, of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self.exclude(centroid=None), "centroid", vector, contract=contract, within=within)

    def resolve(self, user_id: UUID | str) -> Person:
        """The person whom that public id means today, following merges. Raises Person.DoesNotExist."""
        person = self.get(user_id=user_id)
        while person.merged_into_id:
            person = self.get(pk=person.merged_into_id)
        return person

    @staticmethod
    def refresh(ids: Collection[int], *, contract: str) -> None:
        """Make centroid, cover and counts of these people say what their faces say, in one statement.

        The centroid is the normalised mean of the good faces of `contract`, of all of them where none is good.
        """
        with connection.cursor() as cursor:
            cursor.execute(_REFRESH, {"ids": list(ids), "contract": contract, "good": settings.FACE_QUALITY_GOOD})


def counted(rows: models.QuerySet[Any], by: str, what: str = "pk") -> Coalesce:
    """How many different `what` of `rows` belong to the outer row that `by` names.

    As a subquery it leaves the order of the outer rows alone and multiplies no other count, which a JOIN does.
    """
    mine = rows.filter(**{by: OuterRef("pk")}).order_by().values(by)
    numbers = models.Subquery(mine.annotate(n=Count(what, distinct=True)).values("n"))
    return Coalesce(numbers, 0, output_field=models.IntegerField())
