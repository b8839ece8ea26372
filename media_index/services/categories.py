"""Categories of similar images: images join the nearest one or found one; people name, merge and undo merges."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.db.models import Count, F
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from media_index.engines.base import Scale
from media_index.models import ImageCluster, ImageClusterMember, ImageContract
from media_index.services.centroids import clusters_refresh, covers_refresh
from media_index.services.contracts import engine_of
from media_index.services.generation import index_changed
from media_index.services.neighbours import looking_far
from media_index.services.turns import Turn, take_turn
from media_index.splitting import unit
from photofinder.errors import EngineUnavailable, Problem
from photofinder.vectors import as_array, indexed_distance

Vector = NDArray[np.float32]
_CANDIDATES = 8  # nearest centroids that are compared: those that moved in this transaction come besides
_NAME_LETTERS = 200
_NOTHING = 1e-6  # the length of a vector that says where it points to, and weighs nothing


@transaction.atomic
def categories_join(*, contract: ImageContract, scale: Scale, vectors: Mapping[int, Vector]) -> None:
    """Put the images with these vectors (dim,), by their ids, into the category with the nearest centroid, or found one
    where none is nearer than `scale.category`; images that are in one stay there.

    A category that people merged into another goes on drawing images to the place where it was, for the other one.
    """
    take_turn(Turn.CATEGORIES, contract.pk)
    members = ImageClusterMember.objects.filter(contract=contract, image__in=list(vectors))
    there = set(members.values_list("image", flat=True))
    places = _Places(contract, scale)
    for image, vector in vectors.items():
        if image not in there:
            places.take(image, vector)
    places.save()


@transaction.atomic
def categories_leave(*, image_ids: Collection[int]) -> None:
    """Take images out of their categories, before they are deleted; the centroids follow at the next consolidation."""
    members = ImageClusterMember.objects.filter(image__in=image_ids)
    for contract in members.order_by("contract").values_list("contract", flat=True).distinct():
        take_turn(Turn.CATEGORIES, contract)
    for cluster, count in members.values_list("cluster").annotate(count=Count("pk")):
        ImageCluster.objects.filter(pk=cluster).update(size=F("size") - count, settled=False)
    members.delete()


@transaction.atomic
def category_name(*, cluster: ImageCluster, name: str) -> None:
    """Name a category, or unname it with an empty `name`. Consolidations keep what a person named.

    Raises Problem `too_long`, `merged_category`.
    """
    name = " ".join(name.replace("\0", "").split())
    if len(name) > _NAME_LETTERS:
        raise Problem("too_long", _("A name has at most %(count)d letters.") % {"count": _NAME_LETTERS})
    take_turn(Turn.CATEGORIES, cluster.contract_id)
    _require_current([cluster.pk])
    is_kept = bool(name) or ImageCluster.objects.filter(merged_into=cluster).exists()
    ImageCluster.objects.filter(pk=cluster.pk).update(name=name, kept=is_kept, settled=False)
    index_changed()


@transaction.atomic
def categories_merge(*, into: ImageCluster, others: Sequence[ImageCluster]) -> None:
    """Put the images of other categories into one; `category_unmerge` undoes that.

    Raises Problem `same_category`, `merged_category`, `other_contract`.
    """
    if not others or into in others or len(set(others)) < len(others):
        raise Problem("same_category", _("Choose two or more different categories."))
    if {other.contract_id for other in others} != {into.contract_id}:
        raise Problem("other_contract", _("Categories of different engines cannot be merged."))
    take_turn(Turn.CATEGORIES, into.contract_id)
    _require_current([into.pk, *(other.pk for other in others)])
    for other in others:
        members = ImageClusterMember.objects.filter(cluster=other)
        members.filter(came_from=None).update(came_from=other)
        members.update(cluster=into)
        ImageCluster.objects.filter(pk=other.pk).update(merged_into=into, kept=True)
    ImageCluster.objects.filter(pk=into.pk).update(kept=True)
    clusters_refresh(ids=[into.pk], scale=scale_known(into.contract))
    index_changed()


@transaction.atomic
def category_unmerge(*, cluster: ImageCluster) -> None:
    """Undo the merge of this category into another one: it gets back what came from it, and what has joined the other
    one since at the place where it was. Raises Problem `not_merged`.
    """
    take_turn(Turn.CATEGORIES, cluster.contract_id)
    merged = ImageCluster.objects.get(pk=cluster.pk)
    if merged.merged_into_id is None:
        raise Problem("not_merged", _("This category is not merged into another one."))
    root = _root(merged.pk)
    members = ImageClusterMember.objects.filter(cluster=root, came_from__in=_merged_tree(merged.pk))
    members.update(cluster=merged)
    ImageClusterMember.objects.filter(cluster=merged, came_from=merged).update(came_from=None)
    ImageCluster.objects.filter(pk=merged.pk).update(merged_into=None)
    clusters_refresh(ids=[root, merged.pk], scale=scale_known(merged.contract))
    index_changed()


def scale_known(contract: ImageContract) -> Scale | None:
    """What distances of the contract mean; None when its engine is gone."""
    try:
        return engine_of(contract).scale
    except EngineUnavailable:
        return None


@dataclass
class _Place:
    """A category while images join it: the sum (dim,) of its members' vectors, and who has joined."""

    pk: int
    total: Vector
    size: int
    joined: list[tuple[int, Vector, int | None]] = field(default_factory=list)

    @property
    def centroid(self) -> Vector:
        return unit(self.total)

    def distance(self, vector: Vector) -> float:
        return 1 - float(self.centroid @ vector)


class _Places:
    """The categories that images of one transaction meet."""

    def __init__(self, contract: ImageContract, scale: Scale) -> None:
        self._contract, self._scale = contract, scale
        self._moved: dict[int, _Place] = {}

    def take(self, image: int, vector: Vector) -> None:
        """Let an image join the nearest one, or found one."""
        near = min(self._around(vector), key=lambda place: place.distance(vector), default=None)
        if near is None or near.distance(vector) > self._scale.category:
            near = self._found(vector)
        root = _root(near.pk)
        place = self._moved.setdefault(root, near if root == near.pk else self._load(root))
        place.joined.append((image, vector, None if root == near.pk else near.pk))
        place.total = place.total + vector
        place.size += 1

    def save(self) -> None:
        """Write the members, and what the categories are with them."""
        for place in self._moved.values():
            ImageCluster.objects.filter(pk=place.pk).update(
                size=place.size, length=np.linalg.norm(place.total), centroid=place.centroid, settled=False
            )
        members = [self._member(place, *joined) for place in self._moved.values() for joined in place.joined]
        ImageClusterMember.objects.bulk_create(members)
        covers_refresh(list(self._moved))

    def _member(self, place: _Place, image: int, vector: Vector, came_from: int | None) -> ImageClusterMember:
        similarity = self._scale.similarity(place.distance(vector))
        return ImageClusterMember(
            image_id=image,
            cluster_id=place.pk,
            contract=self._contract,
            similarity=similarity,
            came_from_id=came_from,
        )

    def _around(self, vector: Vector) -> list[_Place]:
        """The nearest ones, those that moved in this transaction as they are now."""
        with looking_far():
            clusters = ImageCluster.objects.filter(contract=self._contract)
            rows = list(clusters.order_by(indexed_distance("centroid", vector))[:_CANDIDATES])
        return [*(_place(row) for row in rows if row.pk not in self._moved), *self._moved.values()]

    def _found(self, vector: Vector) -> _Place:
        cluster = ImageCluster.objects.create(contract=self._contract, centroid=vector)
        return _Place(cluster.pk, np.zeros_like(vector), 0)

    def _load(self, pk: int) -> _Place:
        return _place(ImageCluster.objects.get(pk=pk))


def _place(cluster: ImageCluster) -> _Place:
    """With the length of the sum, the centroid grows as the mean of all members does. One without members has a place
    that the first one takes over.
    """
    length = cluster.length if cluster.size else _NOTHING
    return _Place(cluster.pk, as_array(cluster.centroid) * length, cluster.size)


def _root(pk: int) -> int:
    """The category that images of this one are in: people may merge one that others were merged into."""
    while (into := ImageCluster.objects.values_list("merged_into", flat=True).get(pk=pk)) is not None:
        pk = into
    return pk


def _merged_tree(pk: int) -> list[int]:
    """The category, and all that were merged into it or into those."""
    tree, level = [pk], [pk]
    while level:
        level = list(ImageCluster.objects.filter(merged_into__in=level).values_list("pk", flat=True))
        tree += level
    return tree


def _require_current(ids: Collection[int]) -> None:
    found = ImageCluster.objects.filter(pk__in=ids, merged_into=None).count()
    if found < len(ids):
        raise Problem("merged_category", _("One of these categories is merged into another one already, or gone."))
