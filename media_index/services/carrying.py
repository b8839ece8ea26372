"""The names of categories, carried over to another engine's categories."""

from collections.abc import Iterator

from django.db.models import Count, QuerySet

from media_index.models import ImageCluster, ImageClusterMember, ImageContract, ImageEmbedding
from media_index.services.centroids import clusters_refresh
from media_index.services.turns import Turn, take_turn


def names_carry(*, old: ImageContract, new: ImageContract) -> None:
    """Give each name of a category of `old` to the category of `new` that holds most of its images, the larger ones
    first; where all of those have a name already, to a new one, which takes the images that have none.
    """
    take_turn(Turn.CATEGORIES, new.pk)
    changed = [_carry(cluster, new) for cluster in _named(old).order_by("-size", "pk")]
    clusters_refresh(ids=[pk for pks in changed for pk in pks], scale=None)


def _named(contract: ImageContract) -> QuerySet[ImageCluster]:
    clusters: QuerySet[ImageCluster] = ImageCluster.objects.filter(contract=contract, merged_into=None)
    return clusters.exclude(name="")


def _carry(cluster: ImageCluster, new: ImageContract) -> list[int]:
    """Those of the new contract's categories that changed."""
    images = ImageClusterMember.objects.filter(cluster=cluster).values("image")
    members = ImageClusterMember.objects.filter(contract=new, image__in=images)
    free = members.filter(cluster__name="").values_list("cluster").annotate(count=Count("pk"))
    best = free.order_by("-count", "cluster").first()
    if best is not None:
        ImageCluster.objects.filter(pk=best[0]).update(name=cluster.name, kept=True)
        return []
    return list(_found(cluster, new, members))


def _found(cluster: ImageCluster, new: ImageContract, members: QuerySet[ImageClusterMember]) -> Iterator[int]:
    """A category of that name; its images come out of those that took other names."""
    embedding = ImageEmbedding.objects.filter(contract=new, image__memberships__cluster=cluster).first()
    if embedding is None:
        return  # none of its images is left
    found = ImageCluster.objects.create(contract=new, name=cluster.name, kept=True, centroid=embedding.embedding)
    yield from set(members.values_list("cluster", flat=True))
    members.update(cluster=found, came_from=None)
    yield found.pk
