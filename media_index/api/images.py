"""One image over HTTP, and what people say of images, singly and in bulk."""

from typing import Any, ClassVar

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media_index.api.shapes import ImageSerializer, shown_json
from media_index.models import Image
from media_index.services import tagging
from photofinder.errors import Problem
from photofinder.roles import STAFF_AND_CLIENTS, Role

TAGGERS = frozenset({Role.ORGANISER, Role.MODERATOR, Role.CLIENT})
_MOST_IMAGES, _MOST_TAGS = 1000, 100


class Tags(serializers.ListField):
    """Tags; upper and lower case make no other tag."""

    child = serializers.CharField(max_length=tagging.TAG_LETTERS)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=_MOST_TAGS, required=False, **options)


class Rating(serializers.IntegerField):
    """A rating."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=tagging.BEST_RATING, help_text="1 to 5; 0 takes it away.", **options)


class ImageChangeSerializer(serializers.Serializer[Any]):
    """What is said of an image; only what is sent changes."""

    tags = Tags(help_text="All that the image is to have.")
    rating = Rating(required=False)
    caption = serializers.CharField(required=False, allow_blank=True, max_length=tagging.CAPTION_LETTERS)


class ImagesSerializer(serializers.Serializer[Any]):
    """Which images."""

    images = serializers.ListField(
        child=serializers.CharField(max_length=64), allow_empty=False, max_length=_MOST_IMAGES, help_text="SHA-256s."
    )


class ImageTagsSerializer(ImagesSerializer):
    """Tags for several images."""

    add = Tags(default=list)
    remove = Tags(default=list)


class ImageRatingsSerializer(ImagesSerializer):
    """A rating for several images."""

    rating = Rating()


class ImagesChangedSerializer(serializers.Serializer[Any]):
    """What came of it."""

    images = serializers.IntegerField(help_text="How many images were meant.")


class ImageDetail(APIView):
    """One image."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS, "PATCH": TAGGERS}

    @extend_schema(responses=ImageSerializer)
    def get(self, request: Request, sha256: str) -> Response:
        """What is known of the image with that content."""
        return Response(shown_json([(image_of(sha256).pk, None, "")], request)[0])

    @extend_schema(request=ImageChangeSerializer, responses=ImageSerializer)
    def patch(self, request: Request, sha256: str) -> Response:
        """Tag, rate or caption the image."""
        form = ImageChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        image = image_of(sha256)
        _change(image, form.validated_data)
        return Response(shown_json([(image.pk, None, "")], request)[0])


class ImageTags(APIView):
    """Tags in bulk."""

    roles: ClassVar = {"POST": TAGGERS}
    problems = (404,)

    @extend_schema(request=ImageTagsSerializer, responses={200: ImagesChangedSerializer})
    def post(self, request: Request) -> Response:
        """Give all of these images tags, and take others away."""
        form = ImageTagsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        ids, sent = ids_of(form.validated_data["images"]), form.validated_data
        tagging.images_tag(image_ids=ids, add=sent["add"], remove=sent["remove"])
        return Response({"images": len(ids)})


class ImageRatings(APIView):
    """Ratings in bulk."""

    roles: ClassVar = {"POST": TAGGERS}
    problems = (404,)

    @extend_schema(request=ImageRatingsSerializer, responses={200: ImagesChangedSerializer})
    def post(self, request: Request) -> Response:
        """Rate all of these images alike."""
        form = ImageRatingsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        ids = ids_of(form.validated_data["images"])
        tagging.images_rate(image_ids=ids, rating=form.validated_data["rating"])
        return Response({"images": len(ids)})


def image_of(sha256: str) -> Image:
    """The image of that content, a copy of a better one too."""
    return get_object_or_404(Image, sha256=sha256, is_still=False)


def ids_of(digests: list[str]) -> list[int]:
    """The ids of the images of these contents. Raises Problem `not_found`, which names one that is not there."""
    found = dict(Image.objects.filter(sha256__in=digests, is_still=False).values_list("sha256", "pk"))
    if missing := [digest for digest in digests if digest not in found]:
        raise Problem("not_found", f"There is no image {missing[0]}.")
    return sorted(found.values())


@transaction.atomic
def _change(image: Image, sent: dict[str, Any]) -> None:
    """Say of the image what was sent. Raises Problem `nothing_chosen`."""
    if not sent:
        raise Problem("nothing_chosen", "Send tags, a rating or a caption.")
    if "tags" in sent:
        tagging.image_retag(image=image, tags=sent["tags"])
    if "rating" in sent:
        tagging.images_rate(image_ids=[image.pk], rating=sent["rating"])
    if "caption" in sent:
        tagging.image_caption(image=image, caption=sent["caption"])
