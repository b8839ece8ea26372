"""New photos for subscribers over HTTP: a messenger's bot takes one after another, sends it, and says so."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.models import Notification
from faces.services.notifications import Claim, notification_claim, notification_done
from faces.services.results import result_photos
from photofinder.roles import Role

_CARRIERS = {Role.BOT}


class WhichSerializer(serializers.Serializer[Any]):
    """Whose notifications."""

    channel = serializers.SlugField(max_length=20, help_text="The messenger, such as telegram.")


class NewsEventSerializer(serializers.Serializer[Any]):
    """The event with news."""

    slug = serializers.SlugField()
    name = serializers.CharField()


class NotificationSerializer(serializers.Serializer[Claim]):
    """New photos for somebody."""

    id = serializers.IntegerField(source="notification.pk")
    address = serializers.CharField(source="notification.subscription.attendee.address")
    language = serializers.CharField(source="notification.subscription.attendee.language")
    event = NewsEventSerializer(source="notification.subscription.event")
    result = serializers.CharField(source="notification.search.code", help_text="Opens the photos at `results/`.")
    photos_count = serializers.SerializerMethodField()
    is_repeated = serializers.BooleanField(help_text="It was perhaps sent before, by somebody who died while at it.")

    def get_photos_count(self, claim: Claim) -> int:
        """Those that may still be seen."""
        return result_photos(claim.notification.search).count()


class ClaimedSerializer(serializers.Serializer[Any]):
    """The next one, if there is one."""

    notification = NotificationSerializer(allow_null=True)


class OutcomeSerializer(serializers.Serializer[Any]):
    """What became of it."""

    outcome = serializers.ChoiceField(
        choices=["sent", "gone"], help_text="`gone`: nobody is at that address any more; their subscriptions end."
    )


class NotificationClaim(APIView):
    """Take the next notification."""

    roles: ClassVar = {"POST": _CARRIERS}

    @extend_schema(request=WhichSerializer, responses=ClaimedSerializer)
    def post(self, request: Request) -> Response:
        """The oldest one that nobody else sends; say what became of it within five minutes."""
        form = WhichSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        claim = notification_claim(channel=form.validated_data["channel"])
        return Response({"notification": NotificationSerializer(claim).data if claim else None})


class NotificationDone(APIView):
    """Finish a notification."""

    roles: ClassVar = {"POST": _CARRIERS}

    @extend_schema(request=OutcomeSerializer, responses={204: None})
    def post(self, request: Request, notification_id: int) -> Response:
        """It was sent, or nobody is there any more."""
        form = OutcomeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        notification = get_object_or_404(
            Notification.objects.select_related("subscription__attendee"), pk=notification_id
        )
        notification_done(notification=notification, is_gone=form.validated_data["outcome"] == "gone")
        return Response(status=204)
