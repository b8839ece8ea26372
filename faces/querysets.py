"""Reads, as chainable adjectives; and the one statement that keeps what a person row says of its faces right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Now
from numpy.typing import NDArray

from photofinder.vectors import nearest

if TYPE_CHECKING:
    from faces.models import Decision, Event, Face, Person, Photo, Portrait, SelfieSearch, Suggestion  # noqa: F401

UNFINISHED = ("queued", "ingested", "analysed")
_PACE_WINDOW = timedelta(minutes=5)

_REFRESH = """
UPDATE faces_person SET
    contract = coalesce(new.contract, faces_person.contract), centroid = new.centroid,
    cover_face_id = coalesce(chosen.id, new.cover),
    faces_count = coalesce(new.faces, 0), photos_count = coalesce(new.photos, 0)
FROM faces_person AS old
LEFT JOIN (
    SELECT person_id, of.contract, count(*) AS faces, count(DISTINCT photo_id) AS photos,
        (array_agg(id ORDER BY quality DESC, id))[1] AS cover,
        l2_normalize(avg(embedding) FILTER (
            WHERE face.contract = of.contract AND (quality >= %(good)s OR of.best < %(good)s)
        )) AS centroid
    FROM faces_face AS face JOIN faces_facevector ON face_id = id JOIN (
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
_GIVE = """
UPDATE faces_face AS face SET
    person_id = new.person, engine_person_id = new.person,
    assigned_by = CASE WHEN new.person IS NULL THEN '' ELSE 'engine' END
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS new (id, before, person)
WHERE face.id = new.id AND face.person_id IS NOT DISTINCT FROM new.before
    AND face.assigned_by <> 'moderator' AND NOT face.dismissed
"""
_REFRESH_APPEARANCES = """
WITH fresh AS (
    SELECT person_id, event_id, count(*) AS faces, count(DISTINCT photo_id) AS photos
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


class EventQuerySet(models.QuerySet["Event"]):
    """Events."""

    def open_to(self, *codes: str) -> EventQuerySet:
        """Those in which attendees may look for themselves: the public ones, or whose codes these are."""
        is_let_in = Q(access="public") | Q(access="code", code__in=codes)
        return self.filter(is_let_in, published=True)

    def published(self) -> EventQuerySet:
        """Those that are not closed to everybody: whoever was let in is still in."""
        return self.filter(published=True).exclude(access="closed")

    def with_news(self) -> EventQuerySet:
        """Those whose subscribers may have to be told something, and can be: open, and with no photo on its way."""
        settled = self.published().filter(news__gt=F("told"), settled_revision=F("revision"))
        return settled.exclude(photos__state__in=UNFINISHED)

    def unsettled(self) -> EventQuerySet:
        """Those whose photos are all done and whose people were not consolidated since."""
        changed = self.exclude(settled_revision=F("revision"))
        return changed.exclude(photos__state__in=UNFINISHED)

    def concerned(self, people: Collection[int], faces: Collection[int] = ()) -> EventQuerySet:
        """Those where these people or these faces are; not by joins, whose rows would multiply each other."""
        from faces.models import Appearance, Face  # the two modules need each other only when a query is built

        here = Q(pk__in=Appearance.objects.filter(person__in=people).values("event"))
        return self.filter(here | Q(pk__in=Face.objects.filter(pk__in=faces).values("photo__event")))

    def with_cover(self) -> EventQuerySet:
        """Each with `cover_photo`, `cover_name` and `cover_sha` of the photo that stands for it, None while there is
        none: the chosen one, else the first that attendees may see.
        """
        from faces.models import Photo  # the two modules need each other only when a query is built

        there = Photo.objects.filter(event=OuterRef("pk")).exclude(image__ingested_at=None)
        shown = there.filter(Q(is_released=True) | Q(event__released_only=False)).order_by("pk")
        cover = self.annotate(cover_photo=Coalesce("cover", models.Subquery(shown.values("pk")[:1])))
        of_photo = Photo.objects.filter(pk=OuterRef("cover_photo"))
        return cover.annotate(
            cover_name=models.Subquery(of_photo.values("original_name")),
            cover_sha=models.Subquery(of_photo.values("image__sha256")),
        )

    def with_counts(self) -> EventQuerySet:
        """Each with `photos_count` and `people_count`."""
        from faces.models import Appearance, Photo  # the two modules need each other only when a query is built

        return self.annotate(
            photos_count=counted(Photo.objects.all(), "event"),
            people_count=counted(Appearance.objects.all(), "event"),
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
        return self.genuine().filter(person=None)

    def genuine(self) -> FaceQuerySet:
        """Without those of which a moderator said that they are no faces."""
        return self.filter(dismissed=False)

    def in_events(self, events: models.QuerySet[Any]) -> FaceQuerySet:
        """Those in photos of these events."""
        return self.filter(photo__event__in=events)

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
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None
    ) -> models.QuerySet[Face]:
        """Of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self, "vector__embedding", vector, contract=contract, within=within)


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
        photo and image, and `given_portraits`, those of a registration.
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
            Prefetch("faces", queryset=best.order_by("-quality", "pk")[:1], to_attr="best_faces"),
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
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None
    ) -> models.QuerySet[Person]:
        """By centroid, of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self.exclude(centroid=None), "centroid", vector, contract=contract, within=within)

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

    def nearest(
        self, vector: NDArray[np.float32], *, contract: str, within: float | None = None
    ) -> models.QuerySet[Portrait]:
        """Of that contract, nearest first, each with its cosine `distance`, at most `within`."""
        return nearest(self, "embedding", vector, contract=contract, within=within)


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


class SelfieSearchQuerySet(models.QuerySet["SelfieSearch"]):
    """Searches by selfie."""

    def kept(self) -> SelfieSearchQuerySet:
        """Those whose result can still be looked at."""
        return self.filter(expires_at__gt=Now())

    def expired(self) -> SelfieSearchQuerySet:
        """Those whose result is to be dropped."""
        return self.filter(expires_at__lte=Now())


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


def _last_of(links: Mapping[int, int], start: int) -> int:
    """Where the links lead from `start`; of a circle the smallest."""
    way = [start]
    while (following := links.get(way[-1])) is not None:
        if following in way:
            return min(way[way.index(following) :])
        way.append(following)
    return way[-1]


def counted(rows: models.QuerySet[Any], by: str, what: str = "pk") -> Coalesce:
    """How many different `what` of `rows` belong to the outer row that `by` names.

    As a subquery it leaves the order of the outer rows alone and multiplies no other count, which a JOIN does.
    """
    mine = rows.filter(**{by: OuterRef("pk")}).order_by().values(by)
    numbers = models.Subquery(mine.annotate(n=Count(what, distinct=True)).values("n"))
    return Coalesce(numbers, 0, output_field=models.IntegerField())
