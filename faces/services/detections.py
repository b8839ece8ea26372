"""Writing down the faces that an engine found, so that a face found anew is still the face it was."""

from collections.abc import Collection, Iterable

import numpy as np
from django.db.models import Exists, OuterRef

from faces.boxes import same_faces
from faces.models import Face, FaceVector, Photo, Verdict
from faces.services.files import files_drop
from faces.services.people import people_refresh
from faces.services.turns import take_turn

_SEEN = (
    *("box", "landmarks", "det_score", "size_px", "sharpness", "yaw", "pitch", "roll", "quality"),
    "contract",
)


def faces_write(*, photos: Collection[Photo], found: Iterable[Face]) -> None:
    """Make `found` (unsaved rows, each with an unsaved `vector`) the faces of these photos.

    A face that was there before, by its box, keeps its row: its person and all that was decided about it. Of the others
    only those of which a moderator has spoken stay.
    """
    if Face.objects.filter(photo__in=photos).exists():
        take_turn()  # before they are read: somebody may be deciding about them
    before = _crop_keys(photos)
    old: dict[int, list[Face]] = {photo.pk: [] for photo in photos}
    new: dict[int, list[Face]] = {photo.pk: [] for photo in photos}
    for face in Face.objects.filter(photo__in=photos).order_by("pk"):
        old[face.photo_id].append(face)
    for face in found:
        new[face.photo_id].append(face)
    again = [face for photo in photos for face in _recognised(old[photo.pk], new[photo.pk])]
    people = {face.person_id for faces in old.values() for face in faces if face.person_id}
    Face.objects.bulk_update(again, _SEEN)
    spoken_of = Verdict.objects.filter(face=OuterRef("pk"))
    gone = Face.objects.filter(photo__in=photos).exclude(pk__in=[face.pk for face in again])
    gone.exclude(Exists(spoken_of)).delete()
    Face.objects.bulk_create(face for faces in new.values() for face in faces if face.pk is None)
    vectors = [FaceVector(face=face, embedding=face.vector.embedding) for faces in new.values() for face in faces]
    FaceVector.objects.bulk_create(vectors, update_conflicts=True, unique_fields=["face"], update_fields=["embedding"])
    people_refresh(ids=people)
    files_drop(keys=before - _crop_keys(photos))


def _crop_keys(photos: Collection[Photo]) -> set[str]:
    """The keys of the faces' cut-outs."""
    return {face.crop_key for face in Face.objects.filter(photo__in=photos).select_related("photo__image")}


def _recognised(old: list[Face], new: list[Face]) -> list[Face]:
    """Those of `new` that were there before, with the primary key of the old row."""
    pairs = same_faces(np.array([face.box for face in old]), np.array([face.box for face in new]))
    for row, known in pairs.items():
        new[row].pk = old[known].pk
    return [new[row] for row in pairs]
