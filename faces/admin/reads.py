"""What the screens of Admin read: rows with the figures shown beside them, in a fixed number of queries."""

import re
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When

from faces.models import Appearance, Event, Face, Person, Photo, Refusal, UploadBatch
from faces.querysets import UNFINISHED, PhotoQuerySet, counted


def events_listed() -> QuerySet[Event]:
    """Events with `photos_count`, `people_count`, `processed`, `failed` and `cover_sha`, a photo to show."""
    covers = Photo.objects.taken().filter(event=OuterRef("pk"), image__ingested_at__isnull=False)
    chosen = Case(When(pk=OuterRef("cover"), then=0), default=1)
    covers = covers.annotate(place=chosen).order_by("place", "pk")
    events: QuerySet[Event] = Event.objects.with_counts().annotate(
        processed=counted(Photo.objects.taken().exclude(state__in=UNFINISHED), "event"),
        failed=counted(Photo.objects.taken().filter(state=Photo.State.FAILED), "event"),
        cover_sha=Subquery(covers.values("image__sha256")[:1]),
    )
    return events


def batches_listed() -> QuerySet[UploadBatch]:
    """Uploads, but films, with `photos_count`, `processed`, `failed` and `refused`."""
    of_films = Exists(Photo.objects.stills().filter(batch=OuterRef("pk")))
    return (
        UploadBatch.objects.exclude(of_films)
        .select_related("event", "by")
        .annotate(
            photos_count=Count("photos"),
            processed=Count("photos", filter=~Q(photos__state__in=UNFINISHED)),
            failed=Count("photos", filter=Q(photos__state=Photo.State.FAILED)),
            refused=counted(Refusal.objects.all(), "batch"),  # a second join would multiply the photos
        )
    )


def photos_listed() -> QuerySet[Photo]:
    """Photos with their image and event, and `faces_count`."""
    photos: QuerySet[Photo] = Photo.objects.select_related("image", "event")
    return photos.annotate(faces_count=counted(Face.objects.genuine(), "photo"))


def people_listed() -> QuerySet[Person]:
    """People with their cover, and `events_count`."""
    people: QuerySet[Person] = Person.objects.select_related("cover_face__photo__image")
    return people.annotate(events_count=counted(Appearance.objects.all(), "person"))


def people_matching(people: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Those of `people` whom the term means: a public id, also an old one of somebody merged; a number, as in
    “Person 12”; a part of a name.
    """
    term = term.strip()
    try:
        return people.filter(pk=Person.objects.resolve(UUID(term)).pk)
    except (ValueError, Person.DoesNotExist):
        number = re.fullmatch(r"\D*?(\d{1,18})", term)
    by_name = Q(name__icontains=term)
    return people.filter(by_name | Q(pk=number[1]) if number else by_name)


def progress(photos: PhotoQuerySet) -> dict[str, int | None]:
    """How far the photos are: `total, processed, failed, unfinished, faces`, and `eta_s` where it can be told."""
    counts = photos.progress()
    unfinished = counts["waiting"] + counts["working"]
    return {
        "total": counts["total"],
        "processed": counts["ready"] + counts["failed"],
        "failed": counts["failed"],
        "unfinished": unfinished,
        "faces": Face.objects.genuine().filter(photo__in=photos.values("pk")).count(),
        "eta_s": photos.eta_seconds() if unfinished else 0,
    }
