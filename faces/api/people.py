"""People over HTTP: who was found, their photos, and merging them."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.scope import EventChoice, asked_events, sees_drafts, visible_events
from faces.api.shapes import PersonSerializer, PhotoSerializer
from faces.models import Decision, Person
from faces.querysets import EventQuerySet, PersonQuerySet
from faces.services.albums import Album
from faces.services.decisions import decision_undo, people_merge
from photofinder.errors import Problem
from photofinder.roles import EVERYBODY, STAFF_AND_CLIENTS, Role


class MergeSerializer(serializers.Serializer[Any]):
    """With whom."""

    into = serializers.UUIDField(help_text="The `user_id` that stays; the other one means this person from now on.")


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """What somebody decided about people."""

    by = serializers.CharField(source="actor.username", default="", read_only=True)

    class Meta:
        model = Decision
        fields = ("id", "kind", "at", "by", "undone_by")
        read_only_fields = fields


@extend_schema(parameters=[EventChoice])
class PersonList(ListAPIView[Person]):
    """The people who were found, those with most photos first."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400,)
    serializer_class = PersonSerializer

    def get_queryset(self) -> PersonQuerySet:
        """Those in the events asked for."""
        events = asked_events(self.request)
        return Person.objects.current().in_events(events).seen_in(events)


class PersonDetail(APIView):
    """One person."""

    roles: ClassVar = {"GET": EVERYBODY}
    problems = (400,)

    @extend_schema(parameters=[EventChoice], responses=PersonSerializer)
    def get(self, request: Request, user_id: UUID) -> Response:
        """The person whom the id means today; one who was merged answers as the survivor."""
        person = Person.objects.seen_in(asked_events(request)).get(pk=_person(request, user_id).pk)
        return Response(PersonSerializer(person, context={"request": request}).data)


@extend_schema(parameters=[EventChoice])
class PersonPhotos(ListAPIView[Any]):
    """The photos of a person, best first."""

    roles: ClassVar = {"GET": EVERYBODY}
    problems = (400,)
    serializer_class = PhotoSerializer

    def get_queryset(self) -> Any:
        """An album instead: it is counted and sliced like a queryset."""
        return Album(person=_person(self.request, self.kwargs["user_id"]), events=asked_events(self.request))


class PersonMerge(APIView):
    """Merge two people."""

    roles: ClassVar = {"POST": {Role.MODERATOR}}

    @extend_schema(request=MergeSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Make this person the same as `into`. The decision's id takes it back."""
        form = MergeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        into = Person.objects.filter(user_id=form.validated_data["into"]).first()
        if into is None:
            raise Problem("not_found", "There is no person with the id of `into`.")
        other = get_object_or_404(Person, user_id=user_id)
        decision = people_merge(into=into, others=[other], actor=_actor(request))
        return Response(DecisionSerializer(decision).data)


class DecisionUndo(APIView):
    """Take a decision back."""

    roles: ClassVar = {"POST": {Role.MODERATOR}}

    @extend_schema(request=None, responses=DecisionSerializer)
    def post(self, request: Request, decision_id: int) -> Response:
        """Undo it; the answer is the decision to undo."""
        decision = get_object_or_404(Decision, pk=decision_id)
        return Response(DecisionSerializer(decision_undo(decision=decision, actor=_actor(request))).data)


def _person(request: Request, user_id: UUID) -> Person:
    """Whom the id means today, if the caller may know of them. Raises Problem `not_found`."""
    try:
        person: Person = Person.objects.resolve(user_id)
    except Person.DoesNotExist:
        raise _unknown() from None
    if not (sees_drafts(request) or _is_in(person, visible_events(request))):
        raise _unknown()
    return person


def _unknown() -> Problem:
    return Problem("not_found", "There is no such person.")


def _is_in(person: Person, events: EventQuerySet) -> bool:
    return bool(Person.objects.filter(pk=person.pk).in_events(events).exists())


def _actor(request: Request) -> User:
    assert isinstance(request.user, User)  # HasRole let nobody else in
    return request.user
