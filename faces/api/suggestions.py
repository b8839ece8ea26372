"""The questions to moderators over HTTP, and their answers."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.ledger import DecisionSerializer, actor_of, told
from faces.api.scope import visible_event
from faces.api.shapes import FaceSerializer
from faces.models import Person, Suggestion
from faces.querysets import SuggestionQuerySet
from faces.services.answers import suggestion_answer
from faces.services.people import current_calibration
from faces.services.suggestions import suggestion_postpone
from photofinder.fields import Fraction
from photofinder.roles import STAFF_AND_CLIENTS, Role
from photofinder.storage import signed_url


class AskedSerializer(serializers.Serializer[Person]):
    """A person of a question."""

    user_id = serializers.UUIDField()
    name = serializers.CharField(help_text="Empty when nobody named this person yet.")
    photos_count = serializers.IntegerField()
    cover_url = serializers.SerializerMethodField(help_text="The face that stands for them; expires.")

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_cover_url(self, person: Person) -> str | None:
        """The cut-out around the face."""
        face = person.cover_face
        return str(self.context["request"].build_absolute_uri(signed_url(face.crop_key))) if face else None


class SuggestionSerializer(serializers.Serializer[Suggestion]):
    """Are `one` and `other` the same person; or, with a `face`, is it a face of `one`? It is of `other` now."""

    id = serializers.IntegerField()
    one = AskedSerializer()
    other = AskedSerializer(allow_null=True)
    face = FaceSerializer(allow_null=True)
    similarity = serializers.SerializerMethodField(help_text="0 to 1, 0.5 at the threshold.")
    postponed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(OpenApiTypes.FLOAT)
    def get_similarity(self, suggestion: Suggestion) -> Any:
        """What the distance means at the event."""
        return Fraction().to_representation(self.context["calibration"].similarity(suggestion.distance))


class AnswerSerializer(serializers.Serializer[Any]):
    """The answer."""

    answer = serializers.ChoiceField(choices=["yes", "no", "later"])


class AnsweredSerializer(serializers.Serializer[Any]):
    """What came of it."""

    decision = DecisionSerializer(allow_null=True, help_text="Null after `later`.")


class SuggestionList(ListAPIView[Suggestion]):
    """The questions about an event's people that wait for an answer, the surest first."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    serializer_class = SuggestionSerializer

    def get_queryset(self) -> SuggestionQuerySet:
        """With covers."""
        covers = ("one__cover_face__photo__image", "other__cover_face__photo__image")
        rows = Suggestion.objects.filter(event__slug=self.kwargs["slug"]).queue()
        return rows.select_related(*covers, "face__photo__image", "face__photo__event")

    def get_serializer_context(self) -> dict[str, Any]:
        """And what distances mean there. Raises Problem `not_found`."""
        event = visible_event(self.request, self.kwargs["slug"])
        return {**super().get_serializer_context(), "calibration": current_calibration(event)}


class SuggestionAnswer(APIView):
    """Answer a question."""

    roles: ClassVar = {"POST": {Role.MODERATOR}}
    problems = (409,)

    @extend_schema(request=AnswerSerializer, responses=AnsweredSerializer)
    def post(self, request: Request, suggestion_id: int) -> Response:
        """`yes` merges the two or gives the face to `one`, `no` keeps them apart, `later` asks after all others."""
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        suggestion, answer = get_object_or_404(Suggestion, pk=suggestion_id), form.validated_data["answer"]
        if answer == "later":
            suggestion_postpone(suggestion=suggestion)
            return Response({"decision": None})
        decision = suggestion_answer(suggestion=suggestion, is_same=answer == "yes", actor=actor_of(request))
        return Response({"decision": told(decision).data})
