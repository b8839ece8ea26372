"""What follows from the members of a category: its size, its centroid, how similar each is to that, and its cover."""

from collections.abc import Collection

import numpy as np
from django.db import connection
from django.db.models import Avg, Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from pgvector.django import VectorField

from media_index.engines.base import Scale
from media_index.models import ImageCluster, ImageClusterMember, ImageEmbedding
from media_index.splitting import unit

_UNSEEN = 0.001  # a change of similarity that nobody sees is not worth a new version of the row
_SIMILARITIES = """
UPDATE media_index_imageclustermember member SET similarity = now.similarity
FROM (
    SELECT member.id,
        1 / (1 + exp(least(%(slope)s * ((row.embedding <=> cluster.centroid) - %(similar)s), 700))) AS similarity
    FROM media_index_imagecluster cluster
    JOIN media_index_imageclustermember member ON member.cluster_id = cluster.id
    JOIN media_index_imageembedding row ON row.image_id = member.image_id AND row.contract_id = cluster.contract_id
    WHERE cluster.id = %(cluster)s
) now
WHERE member.id = now.id AND abs(member.similarity - now.similarity) > %(unseen)s
"""


def embeddings_of(clusters: Collection[int]) -> QuerySet[ImageEmbedding]:
    """The vectors of the members of these categories, of the categories' contract."""
    embeddings: QuerySet[ImageEmbedding] = ImageEmbedding.objects.filter(
        image__memberships__cluster__in=clusters, image__memberships__contract=F("contract")
    )
    return embeddings


def clusters_refresh(*, ids: Collection[int], scale: Scale | None) -> None:
    """Make all of it follow for these categories, similarities where the scale is known. To be called in a turn."""
    for cluster in ImageCluster.objects.filter(pk__in=ids).order_by("pk"):
        centroid_refresh(cluster)
        if scale:
            similarities_refresh(cluster, scale)
    covers_refresh(ids)


def centroid_refresh(cluster: ImageCluster) -> None:
    """Size and centroid, computed where the vectors lie: there may be a million. One without members stays in place."""
    average = Avg(Cast("embedding", VectorField()), output_field=VectorField())
    found = embeddings_of([cluster.pk]).aggregate(count=Count("pk"), mean=average)
    cluster.size, cluster.settled = found["count"], False
    if cluster.size:
        mean = np.asarray(found["mean"], np.float32)
        cluster.length, cluster.centroid = cluster.size * float(np.linalg.norm(mean)), unit(mean)
    cluster.save(update_fields=["size", "length", "centroid", "settled"])


def similarities_refresh(cluster: ImageCluster, scale: Scale) -> None:
    """How similar each member is to the centroid."""
    values = {"slope": scale.slope, "similar": scale.similar, "cluster": cluster.pk, "unseen": _UNSEEN}
    with connection.cursor() as cursor:
        cursor.execute(_SIMILARITIES, values)


def covers_refresh(ids: Collection[int]) -> None:
    """The shown member nearest to the centroid as the cover of each of these categories."""
    shown = ImageClusterMember.objects.filter(cluster=OuterRef("pk"), image__superseded_by=None)
    members = shown.order_by("-similarity", "image")
    ImageCluster.objects.filter(pk__in=ids).update(cover=Subquery(members.values("image")[:1]))
