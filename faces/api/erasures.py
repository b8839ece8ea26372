"""Being forgotten over HTTP, and opting out."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from faces.api.scope import named_attendee
from faces.api.selfies import LikenessSerializer, SelfieView, sent_likeness
from faces.models import Erasure
from faces.services.erasure import likeness_forget, likeness_opt_out
from photofinder.roles import Role

_ASKERS = {Role.BOT, Role.CLIENT}


class ReceiptSerializer(serializers.Serializer[Any]):
    """What was deleted."""

    receipt = serializers.CharField(help_text="The number of the receipt; the site's page /receipt/<number>/ shows it.")
    at = serializers.DateTimeField()
    faces = serializers.IntegerField(help_text="Faces in photos, each with its vector.")
    crops = serializers.IntegerField(help_text="Files with the cut-out of a face.")
    portraits = serializers.IntegerField()
    subscriptions = serializers.IntegerField()
    uncompared = serializers.IntegerField(
        help_text="Faces that an earlier engine read, which could not be compared. When photos are read anew those of "
        "whoever opted out are deleted; to be forgotten, ask again."
    )
    is_complete = serializers.BooleanField(
        help_text="False when nothing was known of the attendee's face: send a selfie to `forget/` as well."
    )


class ForgetSerializer(LikenessSerializer):
    """Who wants to be forgotten."""

    attendee = serializers.CharField(required=False, max_length=90, help_text="As telegram:12345.")


class Forget(SelfieView):
    """Be forgotten."""

    roles: ClassVar = {"POST": _ASKERS}
    problems = (410, 422, 503)

    @extend_schema(request={"multipart/form-data": ForgetSerializer}, responses=ReceiptSerializer)
    def post(self, request: Request) -> Response:
        """Delete the faces, vectors, cut-outs and portraits of whoever the selfie shows, in all events."""
        form = ForgetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        attendee = named_attendee(request, form.validated_data.get("attendee", ""))
        likeness = sent_likeness(form.validated_data)
        return Response(receipt(likeness_forget(likeness=likeness, attendee=attendee)))


class OptOut(SelfieView):
    """Opt out."""

    throttle_scope = "opt-out"
    roles: ClassVar = {"POST": _ASKERS}
    problems = (410, 422, 503)

    @extend_schema(request={"multipart/form-data": LikenessSerializer}, responses={201: ReceiptSerializer})
    def post(self, request: Request) -> Response:
        """The same, and whoever the selfie shows is not kept from later photos either."""
        form = LikenessSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        erasure = likeness_opt_out(likeness=sent_likeness(form.validated_data))
        return Response(receipt(erasure), status=201)


def receipt(erasure: Erasure, *, is_complete: bool = True) -> dict[str, Any]:
    """An erasure as the API says it."""
    names = ("faces", "crops", "portraits", "subscriptions", "uncompared")
    counts = {name: erasure.counts.get(name, 0) for name in names}
    answer = {"receipt": erasure.number, "at": erasure.at, **counts, "is_complete": is_complete}
    return dict(ReceiptSerializer(answer).data)
