"""Attendees in messengers over HTTP: what they agreed to, what they are told of, how they are forgotten."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.erasures import ReceiptSerializer, receipt
from faces.api.scope import visible_event
from faces.api.selfies import sealed
from faces.models import Attendee, Event, Subscription
from faces.services.attendees import (
    attendee_change,
    attendee_get_or_create,
    attendee_subscribe,
    attendee_unsubscribe,
    is_face_known,
)
from faces.services.erasure import attendee_forget
from faces.services.likenesses import likeness_unseal
from photofinder.roles import Role

_MESSENGERS = {Role.BOT}  # who speaks for the addresses of a messenger


class SubscriptionSerializer(serializers.Serializer[Subscription]):
    """An event whose new photos an attendee is told of."""

    event = serializers.SlugField(source="event.slug")
    name = serializers.CharField(source="event.name")


class AttendeeSerializer(serializers.Serializer[Attendee]):
    """Somebody in a messenger."""

    language = serializers.CharField(help_text="What they chose; empty while they have not.")
    has_consent = serializers.SerializerMethodField(help_text="Whether they agreed to their selfies being looked at.")
    subscriptions = SubscriptionSerializer(many=True)

    def get_has_consent(self, attendee: Attendee) -> bool:
        """They did once."""
        return attendee.consented_at is not None


class AttendeeChangeSerializer(serializers.Serializer[Attendee]):
    """What changes."""

    language = serializers.ChoiceField(choices=["en", "ru"], required=False)
    consent = serializers.BooleanField(required=False)


class AttendeeForgetSerializer(serializers.Serializer[Any]):
    """What helps to find their faces."""

    likeness = serializers.CharField(required=False, help_text="What a search answered for a selfie of theirs.")


class SubscribeSerializer(serializers.Serializer[Any]):
    """What they want to be told of."""

    event = serializers.SlugField()
    code = serializers.CharField(required=False, max_length=40)
    likeness = serializers.CharField(help_text="What a search answered for a selfie of theirs; it is kept from now on.")


class AttendeeDetail(APIView):
    """An attendee at their address in a messenger; known from the first call on."""

    roles: ClassVar = {"GET": _MESSENGERS, "PUT": _MESSENGERS, "DELETE": _MESSENGERS}
    problems = (410,)

    @extend_schema(responses=AttendeeSerializer)
    def get(self, request: Request, channel: str, address: str) -> Response:
        """What is known of them."""
        return Response(AttendeeSerializer(attendee_get_or_create(channel=channel, address=address)).data)

    @extend_schema(request=AttendeeChangeSerializer, responses=AttendeeSerializer)
    def put(self, request: Request, channel: str, address: str) -> Response:
        """Remember their language, and that they agreed."""
        form = AttendeeChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        attendee = attendee_get_or_create(channel=channel, address=address)
        return Response(AttendeeSerializer(attendee_change(attendee=attendee, **form.validated_data)).data)

    @extend_schema(request=AttendeeForgetSerializer, responses=ReceiptSerializer)
    def delete(self, request: Request, channel: str, address: str) -> Response:
        """Forget them: faces, vectors, cut-outs, portraits, subscriptions, consent. Answers a receipt."""
        form = AttendeeForgetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        attendee = attendee_get_or_create(channel=channel, address=address)
        likeness = sealed(form.validated_data.get("likeness"))
        is_complete = likeness is not None or is_face_known(attendee)
        return Response(receipt(attendee_forget(attendee=attendee, likeness=likeness), is_complete=is_complete))


class SubscriptionList(APIView):
    """What an attendee is told of."""

    roles: ClassVar = {"POST": _MESSENGERS}
    problems = (404, 409, 410)

    @extend_schema(request=SubscribeSerializer, responses={201: SubscriptionSerializer})
    def post(self, request: Request, channel: str, address: str) -> Response:
        """Tell them of new photos of themselves at an event. Their vector is kept from now on, without an image."""
        form = SubscribeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        subscription = attendee_subscribe(
            attendee=attendee_get_or_create(channel=channel, address=address),
            event=visible_event(request, wanted["event"], wanted.get("code", "")),
            likeness=likeness_unseal(wanted["likeness"]),
        )
        return Response(SubscriptionSerializer(subscription).data, status=201)


class SubscriptionDetail(APIView):
    """One of these."""

    roles: ClassVar = {"DELETE": _MESSENGERS}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, channel: str, address: str, slug: str) -> Response:
        """Tell them no more; with the last one their vector goes."""
        attendee = attendee_get_or_create(channel=channel, address=address)
        attendee_unsubscribe(attendee=attendee, event=get_object_or_404(Event, slug=slug))
        return Response(status=204)
