"""Sending photos over HTTP, and watching them being processed."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import F
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.api.scope import visible_event
from faces.models import Event, Face, Photo, UploadBatch
from faces.services.pipeline import photos_retry
from faces.services.uploads import batch_create, photos_upload
from photofinder.errors import Problem
from photofinder.roles import STAFF_AND_CLIENTS, Role

_SENDERS = {Role.ORGANISER, Role.CLIENT}


class FilesSerializer(serializers.Serializer[Any]):
    """The photos to send."""

    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), allow_empty=False)
    batch = serializers.IntegerField(required=False, help_text="A batch of this event to go on with.")


class AcceptedSerializer(serializers.Serializer[Any]):
    """A file that was taken in."""

    name = serializers.CharField()
    photo = serializers.IntegerField(source="photo.pk", help_text="The photo's id.")
    duplicate = serializers.BooleanField(help_text="The event had the same bytes before; nothing is done again.")


class RefusedSerializer(serializers.Serializer[Any]):
    """A file that was not taken in, or could not be processed."""

    name = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "one of three is no photo",
            {
                "batch": 7,
                "accepted": [
                    {"name": "IMG_0001.jpg", "photo": 4711, "duplicate": False},
                    {"name": "IMG_0001 (1).jpg", "photo": 4711, "duplicate": True},
                ],
                "refused": [{"name": "notes.txt", "code": "not_an_image", "detail": "This is not a photo."}],
            },
        )
    ]
)
class UploadSerializer(serializers.Serializer[Any]):
    """What became of the files."""

    batch = serializers.IntegerField()
    accepted = AcceptedSerializer(many=True)
    refused = RefusedSerializer(many=True)


class BatchSerializer(serializers.Serializer[Any]):
    """How far a batch is. Refused files count as processed and failed."""

    state = serializers.ChoiceField(["queued", "running", "done", "failed"], help_text="`failed`: nothing is ready.")
    total = serializers.IntegerField()
    processed = serializers.IntegerField()
    failed = serializers.IntegerField()
    faces = serializers.IntegerField()
    eta_s = serializers.IntegerField(allow_null=True, help_text="Seconds to go; null while nobody can tell.")
    errors = RefusedSerializer(many=True)  # type: ignore[assignment] # the metaclass takes it off the class again


class PhotoUpload(APIView):
    """Send photos to an event."""

    roles: ClassVar = {"POST": _SENDERS}
    parser_classes = (MultiPartParser,)

    @extend_schema(request={"multipart/form-data": FilesSerializer}, responses={202: UploadSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Store the files and queue them. A bad file refuses itself only; the same bytes again change nothing."""
        event = visible_event(request, slug)
        form = FilesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        batch = _batch(event, form.validated_data.get("batch"), request.user)
        files = [(file.name, file) for file in form.validated_data["files"]]
        accepted, refused = photos_upload(batch=batch, files=files)
        answer = UploadSerializer({"batch": batch.pk, "accepted": accepted, "refused": refused})
        return Response(answer.data, status=202)


class BatchDetail(APIView):
    """How far a batch is."""

    roles: ClassVar = {"GET": STAFF_AND_CLIENTS}

    @extend_schema(responses=BatchSerializer)
    def get(self, request: Request, batch_id: int) -> Response:
        """How far the batch is, and what went wrong."""
        batch = get_object_or_404(UploadBatch, pk=batch_id)
        return Response(BatchSerializer(_progress(batch)).data)


class BatchRetry(APIView):
    """Try again what failed."""

    roles: ClassVar = {"POST": _SENDERS}

    @extend_schema(request=None, responses={202: BatchSerializer})
    def post(self, request: Request, batch_id: int) -> Response:
        """Send the failed photos of the batch through the pipeline again; refused files have to be sent again."""
        batch = get_object_or_404(UploadBatch, pk=batch_id)
        failed = Photo.objects.taken().filter(batch=batch, state=Photo.State.FAILED)
        photos_retry(photo_ids=list(failed.values_list("pk", flat=True)))
        return Response(BatchSerializer(_progress(batch)).data, status=202)


def _batch(event: Event, batch_id: int | None, user: Any) -> UploadBatch:
    """The batch to put photos into. Raises Problem `not_found`."""
    if batch_id is None:
        return batch_create(event=event, by=user if isinstance(user, User) else None)
    batch = UploadBatch.objects.filter(pk=batch_id, event=event).first()
    if batch is None:
        raise Problem("not_found", f"The event {event.slug} has no batch {batch_id}.")
    return batch


def _progress(batch: UploadBatch) -> dict[str, Any]:
    photos = Photo.objects.taken().filter(batch=batch)
    counts = photos.progress()
    failed = photos.filter(state=Photo.State.FAILED)
    errors = [
        *batch.refusals.order_by("pk").values("name", "code", "detail"),
        *failed.order_by("pk").values(name=F("original_name"), code=F("error_code"), detail=F("error")),
    ]
    return {
        "state": _state(counts, bool(errors), Event.objects.unsettled().filter(pk=batch.event_id).exists()),
        "total": counts["ready"] + counts["waiting"] + counts["working"] + len(errors),
        "processed": counts["ready"] + len(errors),
        "failed": len(errors),
        "faces": Face.objects.photographed().filter(photo__batch=batch).count(),
        "eta_s": photos.eta_seconds(),
        "errors": errors,
    }


def _state(counts: dict[str, int], has_errors: bool, is_unsettled: bool) -> str:
    if is_unsettled or counts["working"] or (counts["waiting"] and counts["waiting"] < counts["total"]):
        return "running"
    if counts["waiting"]:
        return "queued"
    return "failed" if has_errors and not counts["ready"] else "done"
