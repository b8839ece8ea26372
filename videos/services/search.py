"""Words in; the events of films that they describe out, in one ranked list."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.postgres.search import SearchRank
from django.db.models import F

from media_index.services.matching import written_query
from photofinder.engines import get_engine
from videos.models import VideoEvent
from videos.querysets import VideoEventQuerySet
from videos.services.filtering import Filters, events_filtered
from videos.wording import readings

MATCH = 0.5  # by definition: from this similarity on an event matches
_RANK_BELOW_ONE = 32  # ts_rank_cd's normalisation that turns a rank r into r / (r + 1)
Similarities = dict[int, float]


@dataclass(frozen=True)
class Hit:
    """An event with its film, and how well it matches (0-1; None where only filters were given)."""

    event: VideoEvent
    similarity: float | None


@dataclass(frozen=True)
class Found:
    """A page of what was found, and how much there is in all."""

    hits: list[Hit]
    total: int


def moments_search(*, words: str = "", filters: Filters | None = None, limit: int, offset: int = 0) -> Found:
    """Events that the words describe, best first, among those that pass the filters; with filters alone all of those,
    by film and time.

    Two reasons add up, as independent ones do, to 1 - (1 - a)(1 - b): the meaning of the caption, by the calibrated
    cosine of its embedding, and its words, as PostgreSQL ranks them. What reaches 0.5 in neither is no answer. Of each
    reason the best settings.VIDEO_SEARCH_CANDIDATES count.
    """
    events = events_filtered(filters or Filters())
    if not words.strip():
        return _listed(events, limit, offset)
    ranking = _ranked([_meant(words, events), _written(words, events)])
    page = ranking[offset : offset + limit]
    rows = VideoEvent.objects.with_films().in_bulk([pk for pk, _ in page])
    return Found([Hit(rows[pk], similarity) for pk, similarity in page if pk in rows], len(ranking))


def _listed(events: VideoEventQuerySet, limit: int, offset: int) -> Found:
    page = events.with_films().order_by("-video_id", "start_s")[offset : offset + limit]
    return Found([Hit(event, None) for event in page], events.count())


def _meant(words: str, events: VideoEventQuerySet) -> Similarities:
    """By what the captions mean. Of few events each is compared, of many an HNSW index finds nearly all."""
    engine = get_engine("text")
    are_few = events.order_by()[: settings.VIDEO_EXACT_EVENTS + 1].count() <= settings.VIDEO_EXACT_EVENTS
    nearest: dict[int, float] = {}
    for vector in engine.embed(readings(words)):
        near = events.nearest(vector, contract=engine.spec.contract, is_exact=are_few)
        for pk, distance in near.values_list("pk", "distance")[: settings.VIDEO_SEARCH_CANDIDATES]:
            nearest[pk] = min(nearest.get(pk, 2.0), distance)
    return {pk: engine.scale.similarity(distance) for pk, distance in nearest.items()}


def _written(words: str, events: VideoEventQuerySet) -> Similarities:
    """By the words of the captions: in any form of Russian and English ones, the last perhaps only begun."""
    query = written_query(words)
    rank = SearchRank(F("words"), query, cover_density=True, normalization=_RANK_BELOW_ONE)
    ranked = events.filter(words=query).annotate(rank=rank).order_by("-rank", "-pk").values_list("pk", "rank")
    return {pk: MATCH + rank / 2 for pk, rank in ranked[: settings.VIDEO_SEARCH_CANDIDATES]}


def _ranked(reasons: Sequence[Similarities]) -> list[tuple[int, float]]:
    doubts: dict[int, float] = {}
    for similarities in reasons:
        for pk, similarity in similarities.items():
            if similarity >= MATCH:
                doubts[pk] = doubts.get(pk, 1.0) * (1 - similarity)
    return sorted(((pk, 1 - doubt) for pk, doubt in doubts.items()), key=lambda row: (-row[1], -row[0]))
