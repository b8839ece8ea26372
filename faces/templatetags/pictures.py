"""Pictures in the pages of Admin: URLs of photos and faces, and where in a photo a face is."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.conf import settings
from django.utils.formats import date_format

from faces.models import Face
from media_index.models import Image
from photofinder.storage import signed_url

GOLDEN_ANGLE = 137.508  # degrees; people with neighbouring ids get hues that lie far apart
NEAR_EDGE = 0.85  # of the picture's width or height
register = template.Library()


@register.filter
def thumbnail(image: Image, long_side: int) -> str:
    """The signed URL of the image's copy with that long side, or nothing while it is not made yet."""
    return signed_url(image.thumbnail_key(long_side)) if image.ingested_at else ""


@register.filter
def original(image: Image) -> str:
    """The signed URL of the file as it was sent."""
    return signed_url(image.key)


@register.filter
def cutout(face: Face) -> str:
    """The signed URL of the face with its surroundings."""
    return signed_url(face.crop_key)


@register.filter
def camera_clock(at: datetime | None) -> str:
    """What the camera's clock said, as it said it: it has no zone that could be told or shifted."""
    return f"{date_format(at, 'SHORT_DATE_FORMAT')} {at:%H:%M}" if at else ""


@register.filter
def ratio(image: Image) -> str:
    """Width by height, for CSS."""
    return f"{image.width / image.height:.4f}"


@register.filter
def place(box: Sequence[float]) -> str:
    """CSS that puts an element over a box (left, top, width, height in fractions) of the picture it lies on."""
    return ";".join(f"{side}:{value:.3%}" for side, value in zip(("left", "top", "width", "height"), box, strict=True))


@register.filter
def label_side(box: Sequence[float]) -> str:
    """CSS classes that keep the label of a box near the right or the lower edge inside the picture."""
    left, top, width, height = box
    classes = {"pf-box-right": left + width / 2 > NEAR_EDGE, "pf-box-low": top + height > NEAR_EDGE}
    return " ".join(name for name, is_near in classes.items() if is_near)


@register.filter
def hue(person_id: int | None) -> str:
    """The hue of a person's colour, in degrees."""
    return f"{(person_id or 0) * GOLDEN_ANGLE % 360:.0f}"


@register.filter
def percent(fraction: float) -> str:
    """A fraction as a whole percentage, never 100 % for less than all."""
    return f"{min(int(fraction * 100 + 0.5), 100 if fraction >= 1 else 99)} %"


@register.filter
def is_good(face: Face) -> bool:
    """Whether the face passes every quality gate."""
    return face.quality >= settings.FACE_QUALITY_GOOD
