"""Those who opted out: their faces are known again by codes and places, and not kept."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from faces.boxes import same_faces
from faces.engines.base import DetectedFace
from faces.models import Face, OptOut, OptOutCode, OptOutPlace, Photo
from faces.services.likenesses import Likeness
from faces.services.people import current_calibration, current_contract
from faces.suppression import directions, distances, encode
from photofinder.errors import Problem
from photofinder.vectors import FACE_DIMENSIONS, matrix, padded

Vectors = NDArray[np.float32]
Found = tuple[Photo, DetectedFace]


def suppressed(vectors: Vectors, *, contract: str) -> NDArray[np.int64]:
    """(n,) the primary key of the opt-out that each vector (n, 512) falls under, 0 for none."""
    rows = list(OptOutCode.objects.filter(contract=contract).values_list("opt_out", "code"))
    found = np.zeros(len(vectors), np.int64)
    if not rows or not len(vectors):
        return found
    codes = np.array([np.frombuffer(code, np.uint8) for _opt_out, code in rows])
    apart = distances(encode(vectors, _directions()), codes)
    near = apart.min(axis=1) <= _limit(len({opt_out for opt_out, _code in rows}))
    found[near] = np.array([opt_out for opt_out, _code in rows])[apart[near].argmin(axis=1)]
    return found


def suppressed_rows(rows: QuerySet[Any], field: str) -> dict[int, int]:
    """The opt-outs that rows with a vector in `field` fall under, by their primary keys."""
    contract = current_contract()
    keys, vectors = matrix(rows.filter(contract=contract).order_by("pk"), field, "pk")
    opt_outs = suppressed(vectors, contract=contract)
    return {key: int(opt_out) for (key,), opt_out in zip(keys, opt_outs, strict=True) if opt_out}


def kept(found: Sequence[Found], *, contract: str) -> list[Found]:
    """Of the faces found in photos those whose owners did not opt out.

    One at a place where a face of theirs was before is known by that, whichever engine found it; what it looks like to
    an engine that is new tells how to know the others.
    """
    if not OptOut.objects.exists():
        return list(found)
    by_code = suppressed(np.array([padded(face.embedding) for _photo, face in found]), contract=contract)
    by_place = _at_known_places(found)
    for row, opt_out in by_place.items():
        codes_renew(opt_out=opt_out, vectors=padded(found[row][1].embedding)[None], contract=contract)
    for row in np.flatnonzero(by_code).tolist():
        photo, face = found[row]
        if row not in by_place:
            place = {"opt_out_id": int(by_code[row]), "image_id": photo.image_id, "box": list(face.box)}
            OptOutPlace.objects.create(**place)
    return [pair for row, pair in enumerate(found) if not by_code[row] and row not in by_place]


def _at_known_places(found: Sequence[Found]) -> dict[int, int]:
    """For rows of `found` the opt-out to which a face at that place of that image belonged."""
    places: dict[int, list[tuple[int, list[float]]]] = defaultdict(list)
    known = OptOutPlace.objects.filter(image__in={photo.image_id for photo, _face in found})
    for image, opt_out, box in known.values_list("image", "opt_out", "box"):
        places[image].append((opt_out, box))
    hits: dict[int, int] = {}
    for image, here in places.items():
        rows = [row for row, (photo, _face) in enumerate(found) if photo.image_id == image]
        pairs = same_faces(np.array([box for _, box in here]), np.array([found[row][1].box for row in rows]))
        hits |= {rows[row]: here[place][0] for row, place in pairs.items()}
    return hits


def codes_write(*, opt_out: int, vectors: Vectors, contract: str) -> None:
    """Let these vectors (n, 512) be known again as those of who opted out."""
    codes = encode(vectors, _directions())
    OptOutCode.objects.bulk_create(
        OptOutCode(opt_out_id=opt_out, contract=contract, code=code.tobytes()) for code in codes
    )


def codes_renew(*, opt_out: int, vectors: Vectors, contract: str) -> None:
    """The same by another engine, whose codes are none yet: faces at known places tell it what to look for."""
    if not OptOutCode.objects.filter(opt_out=opt_out, contract=contract).exists():
        codes_write(opt_out=opt_out, vectors=vectors, contract=contract)


def places_write(*, opt_out: OptOut, faces: Collection[Face]) -> None:
    """Remember where in which images their faces are."""
    OptOutPlace.objects.bulk_create(
        OptOutPlace(opt_out=opt_out, image_id=face.photo.image_id, box=face.box) for face in faces
    )


def require_not_opted_out(likeness: Likeness) -> None:
    """Raises Problem `opted_out`."""
    if suppressed(likeness.mean[None], contract=likeness.contract).any():
        text = _("This person opted out: their face is not kept here. An administrator can delete the opt-out.")
        raise Problem("opted_out", text)


def _limit(opt_outs: int) -> float:
    """How near is near enough: strangers are taken for one of them equally rarely however many opted out."""
    return current_calibration().distance_at(settings.FACE_FALSE_SUPPRESSIONS / opt_outs)


@lru_cache(maxsize=1)
def _directions() -> Vectors:
    key = hashlib.sha256(b"photofinder.suppression:" + settings.SECRET_KEY.encode()).digest()
    return directions(key, FACE_DIMENSIONS)
