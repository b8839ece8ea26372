"""Reads of events, their photos and what was searched in them, as chainable adjectives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, F, Min, OuterRef, Q
from django.db.models.functions import Coalesce, Now

if TYPE_CHECKING:
    from faces.models import Decision, Event, Face, Person, Photo, Portrait, SelfieSearch, Suggestion  # noqa: F401

UNFINISHED = ("queued", "ingested", "analysed")
_PACE_WINDOW = timedelta(minutes=5)


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

        there = Photo.objects.taken().filter(event=OuterRef("pk")).exclude(image__ingested_at=None)
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
            photos_count=counted(Photo.objects.taken(), "event"),
            people_count=counted(Appearance.objects.all(), "event"),
        )


class PhotoQuerySet(models.QuerySet["Photo"]):
    """Photos."""

    def taken(self) -> PhotoQuerySet:
        """Without the frames of films, which only tell who is in them: they are no photos for anybody."""
        return self.filter(is_still=False)

    def stills(self) -> PhotoQuerySet:
        """The frames of films."""
        return self.filter(is_still=True)

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


class SelfieSearchQuerySet(models.QuerySet["SelfieSearch"]):
    """Searches by selfie."""

    def kept(self) -> SelfieSearchQuerySet:
        """Those whose result can still be looked at."""
        return self.filter(expires_at__gt=Now())

    def expired(self) -> SelfieSearchQuerySet:
        """Those whose result is to be dropped."""
        return self.filter(expires_at__lte=Now())


def counted(rows: models.QuerySet[Any], by: str, what: str = "pk") -> Coalesce:
    """How many different `what` of `rows` belong to the outer row that `by` names.

    As a subquery it leaves the order of the outer rows alone and multiplies no other count, which a JOIN does.
    """
    mine = rows.filter(**{by: OuterRef("pk")}).order_by().values(by)
    numbers = models.Subquery(mine.annotate(n=Count(what, distinct=True)).values("n"))
    return Coalesce(numbers, 0, output_field=models.IntegerField())
