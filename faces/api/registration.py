"""Registering people over HTTP."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from faces.api.ledger import actor_of
from faces.api.selfies import SelfieSerializer, SelfieView, sent_picture
from faces.services.portraits import Registration, person_register
from photofinder.fields import Fraction
from photofinder.roles import Role


class PortraitSerializer(SelfieSerializer):
    """A portrait, and whose."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    user_id = serializers.UUIDField(required=False, help_text="Somebody who is known already.")


class RegistrationSerializer(serializers.Serializer[Registration]):
    """Who was registered."""

    user_id = serializers.UUIDField(source="person.user_id")
    quality = Fraction(source="portrait.quality", help_text="0 to 1; from 0.5 on the portrait is good enough.")
    best = serializers.BooleanField(source="is_best", help_text="Whether it is their best portrait now.")


class Register(SelfieView):
    """Register somebody."""

    roles: ClassVar = {"POST": {Role.CLIENT, Role.MODERATOR, Role.ORGANISER}}
    problems = (404, 409, 422, 503)

    @extend_schema(request={"multipart/form-data": PortraitSerializer}, responses={201: RegistrationSerializer})
    def post(self, request: Request) -> Response:
        """Enrol somebody by a good portrait, whose aligned face is kept; again with `user_id` to add a better one."""
        form = PortraitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        registration = person_register(
            picture=sent_picture(sent["photo"]),
            name=sent.get("name", ""),
            user_id=sent.get("user_id"),
            face_index=sent.get("face"),
            by=actor_of(request),
        )
        return Response(RegistrationSerializer(registration).data, status=201)
