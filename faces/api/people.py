"""People over HTTP: who was found, their photos and faces."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.deciding import PersonChangeSerializer, person_change
from faces.api.erasures import ReceiptSerializer, receipt
from faces.api.ledger import DecisionSerializer, actor_of
from faces.api.scope import EventChoice, asked_events, sees_drafts, sees_hidden, shown_faces, visible_events
from faces.api.shapes import FaceSerializer, PersonSerializer, PhotoSerializer
from faces.models import Face, Person
from faces.querysets import PersonQuerySet
from faces.services.albums import album_of
from faces.services.erasure import person_forget
from faces.services.people import person_get
from photofinder.errors import Problem
from photofinder.roles import EVERYBODY, STAFF_AND_CLIENTS, Role


@extend_schema(parameters=[EventChoice])
class PersonList(ListAPIView[Person]):
    """The people who were found, those with most photos first."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400,)
    serializer_class = PersonSerializer

    def get_queryset(self) -> PersonQuerySet:
        """Those in the events asked for."""
        events = asked_events(self.request)
        with_registered = "event" not in self.request.query_params
        listed = Person.objects.listed(events, with_registered=with_registered, with_hidden=sees_hidden(self.request))
        return listed.seen_in(events)


class PersonDetail(APIView):
    """One person."""

    roles: ClassVar = {"GET": EVERYBODY, "PATCH": {Role.MODERATOR}, "DELETE": {Role.MODERATOR, Role.CLIENT}}
    problems = (400, 409)

    @extend_schema(parameters=[EventChoice], responses=PersonSerializer)
    def get(self, request: Request, user_id: UUID) -> Response:
        """The person whom the id means today; one who was merged answers as the survivor."""
        events = asked_events(request)
        person: Any = Person.objects.seen_in(events).get(pk=person_shown(request, user_id).pk)
        album = album_of(person=person, events=events, shown=shown_faces(request))
        person.photos_here = len(album) if isinstance(album, list) else person.photos_here
        return Response(PersonSerializer(person, context={"request": request}).data)

    @extend_schema(request=PersonChangeSerializer, responses=DecisionSerializer(many=True))
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Name, hide or show somebody, or choose their cover: a decision for each, in this order."""
        return Response(person_change(request, get_object_or_404(Person, user_id=user_id)))

    @extend_schema(responses=ReceiptSerializer)
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Forget the person: vectors, crops, portraits, subscriptions, name. Photos stay; the id answers no more."""
        return Response(receipt(person_forget(person=person_shown(request, user_id), by=actor_of(request))))


@extend_schema(parameters=[EventChoice])
class PersonPhotos(ListAPIView[Any]):
    """The photos of a person, best first."""

    roles: ClassVar = {"GET": EVERYBODY}
    problems = (400,)
    serializer_class = PhotoSerializer

    def get_queryset(self) -> Any:
        """An album instead: it is counted and sliced like a queryset."""
        person = person_shown(self.request, self.kwargs["user_id"])
        return album_of(person=person, events=asked_events(self.request), shown=shown_faces(self.request))


@extend_schema(parameters=[EventChoice])
class PersonFaces(ListAPIView[Face]):
    """The faces of a person, best first: which of them to split off, or to move."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}
    problems = (400,)
    serializer_class = FaceSerializer

    def get_queryset(self) -> QuerySet[Face]:
        """Those in the events asked for."""
        faces = person_shown(self.request, self.kwargs["user_id"]).faces.in_events(asked_events(self.request))
        shown: QuerySet[Face] = faces.select_related("photo__image", "photo__event").order_by("-quality", "pk")
        return shown


def person_shown(request: Request, user_id: UUID) -> Person:
    """Whom the id means today, if the caller may know of them. Raises Problem `not_found`."""
    person = person_get(user_id)
    is_hidden = person.hidden and not sees_hidden(request)
    if is_hidden or (not sees_drafts(request) and not _is_shown(request, person)):
        raise Problem("not_found", "There is no such person.")
    return person


def _is_shown(request: Request, person: Person) -> bool:
    return bool(shown_faces(request).filter(person=person).in_events(visible_events(request)).exists())
