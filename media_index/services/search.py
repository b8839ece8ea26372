"""Words, pictures and filters in; one ranked list of images out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import F
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from media_index.engines.base import ImageEngine
from media_index.models import Image, ImageContract
from media_index.services.contracts import contract_in_use, engine_of
from media_index.services.filtering import Filters, images_filtered
from media_index.services.generation import remembered
from media_index.services.matching import Similarities, matches_alike, matches_shown, matches_written
from media_index.services.neighbours import vector_of
from photofinder.engines import get_engine
from photofinder.errors import EngineUnavailable

MATCH = 0.5  # by definition: from this similarity on an image matches
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Hit:
    """An image that was found, how well it matches (0-1, None when only filters were given), and why: because of the
    `words` that are written of it, of the `picture`, of `both`; empty with filters alone.
    """

    image_id: int
    similarity: float | None
    because: str


@dataclass(frozen=True)
class Found:
    """A page of what was found, how much there is in all, and what is `missing` for a better answer, in a sentence."""

    hits: list[Hit]
    total: int
    missing: str = ""


@dataclass(frozen=True)
class _Question:
    """What is looked for, and with what; `reader` is None where nothing reads words."""

    words: str
    like: Pixels | Image | None
    filters: Filters
    least: float
    contract: ImageContract = field(default_factory=contract_in_use)
    reader: ImageEngine | None = None

    @property
    def key(self) -> Any:
        """What the ranking depends on, besides the index."""
        picture = self.like.pk if isinstance(self.like, Image) else _digest(self.like)
        return self.words, picture, self.filters, self.least, self.contract.name, self.reader is not None


def media_search(
    *,
    words: str = "",
    like: Pixels | Image | None = None,
    filters: Filters | None = None,
    limit: int,
    offset: int = 0,
    min_similarity: float | None = None,
) -> Found:
    """Images that match the words and look `like` a picture (RGB pixels (h, w, 3), or a stored image, which is left
    out), best first, among those that pass the filters; with filters alone all of those, the newest first.

    Several reasons add up, as independent ones do: 1 - (1 - a)(1 - b). What matches with less than `min_similarity`
    (0.5) is no answer, and a reason below 0.5 is none. Of each kind of reason the nearest
    settings.IMAGE_SEARCH_CANDIDATES count. Raises Problem `not_found`, `invalid`, `not_indexed`, and
    `engine_unavailable` where the picture cannot be looked at; words are searched as far as possible.
    """
    filters = filters or Filters()
    if not words.strip() and like is None:
        return _listed(filters, limit, offset)
    reader, missing = _reader() if words.strip() else (None, "")
    least = MATCH if min_similarity is None else min_similarity
    ranking = _ranking(_Question(words.strip(), like, filters, least, reader=reader))
    return Found([Hit(*row) for row in ranking[offset : offset + limit]], len(ranking), missing)


def _listed(filters: Filters, limit: int, offset: int) -> Found:
    """A page of what passes the filters, the newest first."""

    def compute() -> tuple[list[int], int]:
        images = images_filtered(filters)
        newest = images.order_by(F("taken_at").desc(nulls_last=True), "-pk").values_list("pk", flat=True)
        return list(newest[offset : offset + limit]), images.count()

    key = ("listed", filters, limit, offset)
    ids, total = compute() if filters.are_foreign else remembered(key, compute)
    return Found([Hit(pk, None, "") for pk in ids], total)


def _ranking(question: _Question) -> list[tuple[int, float, str]]:
    """All that was found, best first; remembered unless it depends on what other rooms know."""

    def compute() -> list[tuple[int, float, str]]:
        return _ranked(_written(question), _pictured(question), question.least)

    return compute() if question.filters.are_foreign else remembered(question.key, compute)


def _written(question: _Question) -> Similarities:
    return matches_written(question.words, filters=question.filters) if question.words else {}


def _pictured(question: _Question) -> list[Similarities]:
    """By what pictures show: of the words, and of the picture that was given."""
    contract, filters = question.contract, question.filters
    found = []
    if question.words and question.reader:
        found.append(matches_shown(question.words, engine=question.reader, contract=contract, filters=filters))
    if question.like is not None:
        found.append(_alike(question.like, contract, filters))
    return found


def _alike(like: Pixels | Image, contract: ImageContract, filters: Filters) -> Similarities:
    engine = engine_of(contract)
    if not isinstance(like, Image):
        vector = engine.embed_images([like])[0]
        return matches_alike(vector, engine=engine, contract=contract, filters=filters)
    found = matches_alike(vector_of(like, contract), engine=engine, contract=contract, filters=filters)
    found.pop(like.pk, None)
    return found


def _ranked(written: Similarities, pictured: Sequence[Similarities], least: float) -> list[tuple[int, float, str]]:
    """Every image that some reason speaks for, with the similarity that they add up to."""
    bar = min(least, MATCH)
    doubts: dict[int, float] = {}
    reasons: dict[int, set[str]] = {}
    for reason, matches in [("words", written), *(("picture", matches) for matches in pictured)]:
        for image, similarity in matches.items():
            if similarity >= bar:
                doubts[image] = doubts.get(image, 1.0) * (1 - similarity)
                reasons.setdefault(image, set()).add(reason)
    found = [(image, 1 - doubt, _because(reasons[image])) for image, doubt in doubts.items() if 1 - doubt >= least]
    return sorted(found, key=lambda row: (-row[1], -row[0]))


def _because(reasons: set[str]) -> str:
    return "both" if len(reasons) > 1 else min(reasons)


def _reader() -> tuple[ImageEngine | None, str]:
    """The engine that reads words for the contract in use; or None, and what is missing."""
    try:
        engine = engine_of(contract_in_use())
        if engine.words is None:
            engine = get_engine("image")  # one that may be named, and lacks its weights
        engine.load()
    except EngineUnavailable as problem:
        return None, problem.detail
    if engine.words is not None and engine.spec.contract == contract_in_use().name:
        return engine, ""
    return None, _cannot_read(engine)


def _cannot_read(engine: ImageEngine) -> str:
    if engine.words is not None:
        detail = _(
            "Only what is written of images is searched until the engine %(engine)s has embedded all of them;"
            " manage.py reembed_images tells how far that is."
        )
    else:
        detail = _(
            "Only what is written of images is searched: the engine %(engine)s cannot read words, and"
            " manage.py export_clip with IMAGE_ENGINE=clip brings one that can."
        )
    return detail % {"engine": engine.spec.engine}


def _digest(pixels: Pixels | None) -> str:
    if pixels is None:
        return ""
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
