"""What a search found, by its code: whoever has the code may look, object and share."""

from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.shapes import PhotoSerializer
from faces.models import SelfieSearch
from faces.services.results import ATTENDEES, result_object, result_open, result_photos, result_share
from photofinder.roles import EVERYBODY


class ResultSerializer(serializers.Serializer[SelfieSearch]):
    """What a search found, in short."""

    event = serializers.SlugField(source="event.slug", default=None, allow_null=True)
    photos_count = serializers.SerializerMethodField(help_text="Those that may still be seen.")
    page_url = serializers.SerializerMethodField(help_text="In a browser; null for staff.")
    zip_url = serializers.SerializerMethodField(help_text="All in one archive; null for staff.")
    expires_at = serializers.DateTimeField()

    def get_photos_count(self, search: SelfieSearch) -> int:
        """Counted now."""
        return result_photos(search).count()

    def get_page_url(self, search: SelfieSearch) -> str | None:
        """The result's page."""
        return self._absolute("result", search)

    def get_zip_url(self, search: SelfieSearch) -> str | None:
        """The archive."""
        return self._absolute("attendee-zip", search)

    def _absolute(self, name: str, search: SelfieSearch) -> str | None:
        if search.channel not in ATTENDEES:
            return None
        return str(self.context["request"].build_absolute_uri(reverse(name, args=[search.code])))


class ObjectionSerializer(serializers.Serializer[Any]):
    """A photo in which somebody is not."""

    photo = serializers.IntegerField(help_text="The photo's id.")


class LeftSerializer(serializers.Serializer[Any]):
    """What is left."""

    photos_count = serializers.IntegerField()


class SharedSerializer(serializers.Serializer[Any]):
    """A page to show to others."""

    url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class ResultDetail(APIView):
    """A result."""

    roles: ClassVar = {"GET": EVERYBODY}

    @extend_schema(responses=ResultSerializer)
    def get(self, request: Request, code: str) -> Response:
        """How many photos it has, and its pages."""
        return Response(
            ResultSerializer(result_open(code=code, of_any_channel=True), context={"request": request}).data
        )


class ResultPhotos(ListAPIView[Any]):
    """The photos of a result, best first."""

    roles: ClassVar = {"GET": EVERYBODY}
    serializer_class = PhotoSerializer

    def get_queryset(self) -> Any:
        """Counted and sliced like a queryset."""
        return result_photos(result_open(code=self.kwargs["code"], of_any_channel=True))

    def get_serializer_context(self) -> dict[str, Any]:
        """With the search, so that what is fetched is counted."""
        return {
            **super().get_serializer_context(),
            "search": result_open(code=self.kwargs["code"], of_any_channel=True),
        }


class ResultNotMe(APIView):
    """Object to a photo."""

    roles: ClassVar = {"POST": EVERYBODY}

    @extend_schema(request=ObjectionSerializer, responses=LeftSerializer)
    def post(self, request: Request, code: str) -> Response:
        """Say that one is not in this photo: it is out of the result at once, and moderators are asked."""
        form = ObjectionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        search = result_open(code=code, of_any_channel=True)
        result_object(search=search, photo_id=form.validated_data["photo"])
        return Response({"photos_count": result_photos(search).count()})


class ResultShare(APIView):
    """Share a result."""

    roles: ClassVar = {"POST": EVERYBODY}

    @extend_schema(request=None, responses=SharedSerializer)
    def post(self, request: Request, code: str) -> Response:
        """A page for others to look at, until the result expires."""
        search = result_open(code=code, of_any_channel=True)
        url = request.build_absolute_uri(reverse("shared", args=[result_share(search=search)]))
        return Response({"url": url, "expires_at": search.expires_at})
