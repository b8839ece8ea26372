"""Registered people: who gave portraits of themselves, and which photos they are in."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from faces.alignment import align
from faces.models import Event, Person, Portrait
from faces.quality import QualityGates, assess
from faces.querysets import FaceQuerySet
from faces.services.decisions import person_name
from faces.services.files import file_adopted, files_drop
from faces.services.likenesses import Likeness, likeness_join, likeness_of
from faces.services.people import as_name, current_calibration, current_contract, person_get
from faces.services.search import SIMILARITY, PhotoMatch, Selfie, likeness_search, selfie_read
from faces.services.suppression import require_not_opted_out
from faces.services.turns import take_turn
from photofinder import storage
from photofinder.errors import Problem
from photofinder.images import Picture, webp
from photofinder.vectors import as_array

MOST_PORTRAITS = 5  # that one person is looked for with
_ALIGNED_FROM_PX = 1600
_PHOTOS = 2000


@dataclass(frozen=True)
class Registration:
    """Who was registered, with what, and whether it is their best portrait now."""

    person: Person
    portrait: Portrait
    is_best: bool


def person_register(
    *,
    picture: Picture,
    name: str = "",
    user_id: UUID | None = None,
    face_index: int | None = None,
    by: User | None = None,
) -> Registration:
    """Enrol somebody by a portrait that passes the gates of faces in photos. Who registered before is known again by
    their portraits, or is named by `user_id`.

    A better portrait becomes the best one, a worse one is kept beside it, up to five. Raises what `selfie_read` raises,
    and Problem `not_found`, `another_person`, `not_comparable`, `named_already`, `not_better`, `too_long` or
    `opted_out`.
    """
    selfie = selfie_read(picture=picture, face_index=face_index)
    _require_good(selfie)
    likeness, aligned = likeness_of(selfie.face.embedding), webp(_aligned(picture, selfie))
    key = storage.portrait_key()
    with file_adopted(key=key, content=aligned):
        take_turn()  # nobody opts out meanwhile
        require_not_opted_out(likeness)
        person = _enrolled(user_id, as_name(name), likeness, by)
        portrait = portrait_keep(person=person, likeness=likeness, quality=selfie.quality.value, crop_key=key)
        is_best = portrait == portraits_of(person)[0]
    return Registration(person, portrait, is_best)


def portrait_keep(*, person: Person, likeness: Likeness, quality: float, crop_key: str = "") -> Portrait:
    """Add a portrait; the worst one makes room for it. Raises Problem `not_better` when it is itself the worst."""
    portraits = portraits_of(person)
    known = [portrait for portrait in portraits if portrait.contract == likeness.contract]
    for portrait in set(portraits) - set(known):  # nothing can be found with it any more
        portrait_drop(portrait=portrait)
    if len(known) >= MOST_PORTRAITS:
        if known[-1].quality >= quality:
            text = _("There are %(count)d better portraits of this person already. Send a sharper, larger one.")
            raise Problem("not_better", text % {"count": len(known)})
        portrait_drop(portrait=known[-1])
    return Portrait.objects.create(
        person=person, contract=likeness.contract, embedding=likeness.mean, quality=quality, crop_key=crop_key
    )


def portrait_drop(*, portrait: Portrait) -> None:
    """Delete a portrait with its picture."""
    portrait.delete()
    files_drop(keys=[portrait.crop_key])


def portraits_of(person: Person) -> list[Portrait]:
    """The portraits of a person and of whoever means that person today, best first."""
    return list(Portrait.objects.filter(person__in=Person.objects.absorbed(person.pk)))


def person_likeness(person: Person) -> Likeness | None:
    """What a registered person is looked for with; None for others, and when another engine read the portraits."""
    contract = current_contract()
    vectors = [as_array(row.embedding) for row in portraits_of(person) if row.contract == contract]
    return Likeness(contract, np.array(vectors, np.float32)) if vectors else None


def registered_photos(
    *, person: Person, events: QuerySet[Event], shown: FaceQuerySet | None = None
) -> list[PhotoMatch]:
    """The photos that a registered person is found in, best first; empty for whoever is not registered."""
    likeness = person_likeness(person)
    if likeness is None:
        return []
    found = likeness_search(likeness=likeness, events=events, limit=_PHOTOS, min_similarity=SIMILARITY, shown=shown)
    return found.photos


def _require_good(selfie: Selfie) -> None:
    """Raises Problem `low_quality`."""
    quality = assess(selfie.face, QualityGates(**settings.FACE_QUALITY_GATES))
    if not quality.is_good:
        text = _("This face is not good enough to be known by. Send a larger, sharper photo from the front.")
        raise Problem("low_quality", text, reason=quality.reason)


def _enrolled(user_id: UUID | None, name: str, likeness: Likeness, by: User | None) -> Person:
    """The person of that id, or the one who registered before, or a new one; called `name` from now on."""
    if user_id is None:
        person = _registered_as(likeness, name) or Person.objects.create()
    else:
        person = person_get(user_id)
        _require_same(person, likeness)
    if name and person.name not in ("", name):
        text = _("This person is called %s already; a moderator can rename them.")
        raise Problem("named_already", text % person.name)
    if name and not person.name:
        person_name(person=person, name=name, actor=by)
        person.refresh_from_db()
    return person


def _registered_as(likeness: Likeness, name: str) -> Person | None:
    """Whoever registered with the nearest portrait that is near enough, unless they have another name."""
    within = current_calibration().distance(SIMILARITY)
    near = Portrait.objects.registered().nearest(likeness.mean, contract=likeness.contract, within=within)
    portrait = near.select_related("person").first()
    person = Person.objects.resolve(portrait.person.user_id) if portrait else None
    return person if person and (not name or person.name in ("", name)) else None


def _require_same(person: Person, likeness: Likeness) -> None:
    """Raises Problem `another_person`, or `not_comparable` when only another engine knows what they look like."""
    known = person_likeness(person) or _of_faces(person)
    if known is not None:
        likeness_join(known, likeness)
    elif person.faces_count or portraits_of(person):
        text = _("What is known of this person was read by another engine, so nobody can tell whether it is them.")
        raise Problem("not_comparable", text)


def _of_faces(person: Person) -> Likeness | None:
    """The mean face of somebody who was found in photos."""
    if person.centroid is None or person.contract != current_contract():
        return None
    return Likeness(person.contract, as_array(person.centroid)[None])


def _aligned(picture: Picture, selfie: Selfie) -> NDArray[np.uint8]:
    pixels = picture.pixels(_ALIGNED_FROM_PX)
    height, width = pixels.shape[:2]
    return align(pixels, (selfie.face.landmarks * [width, height]).astype(np.float32))
