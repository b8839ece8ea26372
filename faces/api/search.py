"""One selfie in, everybody it could be and all their photos out."""

from dataclasses import replace
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from faces.api.scope import EventChoice, asker_of, chosen_events, named_attendee, sees_drafts, visible_event
from faces.api.selfies import LikenessSerializer, SelfieView, sealed, sent_picture
from faces.api.shapes import Box, PhotoSerializer
from faces.models import SelfieSearch
from faces.services.attendance import MOST_PHOTOS, Found, attendee_search
from faces.services.likenesses import likeness_seal
from faces.services.results import result_open
from faces.services.search import PersonMatch
from photofinder.api import problem_json
from photofinder.errors import EngineUnavailable, Problem
from photofinder.fields import Fraction
from photofinder.roles import EVERYBODY, STAFF_AND_CLIENTS

_DEFAULT_LIMIT = 500


class WantedSerializer(EventChoice):
    """What is looked for."""

    limit = serializers.IntegerField(
        default=_DEFAULT_LIMIT,
        min_value=1,
        max_value=MOST_PHOTOS,
        help_text="How many photos the answer has at most; the result keeps all.",
    )
    min_similarity = Fraction(default=0.5, help_text="0.5 is the default threshold: 1 in 10,000 strangers passes.")


class AskedSerializer(LikenessSerializer, WantedSerializer):
    """A selfie, or what an earlier one was, and whose."""

    attendee = serializers.CharField(
        required=False, max_length=90, help_text="Who asks in a messenger, as telegram:12345; they must have agreed."
    )
    result = serializers.CharField(required=False, help_text="The code of an earlier result to add to.")


class SelfiesSerializer(WantedSerializer):
    """Several selfies."""

    photos = serializers.ListField(child=serializers.FileField(allow_empty_file=True), allow_empty=False)


class SelfieFaceSerializer(serializers.Serializer[Any]):
    """The face that was looked for."""

    box = Box(source="selfie.face.box")
    quality = Fraction(source="selfie.quality.value", help_text="0 to 1; from 0.5 on the face is good enough.")


class PersonMatchSerializer(serializers.Serializer[Any]):
    """A person whom the selfie may show."""

    user_id = serializers.UUIDField(source="person.user_id")
    name = serializers.SerializerMethodField(help_text="Empty when nobody named this person yet, and for attendees.")
    similarity = Fraction()
    photos_count = serializers.IntegerField(help_text="In the events that were searched.")

    def get_name(self, match: PersonMatch) -> str:
        """What moderators call somebody is not for attendees, who may resemble them."""
        return match.person.name if sees_drafts(self.context["request"]) else ""


class FoundSerializer(serializers.Serializer[Found]):
    """What a selfie found, best first."""

    face = serializers.SerializerMethodField(help_text="Null when only a likeness was sent.")
    matches = PersonMatchSerializer(source="matches.people", many=True)
    photos = PhotoSerializer(source="matches.photos", many=True)
    result = serializers.CharField(source="search.code", help_text="Opens this result at `results/` until it expires.")
    expires_at = serializers.DateTimeField(source="search.expires_at")
    likeness = serializers.SerializerMethodField(
        help_text="The selfie's vector, encrypted: send it with the next call to ask again. Nothing of it is kept here."
    )

    @extend_schema_field(SelfieFaceSerializer(allow_null=True))
    def get_face(self, found: Found) -> Any:
        """The face that was looked for."""
        return SelfieFaceSerializer(found).data if found.selfie else None

    def get_likeness(self, found: Found) -> str:
        """Sealed."""
        return likeness_seal(found.likeness)


class FoundPerFileSerializer(serializers.Serializer[Any]):
    """What one of several selfies found, or what is wrong with it: `code`, `detail` and what helps to go on."""

    name = serializers.CharField()
    face = SelfieFaceSerializer(required=False)
    matches = PersonMatchSerializer(required=False, many=True)
    photos = PhotoSerializer(required=False, many=True)
    result = serializers.CharField(required=False)
    expires_at = serializers.DateTimeField(required=False)
    likeness = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class FoundPerFileListSerializer(serializers.Serializer[Any]):
    """An answer per selfie, in their order."""

    results = FoundPerFileSerializer(many=True)


class Search(SelfieView):
    """Find a person by a selfie."""

    roles: ClassVar = {"POST": EVERYBODY}
    problems = (404, 410, 422, 503)

    @extend_schema(request={"multipart/form-data": AskedSerializer}, responses={200: FoundSerializer})
    def post(self, request: Request) -> Response:
        """Everybody whom the selfie may show, and their photos. Nothing of the selfie is kept."""
        form = AskedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_found(request, form.validated_data))


class SearchBatch(SelfieView):
    """Find people by several selfies."""

    roles: ClassVar = {"POST": STAFF_AND_CLIENTS}
    problems = (404, 503)

    def max_body_bytes(self) -> int:
        """All selfies together."""
        return int(settings.SELFIES_MAX_BYTES)

    def most_files(self) -> int:
        """One more than is taken, so that it shows."""
        return int(settings.SELFIE_MAX_FILES + 1)

    @extend_schema(request={"multipart/form-data": SelfiesSerializer}, responses={200: FoundPerFileListSerializer})
    def post(self, request: Request) -> Response:
        """As `search/` for each file; what is wrong with one of them stands in its place."""
        form = SelfiesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        files = form.validated_data.pop("photos")
        if len(files) > settings.SELFIE_MAX_FILES:
            raise Problem("too_many_files", f"Send at most {settings.SELFIE_MAX_FILES} selfies in one request.")
        chosen_events(request, form.validated_data.get("event"))  # one that is not there is no matter of a file
        return Response({"results": [_found_or_problem(request, file, form.validated_data) for file in files]})


def _found(request: Request, wanted: dict[str, Any]) -> dict[str, Any]:
    """What a valid form of AskedSerializer's fields finds. Raises Problem."""
    slug, code = wanted.get("event"), wanted.get("code", "")
    attendee = named_attendee(request, wanted.get("attendee", ""))
    file = wanted.get("photo")
    found = attendee_search(
        asker=asker_of(request, attendee),
        events=chosen_events(request, slug, code),
        event=visible_event(request, slug, code) if slug else None,
        picture=sent_picture(file) if file else None,
        face_index=wanted.get("face"),
        likeness=sealed(wanted.get("likeness")),
        earlier=_earlier(request, wanted.get("result", "")),
        min_similarity=wanted["min_similarity"],
    )
    answer = replace(found, matches=replace(found.matches, photos=found.matches.photos[: wanted["limit"]]))
    return dict(FoundSerializer(answer, context={"request": request, "search": found.search}).data)


def _earlier(request: Request, code: str) -> SelfieSearch | None:
    """The result that is to be added to; what staff found is not for attendees."""
    return result_open(code=code, of_any_channel=sees_drafts(request)) if code else None


def _found_or_problem(request: Request, file: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """Raises EngineUnavailable, which is no matter of this file."""
    try:
        return {"name": file.name, **_found(request, wanted | {"photo": file})}
    except EngineUnavailable:
        raise
    except Problem as problem:
        return {"name": file.name, **problem_json(problem)}
