"""Groups of duplicates that wait for a decision, and exact copies, as people are shown them."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from media_index.hashing import SHARPNESS_PX
from media_index.models import DuplicatePair, Image, SourceFile
from media_index.services.duplicates import pairs_open

IMAGES_READ, PAIRS_READ = 50, 200  # of one group: a picture that was saved a thousand times makes one group
CLEARLY_LESS = 0.75  # of the sharpness of the sharpest: below, pixels are partly made up
_MEASURES = ("width", "height", "sharpness", "bytes")


@dataclass(frozen=True)
class DuplicateGroup:
    """Images that open pairs connect: the best of them, the best first, and pairs among these."""

    number: int
    revision: str  # of all its images, for the decision: see `revision_of`
    images: list[Image]
    images_more: int
    pairs: list[DuplicatePair]
    pairs_more: int


@dataclass(frozen=True)
class _Edges:
    """The pairs of a group: id, first and second image."""

    rows: list[tuple[int, int, int]]

    @property
    def images(self) -> set[int]:
        return {image for _pk, *images in self.rows for image in images}

    def among(self, images: Collection[int]) -> list[int]:
        """The ids of pairs of these images, at most PAIRS_READ."""
        return [pk for pk, first, second in self.rows if first in images and second in images][:PAIRS_READ]


def groups_open(*, after: int = 0, limit: int) -> list[DuplicateGroup]:
    """At most `limit` groups that wait for a decision, those with numbers above `after`, in their order."""
    waiting = pairs_open().filter(group__gt=after).order_by("group").values_list("group", flat=True)
    edges = _edges(list(waiting.distinct()[:limit]))
    measured = Image.objects.only(*_MEASURES).in_bulk({pk for group in edges.values() for pk in group.images})
    best = {number: _best(group, measured) for number, group in edges.items()}
    images = Image.objects.in_bulk([pk for ids in best.values() for pk in ids])
    pairs = DuplicatePair.objects.in_bulk([pk for number, ids in best.items() for pk in edges[number].among({*ids})])
    return [_group(number, edges[number], best[number], images, pairs) for number in sorted(edges)]


def best_first(images: Iterable[Image]) -> list[Image]:
    """The one with most pixels first; of equal ones the sharper, then the larger file, then the one that was there
    before.

    Pixels of an image that is clearly less sharp than the sharpest one count by their share of its sharpness, so an
    enlarged copy is not taken for better than what it was made from. Sharpness is measured at one size, which
    smaller images do not reach: of these it says nothing about the others.
    """
    known = list(images)
    comparable = [image.sharpness or 0 for image in known if max(image.width, image.height) >= SHARPNESS_PX]
    sharpest = max(comparable, default=0)

    def detail(image: Image) -> float:
        share = (image.sharpness or 0) / sharpest if sharpest else 1
        return image.width * image.height * (share if share < CLEARLY_LESS else 1)

    return sorted(known, key=lambda image: (-detail(image), -(image.sharpness or 0), -image.bytes, image.pk))


def revision_of(images: Iterable[int]) -> str:
    """What changes when other images belong to a group: whoever decides says with it which ones they were shown."""
    return hashlib.sha256(repr(sorted(images)).encode()).hexdigest()[:16]


def copies(*, after: int = 0, limit: int) -> list[Image]:
    """At most `limit` images with an id above `after` that lie in several files of sources: exact copies."""
    files = SourceFile.objects.filter(image__gt=after).exclude(state=SourceFile.State.GONE).values("image")
    several = files.annotate(count=Count("pk")).filter(count__gt=1).order_by("image").values("image")[:limit]
    return list(Image.objects.filter(pk__in=[row["image"] for row in several]).prefetch_related("files").order_by("pk"))


def _edges(numbers: Sequence[int]) -> dict[int, _Edges]:
    """By the numbers of groups. Rows are read as bare numbers: there may be many."""
    rows: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    open_pairs = pairs_open().filter(group__in=numbers).order_by("first", "second")
    for number, pk, first, second in open_pairs.values_list("group", "pk", "first", "second"):
        rows[number].append((pk, first, second))
    return {number: _Edges(found) for number, found in rows.items()}


def _best(edges: _Edges, measured: Mapping[int, Image]) -> list[int]:
    there = [measured[pk] for pk in edges.images if pk in measured]
    return [image.pk for image in best_first(there)[:IMAGES_READ]]


def _group(
    number: int, edges: _Edges, best: list[int], images: Mapping[int, Image], pairs: Mapping[int, DuplicatePair]
) -> DuplicateGroup:
    shown = [images[pk] for pk in best if pk in images]
    among = [pairs[pk] for pk in edges.among({*best}) if pk in pairs]
    return DuplicateGroup(
        number, revision_of(edges.images), shown, len(edges.images) - len(shown), among, len(edges.rows) - len(among)
    )
