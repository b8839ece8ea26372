"""Those who were forgotten or opted out: their faces are known again by places and codes, and not kept."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from faces.boxes import same_faces
from faces.models import ErasedPlace, Face, OptOut, OptOutCode
from faces.services.likenesses import Likeness
from faces.services.people import current_calibration, current_contract
from faces.suppression import directions, distances, encode
from photofinder.errors import Problem
from photofinder.vectors import FACE_DIMENSIONS, as_array, matrix

Vectors = NDArray[np.float32]
_MOST_CODES = 8  # of one opt-out for one engine: each lets a few more strangers be taken for them
_ROWS = 20_000  # vectors held in memory at once


def suppressed(vectors: Vectors, *, contract: str) -> NDArray[np.int64]:
    """(n,) the primary key of the opt-out that each vector (n, 512) falls under, 0 for none."""
    rows = list(OptOutCode.objects.filter(contract=contract).values_list("opt_out", "code"))
    found = np.zeros(len(vectors), np.int64)
    if not rows or not len(vectors):
        return found
    codes = np.array([np.frombuffer(code, np.uint8) for _opt_out, code in rows])
    apart = distances(encode(vectors, _directions()), codes)
    near = apart.min(axis=1) <= suppression_limit()
    found[near] = np.array([opt_out for opt_out, _code in rows])[apart[near].argmin(axis=1)]
    return found


def suppressed_rows(rows: QuerySet[Any], field: str) -> dict[int, int]:
    """The opt-outs that rows with a vector in `field` fall under, by their primary keys."""
    found: dict[int, int] = {}
    for keys, vectors in _parts(rows.filter(contract=current_contract()).exclude(**{field: None}), field):
        opt_outs = suppressed(vectors, contract=current_contract())
        found |= {key: int(opt_out) for key, opt_out in zip(keys, opt_outs, strict=True) if opt_out}
    return found


def suppression_limit() -> float:
    """How near is near enough: strangers are taken for one of them equally rarely however many opted out, but nobody
    who opted out is left whom a search would find.
    """
    calibration, contract = current_calibration(), current_contract()
    known = OptOut.objects.filter(Exists(OptOutCode.objects.filter(opt_out=OuterRef("pk"), contract=contract)))
    chance = settings.FACE_FALSE_SUPPRESSIONS / max(known.count(), 1)
    return max(calibration.distance_at(chance), calibration.threshold)


def kept(faces: Sequence[Face], *, contract: str) -> list[Face]:
    """Of these faces, unsaved rows with their vectors, those whose owners were not forgotten from there and did not
    opt out.

    One at a place where a face was erased before is known by that, whichever engine found it; what somebody who opted
    out looks like there to an engine that is new tells how to know their other faces.
    """
    by_place = at_known_places(faces)
    by_code = suppressed(np.array([as_array(face.vector.embedding) for face in faces]), contract=contract)
    learnt: dict[int, list[Face]] = defaultdict(list)
    for row, opt_out in by_place.items():
        if opt_out is not None:
            learnt[opt_out].append(faces[row])
    for opt_out, theirs in learnt.items():
        codes_learn(opt_out=opt_out, faces=theirs, contract=contract)
    rows = [row for row in np.flatnonzero(by_code).tolist() if row not in by_place]
    _places_create([(faces[row], int(by_code[row])) for row in rows])
    return [face for row, face in enumerate(faces) if not by_code[row] and row not in by_place]


def at_known_places(faces: Sequence[Face]) -> dict[int, int | None]:
    """For rows of `faces` at places where one was erased before the opt-out that it fell under, None for none."""
    places: dict[int, list[tuple[int | None, list[float]]]] = defaultdict(list)
    known = ErasedPlace.objects.filter(image__in={face.photo.image_id for face in faces})
    for image, opt_out, box in known.values_list("image", "opt_out", "box"):
        places[image].append((opt_out, box))
    hits: dict[int, int | None] = {}
    for image, here in places.items():
        rows = [row for row, face in enumerate(faces) if face.photo.image_id == image]
        pairs = same_faces(np.array([box for _, box in here]), np.array([faces[row].box for row in rows]))
        hits |= {rows[row]: here[place][0] for row, place in pairs.items()}
    return hits


def opt_out_of(likeness: Likeness) -> OptOut:
    """The opt-out of whoever looks like this, a new one for who has none yet."""
    known = int(suppressed(likeness.mean[None], contract=likeness.contract)[0])
    return OptOut.objects.filter(pk=known).first() or OptOut.objects.create()


def codes_write(*, opt_out: int, vectors: Vectors, contract: str) -> None:
    """Let these vectors (n, 512) be known again as those of who opted out; of very many the first."""
    there = OptOutCode.objects.filter(opt_out=opt_out, contract=contract).count()
    codes = encode(vectors[: max(_MOST_CODES - there, 0)], _directions())
    OptOutCode.objects.bulk_create(
        OptOutCode(opt_out_id=opt_out, contract=contract, code=code.tobytes()) for code in codes
    )


def codes_learn(*, opt_out: int, faces: Collection[Face], contract: str) -> None:
    """The same by another engine, whose codes are none yet: faces at known places tell it what to look for, the best
    ones most surely. Faces that were there before are compared with them by `opt_outs_apply`.
    """
    mine = OptOutCode.objects.filter(opt_out=opt_out, contract=contract)
    if mine.filter(quality=None).exists():
        return
    best = sorted(faces, key=lambda face: -face.quality)[:_MOST_CODES]
    codes = encode(np.array([as_array(face.vector.embedding) for face in best]), _directions())
    OptOutCode.objects.bulk_create(
        OptOutCode(opt_out_id=opt_out, contract=contract, code=code.tobytes(), quality=face.quality, is_applied=False)
        for face, code in zip(best, codes, strict=True)
    )
    mine.exclude(pk__in=list(mine.order_by("-quality", "pk").values_list("pk", flat=True)[:_MOST_CODES])).delete()


def codes_apply() -> bool:
    """Whether there are codes that faces of before were not compared with; they are taken to be from now on."""
    fresh = OptOutCode.objects.filter(contract=current_contract(), is_applied=False)
    return fresh.update(is_applied=True) > 0


def opt_outs_unknown() -> int:
    """How many opt-outs the engine in use cannot recognise: another one made their codes."""
    codes = OptOutCode.objects.filter(contract=current_contract())
    return OptOut.objects.exclude(pk__in=codes.values("opt_out")).count()


def places_write(*, faces: Collection[Face], opt_outs: Mapping[int, int | None]) -> None:
    """Remember where in which images these faces are, and under which opt-out they fall."""
    _places_create([(face, opt_outs.get(face.pk)) for face in faces])


def require_not_opted_out(likeness: Likeness) -> None:
    """Raises Problem `opted_out`."""
    if suppressed(likeness.mean[None], contract=likeness.contract).any():
        text = _("This person opted out: their face is not kept here. An administrator can delete the opt-out.")
        raise Problem("opted_out", text)


def _places_create(places: Collection[tuple[Face, int | None]]) -> None:
    rows = [ErasedPlace(opt_out_id=opt_out, image_id=face.photo.image_id, box=face.box) for face, opt_out in places]
    ErasedPlace.objects.bulk_create(rows)


def _parts(rows: QuerySet[Any], field: str) -> Iterator[tuple[list[int], Vectors]]:
    """The primary keys and the vectors of these rows, so many at a time."""
    last = 0
    while True:
        keys, vectors = matrix(rows.filter(pk__gt=last).order_by("pk")[:_ROWS], field, "pk")
        if not keys:
            return
        yield [key for (key,) in keys], vectors
        last = keys[-1][0]


@lru_cache(maxsize=1)
def _directions() -> Vectors:
    key = hashlib.sha256(b"photofinder.suppression:" + settings.SECRET_KEY.encode()).digest()
    return directions(key, FACE_DIMENSIONS)
