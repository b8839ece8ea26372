"""One selfie in, everybody it could be and all their photos out."""

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.scope import EventChoice, chosen_events
from faces.api.shapes import Box, Fraction, PhotoSerializer
from faces.services.search import SearchResult, selfie_search
from photofinder.api import BoundedMultiPart, problem_json
from photofinder.errors import EngineUnavailable, Problem, RefusedFile
from photofinder.images import Picture
from photofinder.roles import EVERYBODY, STAFF_AND_CLIENTS

_DEFAULT_LIMIT, _MAX_LIMIT = 500, 2000


class WantedSerializer(EventChoice):
    """What is looked for."""

    limit = serializers.IntegerField(
        default=_DEFAULT_LIMIT, min_value=1, max_value=_MAX_LIMIT, help_text="How many photos at most."
    )
    min_similarity = Fraction(default=0.5, help_text="0.5 is the default threshold: 1 in 10,000 strangers passes.")


class SelfieSerializer(WantedSerializer):
    """A selfie."""

    photo = serializers.FileField(allow_empty_file=True)
    face = serializers.IntegerField(
        required=False, min_value=0, help_text="Which face, after `several_faces` has told their boxes."
    )


class SelfiesSerializer(WantedSerializer):
    """Several selfies."""

    photos = serializers.ListField(child=serializers.FileField(allow_empty_file=True), allow_empty=False)


class SelfieFaceSerializer(serializers.Serializer[Any]):
    """The face that was looked for."""

    box = Box(source="face.box")
    quality = Fraction(source="quality.value", help_text="0 to 1; from 0.5 on the face is good enough.")


class PersonMatchSerializer(serializers.Serializer[Any]):
    """A person whom the selfie may show."""

    user_id = serializers.UUIDField(source="person.user_id")
    name = serializers.CharField(source="person.name", help_text="Empty when nobody named this person yet.")
    similarity = Fraction()
    photos_count = serializers.IntegerField(help_text="In the events that were searched.")


class FoundSerializer(serializers.Serializer[SearchResult]):
    """What a selfie found, best first."""

    face = SelfieFaceSerializer(source="*")
    matches = PersonMatchSerializer(source="people", many=True)
    photos = PhotoSerializer(many=True)


class FoundPerFileSerializer(serializers.Serializer[Any]):
    """What one of several selfies found, or what is wrong with it: `code`, `detail` and what helps to go on."""

    name = serializers.CharField()
    face = SelfieFaceSerializer(required=False)
    matches = PersonMatchSerializer(required=False, many=True)
    photos = PhotoSerializer(required=False, many=True)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class FoundPerFileListSerializer(serializers.Serializer[Any]):
    """An answer per selfie, in their order."""

    results = FoundPerFileSerializer(many=True)


class Search(APIView):
    """Find a person by a selfie."""

    roles: ClassVar = {"POST": EVERYBODY}
    problems = (404, 422, 503)
    throttle_scope = "search"
    parser_classes = (BoundedMultiPart,)

    def max_body_bytes(self) -> int:
        """One selfie."""
        return int(settings.SELFIE_MAX_BYTES)

    @extend_schema(request={"multipart/form-data": SelfieSerializer}, responses={200: FoundSerializer})
    def post(self, request: Request) -> Response:
        """Everybody whom the selfie may show, and their photos. Nothing of the selfie is kept."""
        form = SelfieSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = _wanted(request, form)
        return Response(_found(request, wanted.pop("photo"), wanted))


class SearchBatch(APIView):
    """Find people by several selfies."""

    roles: ClassVar = {"POST": STAFF_AND_CLIENTS}
    problems = (404, 503)
    throttle_scope = "search"
    parser_classes = (BoundedMultiPart,)

    def max_body_bytes(self) -> int:
        """As many selfies as are allowed."""
        return int(settings.SELFIE_MAX_BYTES * settings.SELFIE_MAX_FILES)

    @extend_schema(request={"multipart/form-data": SelfiesSerializer}, responses={200: FoundPerFileListSerializer})
    def post(self, request: Request) -> Response:
        """As `search/` for each file; what is wrong with one of them stands in its place."""
        form = SelfiesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = _wanted(request, form)
        files = wanted.pop("photos")
        if len(files) > settings.SELFIE_MAX_FILES:
            raise Problem("too_many_files", f"Send at most {settings.SELFIE_MAX_FILES} selfies in one request.")
        return Response({"results": [_found_or_problem(request, file, wanted) for file in files]})


def _wanted(request: Request, form: serializers.Serializer[Any]) -> dict[str, Any]:
    """The values of the form with `events` in place of the slug. Raises Problem `not_found`."""
    wanted: dict[str, Any] = form.validated_data
    return wanted | {"events": chosen_events(request, wanted.pop("event", None))}


def _found(request: Request, file: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    if file.size > settings.SELFIE_MAX_BYTES:
        raise RefusedFile("too_large", f"The selfie is larger than {settings.SELFIE_MAX_BYTES // 1024**2} MB.")
    result = selfie_search(
        picture=Picture(file, max_pixels=settings.SELFIE_MAX_PIXELS),
        events=wanted["events"],
        limit=wanted["limit"],
        min_similarity=wanted["min_similarity"],
        face_index=wanted.get("face"),
    )
    return dict(FoundSerializer(result, context={"request": request}).data)


def _found_or_problem(request: Request, file: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """Raises EngineUnavailable, which is no matter of this file."""
    try:
        return {"name": file.name, **_found(request, file, wanted)}
    except EngineUnavailable:
        raise
    except Problem as problem:
        return {"name": file.name, **problem_json(problem)}
