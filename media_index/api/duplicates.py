"""Groups of duplicates over HTTP: images that show the same picture, and what becomes of them."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media_index.api.images import ids_of, image_of
from media_index.api.shapes import ImageSerializer, shown_json
from media_index.models import DuplicatePair, Image
from media_index.services.duplicate_decisions import group_dismiss, group_resolve, group_undo
from media_index.services.duplicate_groups import DuplicateGroup, groups_open
from photofinder.fields import Fraction
from photofinder.roles import STAFF_AND_CLIENTS, Role

_DECIDERS = frozenset({Role.ORGANISER, Role.MODERATOR})
_DEFAULT_GROUPS, _MOST_GROUPS = 20, 100


class DuplicatesAskedSerializer(serializers.Serializer[Any]):
    """Which groups."""

    after = serializers.IntegerField(
        default=0, min_value=0, max_value=2**63 - 1, help_text="`next` of the page before."
    )
    limit = serializers.IntegerField(default=_DEFAULT_GROUPS, min_value=1, max_value=_MOST_GROUPS)


class DuplicatePairSerializer(serializers.Serializer[DuplicatePair]):
    """Two images of a group that show the same picture."""

    first = serializers.SerializerMethodField(help_text="SHA-256.")
    second = serializers.SerializerMethodField(help_text="SHA-256.")
    distance = serializers.IntegerField(help_text="Bits of pHash that differ, of 64.")
    similarity = Fraction(help_text="Of the two laid upon each other.")

    def get_first(self, pair: DuplicatePair) -> str:
        """Of the group's images."""
        return str(self.context["digests"][pair.first_id])

    def get_second(self, pair: DuplicatePair) -> str:
        """Of the group's images."""
        return str(self.context["digests"][pair.second_id])


class DuplicateGroupSerializer(serializers.Serializer[Any]):
    """Images that show the same picture, the best first."""

    number = serializers.IntegerField()
    revision = serializers.CharField(help_text="Other images, another revision: decisions name the one they are about.")
    images = ImageSerializer(many=True)
    images_more = serializers.IntegerField(help_text="How many images the group has besides, none of them better.")
    pairs = DuplicatePairSerializer(many=True)
    pairs_more = serializers.IntegerField(help_text="How many pairs the group has besides.")


class DuplicateGroupsSerializer(serializers.Serializer[Any]):
    """A page of groups."""

    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page; null: this is the last.")
    results = DuplicateGroupSerializer(many=True)


class _DecisionSerializer(serializers.Serializer[Any]):
    """What is decided about."""

    revision = serializers.CharField(
        max_length=64, help_text="Of the group as it was read; when images came since, the answer is `changed_since`."
    )


class DuplicatesDismissSerializer(_DecisionSerializer):
    """Which of the group."""

    images = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        allow_empty=False,
        max_length=1000,
        help_text="SHA-256s of those that are no duplicates of the others; without them, all.",
    )


class DuplicatesResolveSerializer(_DecisionSerializer):
    """What is kept."""

    keep = serializers.CharField(required=False, max_length=64, help_text="A SHA-256; without it, the best.")


class DuplicateList(APIView):
    """Groups of duplicates."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400,)

    @extend_schema(parameters=[DuplicatesAskedSerializer], responses=DuplicateGroupsSerializer)
    def get(self, request: Request) -> Response:
        """Groups that nobody has decided about yet."""
        form = DuplicatesAskedSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        limit = form.validated_data["limit"]
        groups = groups_open(after=form.validated_data["after"], limit=limit + 1)
        following = groups[limit - 1].number if len(groups) > limit else None
        return Response({"next": following, "results": _groups(groups[:limit], request)})


class _Deciding(APIView):
    """A decision about a group."""

    roles: ClassVar = {"POST": _DECIDERS}
    problems = (409,)


class DuplicateDismiss(_Deciding):
    """Dismiss duplicates."""

    @extend_schema(request=DuplicatesDismissSerializer, responses={204: None})
    def post(self, request: Request, number: int) -> Response:
        """Say that these images are no duplicates; their pairs never come back."""
        form = DuplicatesDismissSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        digests, seen = form.validated_data.get("images"), form.validated_data["revision"]
        images = None if digests is None else list(Image.objects.filter(pk__in=ids_of(digests)))
        group_dismiss(number=number, seen=seen, images=images, actor=_actor(request))
        return Response(status=204)


class DuplicateResolve(_Deciding):
    """Resolve duplicates."""

    @extend_schema(request=DuplicatesResolveSerializer, responses={204: None})
    def post(self, request: Request, number: int) -> Response:
        """Keep one image of the group; the others are superseded by it, and lists and searches show them no more."""
        form = DuplicatesResolveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sha256, seen = form.validated_data.get("keep"), form.validated_data["revision"]
        keep = image_of(sha256) if sha256 else None
        group_resolve(number=number, seen=seen, keep=keep, actor=_actor(request))
        return Response(status=204)


class DuplicateUndo(_Deciding):
    """Undo decisions about duplicates."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, number: int) -> Response:
        """Open the group again, and show all of its images."""
        group_undo(number=number, actor=_actor(request))
        return Response(status=204)


def _groups(groups: list[DuplicateGroup], request: Request) -> list[dict[str, Any]]:
    """All images of the page are read together, whatever group they are in."""
    ids = [image.pk for group in groups for image in group.images]
    rows: list[tuple[int, float | None, str]] = [(pk, None, "") for pk in ids]
    shown = {row["sha256"]: row for row in shown_json(rows, request)}
    return [
        {
            "number": group.number,
            "revision": group.revision,
            "images": [shown[image.sha256] for image in group.images if image.sha256 in shown],
            "images_more": group.images_more,
            "pairs": _pairs(group),
            "pairs_more": group.pairs_more,
        }
        for group in groups
    ]


def _pairs(group: DuplicateGroup) -> Any:
    digests = {image.pk: image.sha256 for image in group.images}
    pairs: Any = group.pairs
    return DuplicatePairSerializer(pairs, many=True, context={"digests": digests}).data


def _actor(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None
