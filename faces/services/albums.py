"""All photos of a person."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Case, F, FloatField, QuerySet, Value, When
from django.db.models.functions import Cast
from pgvector.django import CosineDistance

from faces.calibration import Calibration, calibration_for
from faces.models import Event, Face, Person
from faces.querysets import FaceQuerySet
from faces.services.portraits import registered_photos


@dataclass(frozen=True)
class AlbumPhoto:
    """A photo with the face that is the person's; `similarity` 0-1, None where it cannot be told."""

    face: Face
    similarity: float | None


def album_of(*, person: Person, events: QuerySet[Event], shown: FaceQuerySet) -> "Album | list[AlbumPhoto]":
    """The photos of a person, best first, counted and sliced like a queryset; of a registered one also those that they
    are found in with their portraits.
    """
    album = Album(person, events, shown)
    found = registered_photos(person=person, events=events, shown=shown)
    if not found:
        return album
    best: dict[int, AlbumPhoto] = {match.face.photo_id: AlbumPhoto(match.face, match.similarity) for match in found}
    for photo in album[:]:
        best.setdefault(photo.face.photo_id, photo)
    return sorted(best.values(), key=lambda photo: -(photo.similarity or 0))


@dataclass
class Album:
    """The photos of `person` in `events` with a face among `shown`, best first: counted and sliced like a queryset,
    into AlbumPhoto.

    A face is as similar as it is near to the mean of the person's faces; one of another contract cannot be compared,
    has the similarity None and comes last.
    """

    person: Person
    events: QuerySet[Event]
    shown: QuerySet[Face]

    def count(self) -> int:
        """How many photos."""
        return self._faces.values("photo").distinct().count()

    def __getitem__(self, page: slice) -> list[AlbumPhoto]:
        """A page of them."""
        best_first = (F("distance").asc(nulls_last=True), "-quality", "pk")
        one_per_photo = self._faces.order_by("photo_id", *best_first).distinct("photo_id").values("pk")
        faces = self._faces.filter(pk__in=one_per_photo).order_by(*best_first)
        shown = faces.select_related("photo__image", "photo__event")[page]
        return [AlbumPhoto(face, self._similarity(face)) for face in shown]

    @cached_property
    def _calibration(self) -> Calibration:
        return calibration_for(self.person.contract, settings.FACE_CALIBRATIONS)

    @property
    def _faces(self) -> QuerySet[Face]:
        distance: Case | Cast = Cast(Value(None), FloatField())
        if self.person.centroid is not None:
            near = When(contract=self.person.contract, then=CosineDistance("vector__embedding", self.person.centroid))
            distance = Case(near, default=None, output_field=FloatField())
        faces: Any = self.shown.filter(person=self.person, photo__event__in=self.events, photo__is_still=False)
        return faces.annotate(distance=distance)  # type: ignore[no-any-return]

    def _similarity(self, face: Face) -> float | None:
        return None if face.distance is None else self._calibration.similarity(face.distance)
