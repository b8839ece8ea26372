"""What moderators decide about people, over HTTP: the answer is always the decision, whose id takes it back."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.ledger import DecisionSerializer, actor_of, told
from faces.models import Face, Person
from faces.services import decisions
from photofinder.errors import Problem
from photofinder.roles import Role

_MOST_FACES = 10_000
_MODERATORS: dict[str, frozenset[Role]] = {"POST": frozenset({Role.MODERATOR})}


class Faces(serializers.ListField):
    """Ids of faces."""

    child = serializers.IntegerField(min_value=1, max_value=2**63 - 1)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=_MOST_FACES, help_text="Ids, as `users/{user_id}/faces/` lists them.", **options)


class FaceId(serializers.IntegerField):
    """The id of a face."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class MergeSerializer(serializers.Serializer[Any]):
    """With whom, and what stays."""

    into = serializers.UUIDField(help_text="The `user_id` that stays; the other one means this person from now on.")
    name = serializers.CharField(
        required=False, allow_blank=True, help_text="Without it the name of `into`, else of the other."
    )
    cover = FaceId(required=False, help_text="The face that stands for them, of either.")


class FacesSerializer(serializers.Serializer[Any]):
    """Which faces."""

    faces = Faces()


class MoveSerializer(FacesSerializer):
    """Which faces, and to whom."""

    to = serializers.UUIDField(help_text="The `user_id` whose they are.")


class DifferSerializer(serializers.Serializer[Any]):
    """From whom."""

    other = serializers.UUIDField(help_text="The `user_id` of the other person.")


class PersonChangeSerializer(serializers.Serializer[Any]):
    """What is said of a person; only what is sent changes."""

    name = serializers.CharField(required=False, allow_blank=True, help_text="Empty takes the name away.")
    hidden = serializers.BooleanField(required=False, help_text="A stranger nobody will look for.")
    cover = FaceId(required=False, help_text="The face that stands for them.")


class _Deciding(APIView):
    """A decision about somebody."""

    roles: ClassVar = _MODERATORS
    problems = (409,)
    form: type[serializers.Serializer[Any]] = FacesSerializer

    def read(self, request: Request) -> dict[str, Any]:
        """What was sent."""
        form = self.form(data=request.data)
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = form.validated_data
        return values


class PersonMerge(_Deciding):
    """Merge two people."""

    form = MergeSerializer

    @extend_schema(request=MergeSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Make this person the same as `into`."""
        sent = self.read(request)
        into, other = _named(sent["into"], "into"), get_object_or_404(Person, user_id=user_id)
        cover = _face(sent["cover"]) if "cover" in sent else None
        name = sent.get("name")
        return told(decisions.people_merge(into=into, others=[other], actor=actor_of(request), name=name, cover=cover))


class PersonSplit(_Deciding):
    """Split faces off."""

    @extend_schema(request=FacesSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Make a new person, `new_user_id` of the answer, of some of this person's faces."""
        person, faces = get_object_or_404(Person, user_id=user_id), self.read(request)["faces"]
        return told(decisions.faces_split(person=person, faces=faces, actor=actor_of(request)))


class PersonMove(_Deciding):
    """Move faces."""

    form = MoveSerializer

    @extend_schema(request=MoveSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Give some of this person's faces to another one."""
        person, sent = get_object_or_404(Person, user_id=user_id), self.read(request)
        to = _named(sent["to"], "to")
        return told(decisions.faces_move(person=person, faces=sent["faces"], to=to, actor=actor_of(request)))


class PersonConfirm(_Deciding):
    """Confirm faces."""

    @extend_schema(request=FacesSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Say that these faces are this person's: no automatic step takes them away."""
        person, faces = get_object_or_404(Person, user_id=user_id), self.read(request)["faces"]
        return told(decisions.faces_confirm(person=person, faces=faces, actor=actor_of(request)))


class PersonReject(_Deciding):
    """Reject faces."""

    @extend_schema(request=FacesSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Say that these faces are not this person's; they never become so by themselves."""
        person, faces = get_object_or_404(Person, user_id=user_id), self.read(request)["faces"]
        return told(decisions.faces_reject(person=person, faces=faces, actor=actor_of(request)))


class FacesDismiss(_Deciding):
    """Dismiss faces."""

    @extend_schema(request=FacesSerializer, responses=DecisionSerializer)
    def post(self, request: Request) -> Response:
        """Say that these are not faces: they are nobody's, and no search finds them."""
        return told(decisions.faces_dismiss(faces=self.read(request)["faces"], actor=actor_of(request)))


class PersonDiffer(_Deciding):
    """Keep two people apart."""

    form = DifferSerializer

    @extend_schema(request=DifferSerializer, responses=DecisionSerializer)
    def post(self, request: Request, user_id: UUID) -> Response:
        """Say that this person and another one are not the same: no automatic step joins them, nobody is asked."""
        one, other = get_object_or_404(Person, user_id=user_id), _named(self.read(request)["other"], "other")
        return told(decisions.people_differ(one=one, other=other, actor=actor_of(request)))


@transaction.atomic
def person_change(request: Request, person: Person) -> list[Any]:
    """Say of the person what was sent, each a decision of its own. Raises Problem `nothing_chosen`."""
    form = PersonChangeSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    sent, actor = form.validated_data, actor_of(request)
    made = []
    if "name" in sent:
        made.append(decisions.person_name(person=person, name=sent["name"], actor=actor))
    if "hidden" in sent:
        made.append(decisions.people_hide(people=[person], hidden=sent["hidden"], actor=actor))
    if "cover" in sent:
        made.append(decisions.person_cover(person=person, face=_face(sent["cover"]), actor=actor))
    if not made:
        raise Problem("nothing_chosen", "Send a name, hidden or a cover.")
    return [told(decision).data for decision in made]


def _named(user_id: UUID, field: str) -> Person:
    """The person whom a field of the request names. Raises Problem `not_found`."""
    person = Person.objects.filter(user_id=user_id).first()
    if person is None:
        raise Problem("not_found", f"There is no person with the id of `{field}`.")
    return person


def _face(pk: int) -> Face:
    """Raises Problem `not_found`."""
    face = Face.objects.filter(pk=pk).first()
    if face is None:
        raise Problem("not_found", f"There is no face {pk}.")
    return face
