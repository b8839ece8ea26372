"""The three ways in which an image matches a question, each as similarities (0-1) by the image's id.

A similarity of 0.5 is where a match begins, in each of them:
- what is written of it: every match has 0.5 or more, by how PostgreSQL ranks it;
- what it shows of words: the share that the words take of a softmax over them and phrases that fit any image, so 0.5
  says that the words explain the image better than all of those together;
- how it looks: the calibrated figure of the engine's scale.
"""

from collections.abc import Sequence

import numpy as np
from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F
from numpy.typing import NDArray

from media_index.engines.base import ImageEngine, Vectors, WordScale
from media_index.models import Image, ImageContract, ImageEmbedding
from media_index.services.describing import LANGUAGE
from media_index.services.filtering import Filters, images_filtered
from media_index.services.neighbours import nearest_images
from media_index.wording import begun_word, words_apart
from photofinder.vectors import matrix

# Of words that more images have than this, so many are ranked: reading the words of a million takes seconds.
_RANKED = 5000
_RANK_BELOW_ONE = 32  # ts_rank_cd's normalisation that turns a rank r into r / (r + 1)
Similarities = dict[int, float]
_backgrounds: dict[str, Vectors] = {}  # by contract: an engine embeds its background phrases once


def matches_written(words: str, *, filters: Filters) -> Similarities:
    """Those of which these words are written: in any form of Russian and English ones, the last perhaps only begun."""
    query = written_query(words)
    matching = images_filtered(filters).filter(words=query).values("pk")[:_RANKED]
    rank = SearchRank(F("words"), query, cover_density=True, normalization=_RANK_BELOW_ONE)
    ranked = Image.objects.filter(pk__in=matching).annotate(rank=rank).order_by("-rank", "-pk")
    return {pk: 0.5 + rank / 2 for pk, rank in ranked.values_list("pk", "rank")[: settings.IMAGE_SEARCH_CANDIDATES]}


def matches_shown(words: str, *, engine: ImageEngine, contract: ImageContract, filters: Filters) -> Similarities:
    """Those that show what the words say, by an engine that reads words."""
    if engine.words is None:
        return {}
    vector = engine.embed_words([words])[0]
    ids = [image for image, _ in _nearest(vector, contract, filters)]
    rows = ImageEmbedding.objects.filter(contract=contract, image__in=ids)
    found, embeddings = matrix(rows, "embedding", "image", dim=contract.dim)
    figures = engine.words.similarities(embeddings, vector, _background(engine, engine.words))
    return {image: figure for (image,), figure in zip(found, figures.tolist(), strict=True)}


def matches_alike(
    vector: NDArray[np.float32], *, engine: ImageEngine, contract: ImageContract, filters: Filters
) -> Similarities:
    """Those that look like a picture with that vector."""
    near = _nearest(vector, contract, filters)
    return {image: engine.scale.similarity(distance) for image, distance in near}


def written_query(words: str) -> SearchQuery:
    """What a search engine would understand: `"a phrase"`, `or`, `-without`; and the last word also as a beginning."""
    words = words_apart(words)
    query = SearchQuery(words, search_type="websearch", config=LANGUAGE)
    before, begun = begun_word(words)
    if not begun:
        return query
    beginning = SearchQuery(f"{begun}:*", search_type="raw", config=LANGUAGE)
    rest = SearchQuery(before, search_type="websearch", config=LANGUAGE)
    return query | (rest & beginning if before else beginning)


def _nearest(vector: NDArray[np.float32], contract: ImageContract, filters: Filters) -> Sequence[tuple[int, float]]:
    """Without filters the index is asked for all images, and those that are not shown are left out afterwards: they are
    few, and looking each up on the way costs more.
    """
    most = settings.IMAGE_SEARCH_CANDIDATES
    if not filters.are_empty:
        among = images_filtered(filters).values("pk")
        return nearest_images(contract=contract, vector=vector, limit=most, among=among)
    near = nearest_images(contract=contract, vector=vector, limit=most)
    shown = Image.objects.shown().filter(pk__in=[image for image, _ in near])
    ids = set(shown.values_list("pk", flat=True))
    return [(image, distance) for image, distance in near if image in ids]


def _background(engine: ImageEngine, words: WordScale) -> Vectors:
    name = engine.spec.contract
    if name not in _backgrounds:
        _backgrounds[name] = engine.embed_words(words.background)
    return _backgrounds[name]
