"""Searching the index over HTTP: by words, by a picture, by filters."""

from dataclasses import astuple, fields
from typing import Any, ClassVar

import numpy as np
from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from numpy.typing import NDArray
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media_index.api.images import image_of
from media_index.api.shapes import ImageSerializer, shown_json
from media_index.models import Image
from media_index.services.filtering import ORIENTATIONS, Filters
from media_index.services.search import media_search
from photofinder.api import BoundedMultiPart
from photofinder.errors import RefusedFile
from photofinder.fields import Fraction
from photofinder.images import Picture
from photofinder.roles import STAFF_AND_CLIENTS
from photofinder.uploads import SelfieUploads

_MOST_WORDS = 500  # letters
_DEFAULT_LIMIT, _MOST, _FARTHEST = 100, 500, 2**31


class Count(serializers.IntegerField):
    """A number of bytes or pixels."""

    def __init__(self, help_text: str) -> None:
        super().__init__(required=False, min_value=0, max_value=2**63 - 1, help_text=help_text)


class FiltersSerializer(serializers.Serializer[Any]):
    """What images must be besides what is looked for."""

    event = serializers.SlugField(required=False, help_text="The slug of an event.")
    person = serializers.UUIDField(required=False, help_text="The `user_id` of somebody in the picture.")
    tag = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=20, help_text="All of them."
    )
    camera = serializers.CharField(required=False, max_length=100, help_text="Its name, or the first words of it.")
    taken_from = serializers.DateField(required=False, help_text="The first day, by the camera's clock.")
    taken_to = serializers.DateField(required=False, help_text="The last day.")
    rating_min = serializers.IntegerField(required=False, min_value=0, max_value=5)
    format = serializers.CharField(required=False, max_length=10, help_text="JPEG, HEIF, PNG, ...")
    orientation = serializers.ChoiceField(ORIENTATIONS, required=False)
    bytes_min = Count("The least size of the file.")
    bytes_max = Count("The greatest size of the file.")
    pixels_min = Count("The least width times height.")
    pixels_max = Count("The greatest width times height.")


class PageSerializer(FiltersSerializer):
    """Filters, and which part of the answer is wanted."""

    limit = serializers.IntegerField(default=_DEFAULT_LIMIT, min_value=1, max_value=_MOST)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=_FARTHEST)
    min_similarity = Fraction(required=False, help_text="0.5 where nothing is said; more is stricter.")


class WordsSerializer(PageSerializer):
    """Words, filters, or both."""

    q = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=_MOST_WORDS,
        help_text='What is looked for: words, `"a phrase"`, `one or another`, `-without`. Without it, all that passes.',
    )


class SamplePictureSerializer(WordsSerializer):
    """A picture, and what else is wanted."""

    photo = serializers.FileField(allow_empty_file=True)


class ImagesFoundSerializer(serializers.Serializer[Any]):
    """A part of what was found, best first; with filters alone the newest first."""

    count = serializers.IntegerField(help_text="How many were found in all.")
    missing = serializers.CharField(help_text="What a better answer lacks and how to bring it; empty: nothing.")
    results = ImageSerializer(many=True)


class _FormatIsAFilter(DefaultContentNegotiation):
    """DRF would take `?format=` for the format of the answer, which is always JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


class MediaSearch(APIView):
    """Search the index."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400, 404)
    content_negotiation_class = _FormatIsAFilter

    @extend_schema(parameters=[WordsSerializer], responses=ImagesFoundSerializer)
    def get(self, request: Request) -> Response:
        """Images that the words are written of, or that show what they say, among those that pass the filters."""
        return Response(_found(request, _form(WordsSerializer, request.query_params)))


class ImageSimilar(APIView):
    """Similar images."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400, 422, 503)
    content_negotiation_class = _FormatIsAFilter

    @extend_schema(parameters=[PageSerializer], responses=ImagesFoundSerializer)
    def get(self, request: Request, sha256: str) -> Response:
        """Images that look like this one, itself left out."""
        return Response(_found(request, _form(PageSerializer, request.query_params), like=image_of(sha256)))


class PictureSimilar(APIView):
    """Images similar to one that is sent."""

    roles: ClassVar = {"POST": STAFF_AND_CLIENTS}
    problems = (404, 503)
    throttle_scope = "search"
    parser_classes: Any = (BoundedMultiPart,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """With the picture held in memory: it is on no disk."""
        request.upload_handlers = [SelfieUploads(request)]
        return super().initialize_request(request, *args, **kwargs)

    def max_body_bytes(self) -> int:
        """One picture."""
        return int(settings.SELFIE_MAX_BYTES)

    @extend_schema(request={"multipart/form-data": SamplePictureSerializer}, responses={200: ImagesFoundSerializer})
    def post(self, request: Request) -> Response:
        """Images that look like the picture that is sent, and with `q` those that match the words. It is not kept."""
        sent = _form(SamplePictureSerializer, request.data)
        return Response(_found(request, sent, like=_pixels(sent["photo"])))


def _form(form: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    filled = form(data=data)
    filled.is_valid(raise_exception=True)
    values: dict[str, Any] = filled.validated_data
    return values


def _found(request: Request, sent: dict[str, Any], like: Image | NDArray[np.uint8] | None = None) -> dict[str, Any]:
    found = media_search(
        words=sent.get("q", ""),
        like=like,
        filters=_filters(sent),
        limit=sent["limit"],
        offset=sent["offset"],
        min_similarity=sent.get("min_similarity"),
    )
    results = shown_json([astuple(hit) for hit in found.hits], request)
    return {"count": found.total, "missing": found.missing, "results": results}


def _filters(sent: dict[str, Any]) -> Filters:
    given = {field.name: sent[field.name] for field in fields(Filters) if field.name in sent}
    given |= {"tag": tuple(given.get("tag", ()))}
    return Filters(**given | ({"person": str(given["person"])} if "person" in given else {}))


def _pixels(file: Any) -> NDArray[np.uint8]:
    """The picture of an uploaded file, as large as those that the index looks at. Raises RefusedFile."""
    if file.size > settings.SELFIE_MAX_BYTES:
        raise RefusedFile("too_large", f"The picture is larger than {settings.SELFIE_MAX_BYTES // 1024**2} MB.")
    return Picture(file, max_pixels=settings.SELFIE_MAX_PIXELS).shrunk(min(settings.THUMBNAIL_SIZES_PX))
