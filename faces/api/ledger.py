"""The ledger over HTTP: what was decided about people, and taking it back."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import Count, Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.scope import EventChoice, visible_event
from faces.models import Decision, Event, Person
from faces.services.decisions import decision_undo
from photofinder.errors import Problem
from photofinder.roles import STAFF_AND_CLIENTS, Role


class DecisionSerializer(serializers.Serializer[Decision]):
    """What somebody decided about people."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Decision.Kind.values)
    at = serializers.DateTimeField()
    by = serializers.CharField(source="actor.username", default="")
    undone_by = serializers.IntegerField(
        source="undone_by_id", allow_null=True, help_text="The decision that undid it."
    )
    undid = serializers.IntegerField(
        source="payload.decision", default=None, allow_null=True, help_text="The decision that an undo took back."
    )
    people = serializers.SerializerMethodField(help_text="The `user_id` of everybody whom it speaks of.")
    new_user_id = serializers.SerializerMethodField(help_text="Who came of a split.")
    events = serializers.SerializerMethodField(help_text="The slugs of the events where those people are.")
    faces_count = serializers.IntegerField(help_text="Of how many faces it says whose they are or are not.")
    followed_count = serializers.SerializerMethodField(
        help_text="How many other faces changed their person because of it."
    )

    def get_people(self, decision: Decision) -> list[str]:
        """In the order of their coming into being."""
        return [str(person.user_id) for person in decision.people.all()]

    def get_events(self, decision: Decision) -> list[str]:
        """In the order of their coming into being."""
        return [event.slug for event in decision.events.all()]

    def get_new_user_id(self, decision: Decision) -> str | None:
        """None of other kinds."""
        made = decision.payload.get("new")
        return next((str(person.user_id) for person in decision.people.all() if person.pk == made), None)

    def get_followed_count(self, decision: Decision) -> int:
        """What was learnt from it."""
        return len(decision.payload.get("followed", ()))


class DecisionChoice(EventChoice):
    """Some of the ledger."""

    person = serializers.UUIDField(required=False, help_text="Decisions that speak of whoever this `user_id` means.")
    kind = serializers.ChoiceField(choices=Decision.Kind.values, required=False)


@extend_schema(parameters=[DecisionChoice])
class DecisionList(ListAPIView[Decision]):
    """The ledger, the latest decision first."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400,)
    serializer_class = DecisionSerializer

    def get_queryset(self) -> QuerySet[Decision]:
        """What was asked for."""
        choice = DecisionChoice(data=self.request.query_params)
        choice.is_valid(raise_exception=True)
        wanted = choice.validated_data
        decisions = Decision.objects.all()
        if slug := wanted.get("event"):
            decisions = decisions.about_event(visible_event(self.request, slug).pk)
        if user_id := wanted.get("person"):
            decisions = decisions.about_people(_everybody(user_id))
        if kind := wanted.get("kind"):
            decisions = decisions.filter(kind=kind)
        return _told(decisions).order_by("-pk")


class DecisionUndo(APIView):
    """Take a decision back."""

    roles: ClassVar = {"POST": {Role.MODERATOR}}
    problems = (409,)

    @extend_schema(request=None, responses=DecisionSerializer)
    def post(self, request: Request, decision_id: int) -> Response:
        """Undo it; the answer is the decision to undo. When later ones have to be undone first, 409 `changed_since`
        names them in `decisions`.
        """
        decision = get_object_or_404(Decision, pk=decision_id)
        return told(decision_undo(decision=decision, actor=actor_of(request)))


def told(decision: Decision) -> Response:
    """A decision that was just made."""
    return Response(DecisionSerializer(_told(Decision.objects.filter(pk=decision.pk)).get()).data)


def actor_of(request: Request) -> User:
    """Who decides."""
    assert isinstance(request.user, User)  # HasRole let nobody else in
    return request.user


def _told(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """With all that is shown of each."""
    people = Prefetch("people", Person.objects.only("user_id").order_by("pk"))
    events = Prefetch("events", Event.objects.only("slug").order_by("pk"))
    told: Any = decisions.select_related("actor").annotate(faces_count=Count("verdicts__face", distinct=True))
    return told.prefetch_related(people, events)  # type: ignore[no-any-return]


def _everybody(user_id: Any) -> list[int]:
    """The person whom the id means today, and all who became that person. Raises Problem `not_found`."""
    try:
        found = [Person.objects.resolve(user_id).pk]
    except Person.DoesNotExist:
        raise Problem("not_found", "There is no such person.") from None
    while more := list(Person.objects.filter(merged_into__in=found).exclude(pk__in=found).values_list("pk", flat=True)):
        found += more
    return found
