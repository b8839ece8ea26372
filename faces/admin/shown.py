"""Faces as the scripts of Admin show them: cut out, and in their photo."""

from typing import Any

from django.urls import reverse

from faces.models import Face
from faces.templatetags.pictures import cutout, place, ratio, thumbnail

PHOTO_PX = 1600


def shown_face(face: Face) -> dict[str, Any]:
    """What a script needs to show the face with its photo, both by URLs that open them for a while."""
    return {
        "face": face.pk,
        "crop": cutout(face),
        "photo": thumbnail(face.photo.image, PHOTO_PX),
        "box": place(face.box),
        "ratio": ratio(face.photo.image),
        "name": face.photo.original_name,
        "url": reverse("admin:faces_photo_change", args=[face.photo_id]),
    }
