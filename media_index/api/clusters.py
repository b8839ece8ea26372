"""Categories of similar images over HTTP."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media_index.api.shapes import ImageSerializer, shown_json, thumbnail_url
from media_index.models import Image, ImageCluster, ImageClusterMember
from media_index.services.categories import categories_merge, category_name, category_unmerge
from photofinder.errors import Problem
from photofinder.roles import STAFF_AND_CLIENTS, Role

_DECIDERS = frozenset({Role.ORGANISER, Role.MODERATOR})
_MOST_MERGED = 100


class ClusterSerializer(serializers.Serializer[ImageCluster]):
    """A category of similar images."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="Empty when nobody named it yet.")
    images_count = serializers.IntegerField(help_text="Of those that are shown.")
    kept = serializers.BooleanField(help_text="A person named or merged it: nothing automatic changes it.")
    cover_url = serializers.SerializerMethodField(help_text="A copy of one of its images of at most 512 pixels.")

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_cover_url(self, cluster: ImageCluster) -> str | None:
        """The image that stands for it."""
        return thumbnail_url(cluster.picture, self.context["request"])


class ClusterChangeSerializer(serializers.Serializer[Any]):
    """What is said of a category."""

    name = serializers.CharField(allow_blank=True, max_length=200, help_text="Empty takes the name away.")


class ClusterMergeSerializer(serializers.Serializer[Any]):
    """With which ones."""

    others = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), allow_empty=False, max_length=_MOST_MERGED
    )


class ClusterList(ListAPIView[ImageCluster]):
    """The categories of similar images, the largest first."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    serializer_class = ClusterSerializer

    def get_queryset(self) -> QuerySet[ImageCluster]:
        """With covers."""
        largest: QuerySet[ImageCluster] = ImageCluster.objects.current().pictured().order_by("-size", "pk")
        return largest


@extend_schema_view(
    get=extend_schema(
        operation_id="media_cluster_images", description="The images of a category, the most typical first."
    )
)
class ClusterDetail(ListAPIView[Any]):
    """One category."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS, "PATCH": _DECIDERS}
    serializer_class = ImageSerializer

    def get_queryset(self) -> Any:
        """Ids and similarities to the centroid."""
        members = ImageClusterMember.objects.filter(cluster=_cluster(self.kwargs["cluster_id"]))
        shown = members.filter(image__in=Image.objects.shown())
        return shown.order_by("-similarity", "pk").values_list("image", "similarity")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them, as images look everywhere."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(
            shown_json([(image, likeness, "") for image, likeness in page or []], request)
        )

    @extend_schema(request=ClusterChangeSerializer, responses=ClusterSerializer)
    def patch(self, request: Request, cluster_id: int) -> Response:
        """Name the category."""
        form = ClusterChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        cluster = _cluster(cluster_id)
        category_name(cluster=cluster, name=form.validated_data["name"])
        return _told(cluster, request)


class ClusterMerge(APIView):
    """Merge categories."""

    roles: ClassVar = {"POST": _DECIDERS}
    problems = (409,)

    @extend_schema(request=ClusterMergeSerializer, responses={200: ClusterSerializer})
    def post(self, request: Request, cluster_id: int) -> Response:
        """Make the other categories a part of this one."""
        form = ClusterMergeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        cluster, others = _cluster(cluster_id), _others(form.validated_data["others"])
        categories_merge(into=cluster, others=others)
        return _told(cluster, request)


class ClusterUnmerge(APIView):
    """Undo a merge."""

    roles: ClassVar = {"POST": _DECIDERS}
    problems = (409,)

    @extend_schema(request=None, responses={200: ClusterSerializer})
    def post(self, request: Request, cluster_id: int) -> Response:
        """Take a category that was merged out again, with the images that came from it."""
        cluster = get_object_or_404(ImageCluster, pk=cluster_id, contract__in_use=True)
        category_unmerge(cluster=cluster)
        return _told(cluster, request)


def _cluster(cluster_id: int) -> ImageCluster:
    """The category that the id means today: of one that was merged, the one that it became a part of."""
    cluster = get_object_or_404(ImageCluster, pk=cluster_id, contract__in_use=True)
    while cluster.merged_into:
        cluster = cluster.merged_into
    return cluster


def _others(ids: list[int]) -> list[ImageCluster]:
    """Raises Problem `not_found`, which names one that is not there."""
    found = ImageCluster.objects.filter(contract__in_use=True).in_bulk(ids)
    if missing := [pk for pk in ids if pk not in found]:
        raise Problem("not_found", f"There is no category {missing[0]}.")
    return list(found.values())


def _told(cluster: ImageCluster, request: Request) -> Response:
    fresh = ImageCluster.objects.all().pictured().get(pk=cluster.pk)
    return Response(ClusterSerializer(fresh, context={"request": request}).data)
