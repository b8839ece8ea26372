"""Categories put right: those whose members fall into two are split, members that drifted away leave, those that met
are merged. What people named or merged only grows.

Only categories that changed since they were last found in order (`settled`) are looked at, each in a transaction of its
own; a run that is killed or that meets its deadline goes on where it was.
"""

import time
from collections.abc import Iterator

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, Max, QuerySet
from django.db.models.functions import Mod
from numpy.typing import NDArray
from pgvector.django import CosineDistance

from media_index.engines.base import Scale
from media_index.models import ImageCluster, ImageClusterMember, ImageContract, ImageEmbedding
from media_index.services.categories import categories_join, scale_known
from media_index.services.centroids import centroid_refresh, covers_refresh, embeddings_of, similarities_refresh
from media_index.services.generation import index_changed
from media_index.services.neighbours import looking_far
from media_index.services.turns import Turn, take_turn
from media_index.splitting import halves, unit
from photofinder.vectors import as_array, indexed_distance, matrix

_SAMPLE = 2000  # members that tell whether a category falls into two, however many it has
_FEWEST = 2  # members of a half: a single one that lies apart is none
_LEAVING = 200  # members that leave in one transaction
_MET = 4  # nearest categories that one may have met
_ROUNDS = 20  # of one run: what moves in one makes others move
_ROUNDING = 0.002  # of cosine distances of half-precision vectors
Vector = NDArray[np.float32]


def categories_consolidate() -> int:
    """Bring categories that changed in order, those of every contract whose engine is there; how many are left when
    settings.CATEGORY_CONSOLIDATION_SECONDS are over.
    """
    deadline = time.monotonic() + settings.CATEGORY_CONSOLIDATION_SECONDS
    for contract in ImageContract.objects.order_by("-in_use", "pk"):
        scale = scale_known(contract)
        if scale:
            for pk in _unsettled_ids(contract):
                if time.monotonic() > deadline:
                    break
                _Consolidation(contract, scale).bring_in_order(pk)
    return _unsettled().count()


def _unsettled() -> QuerySet[ImageCluster]:
    clusters: QuerySet[ImageCluster] = ImageCluster.objects.filter(settled=False, merged_into=None)
    return clusters


def _unsettled_ids(contract: ImageContract) -> Iterator[int]:
    """Each as often as it changed, but not for ever."""
    for _round in range(_ROUNDS):
        ids = list(_unsettled().filter(contract=contract).order_by("pk").values_list("pk", flat=True))
        yield from ids
        if not ids:
            return


class _Consolidation:
    """The steps that a category takes until nothing moves any more."""

    def __init__(self, contract: ImageContract, scale: Scale) -> None:
        self._contract, self._scale = contract, scale

    @transaction.atomic
    def bring_in_order(self, pk: int) -> None:
        """One step: what it changes stays unsettled and comes again."""
        take_turn(Turn.CATEGORIES, self._contract.pk)
        cluster = _unsettled().filter(pk=pk).first()
        if cluster is None:
            return
        index_changed()
        centroid_refresh(cluster)
        if not cluster.size and not cluster.kept:
            cluster.delete()
        elif not (self._loosen(cluster) or self._merge(cluster)):
            self._settle(cluster)

    def _settle(self, cluster: ImageCluster) -> None:
        similarities_refresh(cluster, self._scale)
        covers_refresh([cluster.pk])
        ImageCluster.objects.filter(pk=cluster.pk).update(settled=True)

    def _loosen(self, cluster: ImageCluster) -> bool:
        return not cluster.kept and (self._split(cluster) or self._leave(cluster))

    def _split(self, cluster: ImageCluster) -> bool:
        """Found a category of the smaller half where the two halves lie farther apart than one reaches."""
        embeddings = embeddings_of([cluster.pk]).order_by("pk")
        _keys, vectors = matrix(_sampled(embeddings, cluster.size), "embedding", "pk", dim=self._contract.dim)
        if len(vectors) < 2 * _FEWEST:
            return False
        (first, second), is_second = halves(vectors)
        if is_second.sum() < _FEWEST or _distance(first, second) <= self._scale.category + _ROUNDING:
            return False
        nearer = embeddings.alias(first=CosineDistance("embedding", first), second=CosineDistance("embedding", second))
        moving = nearer.filter(second__lt=F("first")).order_by().values("image")
        other = ImageCluster.objects.create(contract=self._contract, centroid=second)
        members = ImageClusterMember.objects.filter(contract=self._contract, cluster=cluster, image__in=moving)
        members.update(cluster=other)
        for half in (cluster, other):
            centroid_refresh(half)
        return True

    def _leave(self, cluster: ImageCluster) -> bool:
        """Let members go that lie farther from the centroid than a category reaches; they join others or found some."""
        distance = CosineDistance("embedding", as_array(cluster.centroid))
        far = embeddings_of([cluster.pk]).annotate(distance=distance)
        far = far.filter(distance__gt=self._scale.category + _ROUNDING).order_by("-distance", "pk")[:_LEAVING]
        keys, vectors = matrix(far, "embedding", "image", dim=self._contract.dim)
        if not keys:
            return False
        images = [image for (image,) in keys]
        ImageClusterMember.objects.filter(cluster=cluster, image__in=images).delete()
        centroid_refresh(cluster)
        vectors_by_image = dict(zip(images, vectors, strict=True))
        categories_join(contract=self._contract, scale=self._scale, vectors=vectors_by_image)
        return True

    def _merge(self, cluster: ImageCluster) -> bool:
        """Merge with a category that it met, if all members are within reach of the centroid that both have then."""
        for other in self._met(cluster):
            into, gone = sorted((cluster, other), key=lambda row: (not row.kept, -row.size, row.pk))
            if not gone.kept and self._fit(into, gone):
                members = ImageClusterMember.objects.filter(cluster=gone)
                members.update(cluster=into, came_from=None)
                gone.delete()
                centroid_refresh(into)
                return True
        return False

    def _met(self, cluster: ImageCluster) -> list[ImageCluster]:
        centroid = as_array(cluster.centroid)
        with looking_far():
            near = ImageCluster.objects.filter(contract=self._contract, merged_into=None, size__gt=0)
            rows = list(near.exclude(pk=cluster.pk).order_by(indexed_distance("centroid", centroid))[:_MET])
        return [row for row in rows if _distance(centroid, as_array(row.centroid)) <= self._scale.category - _ROUNDING]

    def _fit(self, into: ImageCluster, gone: ImageCluster) -> bool:
        """Those of a category that people made need not: it is theirs whatever its shape is."""
        total = as_array(into.centroid) * into.length + as_array(gone.centroid) * gone.length
        members = embeddings_of([gone.pk] if into.kept else [into.pk, gone.pk])
        farthest = members.aggregate(farthest=Max(CosineDistance("embedding", unit(total))))["farthest"]
        return farthest is None or farthest <= self._scale.category


def _sampled(embeddings: QuerySet[ImageEmbedding], size: int) -> QuerySet[ImageEmbedding]:
    """Some _SAMPLE of so many, by a hash of their images: every second number may be of another contract's vectors, or
    of one camera of two.
    """
    step = -(-size // _SAMPLE)
    if step <= 1:
        return embeddings
    hashed = Func(F("image_id"), function="hashint8", output_field=BigIntegerField())
    return embeddings.alias(turn=Mod(hashed, step)).filter(turn=0)


def _distance(a: Vector, b: Vector) -> float:
    return 1 - float(a @ b)
