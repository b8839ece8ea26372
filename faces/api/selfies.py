"""What every call that takes a selfie shares: its fields, its limits, reading it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from faces.services.likenesses import Likeness, likeness_of, likeness_unseal
from faces.services.search import selfie_read
from photofinder.api import BoundedMultiPart
from photofinder.errors import RefusedFile
from photofinder.images import Picture
from photofinder.uploads import SelfieUploads


class SelfieSerializer(serializers.Serializer[Any]):
    """A selfie."""

    photo = serializers.FileField(allow_empty_file=True)
    face = serializers.IntegerField(
        required=False, min_value=0, help_text="Which face, after `several_faces` has told their boxes."
    )


class LikenessSerializer(serializers.Serializer[Any]):
    """A selfie, or the likeness that an earlier call answered for one."""

    photo = serializers.FileField(required=False, allow_empty_file=True)
    face = serializers.IntegerField(required=False, min_value=0, help_text="Which face, after `several_faces`.")
    likeness = serializers.CharField(
        required=False, help_text="What a search answered for an earlier selfie, good for an hour; with a photo: both."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two is there."""
        if not attrs.get("photo") and not attrs.get("likeness"):
            raise serializers.ValidationError({"photo": "Send a selfie."})
        return attrs


class SelfieView(APIView):
    """A view that takes one selfie."""

    throttle_scope = "search"
    parser_classes: Any = (BoundedMultiPart,)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """With the selfie held in memory: it is on no disk."""
        request.upload_handlers = [SelfieUploads(request, most_files=self.most_files())]
        return super().initialize_request(request, *args, **kwargs)

    def most_files(self) -> int:
        """How many files are kept of a request."""
        return 1

    def max_body_bytes(self) -> int:
        """One selfie."""
        return int(settings.SELFIE_MAX_BYTES)


def sent_picture(file: Any) -> Picture:
    """The picture of an uploaded file. Raises RefusedFile."""
    if file.size > settings.SELFIE_MAX_BYTES:
        raise RefusedFile("too_large", f"The selfie is larger than {settings.SELFIE_MAX_BYTES // 1024**2} MB.")
    return Picture(file, max_pixels=settings.SELFIE_MAX_PIXELS)


def sent_likeness(form: dict[str, Any]) -> Likeness:
    """What a valid LikenessSerializer asks for. Raises what reading a selfie raises, and `likeness_expired`."""
    if form.get("photo"):
        selfie = selfie_read(picture=sent_picture(form["photo"]), face_index=form.get("face"))
        return likeness_of(selfie.face.embedding)
    return likeness_unseal(form["likeness"])


def sealed(text: str | None) -> Likeness | None:
    """The likeness that was sent, if one was. Raises Problem `likeness_expired`."""
    return likeness_unseal(text) if text else None
