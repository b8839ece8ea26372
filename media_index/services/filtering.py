"""Which images a search looks at."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from media_index.models import Image
from media_index.querysets import ImageQuerySet
from media_index.services.tagging import tag_ids
from photofinder.errors import Problem
from photofinder.images import EXTENSIONS

ORIENTATIONS = ("landscape", "portrait", "square")
_PIXELS = ExpressionWrapper(Cast("width", BigIntegerField()) * F("height"), BigIntegerField())
_TURNED = {
    "landscape": Q(width__gt=F("height")),
    "portrait": Q(width__lt=F("height")),
    "square": Q(width=F("height")),
}


@dataclass(frozen=True)
class Filters:
    """What images must be besides what is looked for; all that is given holds at once, and both ends are included."""

    event: str = ""  # its slug
    person: str = ""  # their public id
    tag: tuple[str, ...] = ()  # all of them
    camera: str = ""  # as images say it, or its first words: `Canon` is every camera of that make
    taken_from: date | None = None  # by the camera's clock
    taken_to: date | None = None
    rating_min: int = 0
    format: str = ""  # JPEG, jpg, HEIF, heic, ...
    orientation: str = ""  # one of ORIENTATIONS
    bytes_min: int | None = None
    bytes_max: int | None = None
    pixels_min: int | None = None  # width times height
    pixels_max: int | None = None

    @property
    def are_foreign(self) -> bool:
        """Whether one of them is another room's: of its changes this room hears nothing."""
        return any(getattr(self, name) for name in settings.IMAGE_FILTERS)

    @property
    def are_empty(self) -> bool:
        """Whether every image passes."""
        return all(getattr(self, field.name) in ("", (), None, 0) for field in fields(self))


def images_filtered(filters: Filters) -> ImageQuerySet:
    """The images that are shown and pass. Raises Problem `not_found` for an event or a person that is not there, and
    `invalid` for a format or an orientation that no image has.
    """
    images: ImageQuerySet = Image.objects.shown().filter(_of_columns(filters))
    for tag in filters.tag:
        images = images.filter(pk__in=Image.tags.through.objects.filter(tag__in=tag_ids(tag)).values("image"))
    for name, path in settings.IMAGE_FILTERS.items():
        if value := getattr(filters, name):
            images = images.filter(_standing_for(import_string(path)(value)))
    if filters.pixels_min is not None or filters.pixels_max is not None:
        images = images.alias(pixels=_PIXELS).filter(_between("pixels", filters.pixels_min, filters.pixels_max))
    return images


def _standing_for(ids: QuerySet[Any]) -> Q:
    """These images, and those that supersede one of them; as one set, which PostgreSQL looks up one by one while it is
    small. Of two sets of which one must hold it would look at every image.
    """
    kept = Image.objects.filter(pk__in=ids, superseded_by__isnull=False)
    return Q(pk__in=ids.union(kept.values("superseded_by")))


def _of_columns(filters: Filters) -> Q:
    wanted = _taken(filters) & _between("bytes", filters.bytes_min, filters.bytes_max)
    if filters.camera:
        wanted &= Q(camera=filters.camera) | Q(camera__startswith=f"{filters.camera} ")
    if filters.rating_min:
        wanted &= Q(rating__gte=filters.rating_min)
    if filters.format:
        wanted &= Q(format__in=_formats(filters.format))
    if filters.orientation:
        wanted &= _turned(filters.orientation)
    return wanted


def _taken(filters: Filters) -> Q:
    """Whole days of the camera's clock, which is kept as if it were UTC."""
    wanted = Q()
    if filters.taken_from:
        wanted &= Q(taken_at__gte=datetime.combine(filters.taken_from, time.min, UTC))
    if filters.taken_to:
        wanted &= Q(taken_at__lte=datetime.combine(filters.taken_to, time.max, UTC))
    return wanted


def _between(column: str, least: Any, most: Any) -> Q:
    wanted = Q() if least is None else Q(**{f"{column}__gte": least})
    return wanted if most is None else wanted & Q(**{f"{column}__lte": most})


def _formats(name: str) -> list[str]:
    """The formats of that name or of that file extension; JPEG is MPO too, which is JPEG with more behind it."""
    name = name.strip(". ").lower()
    extension = next((EXTENSIONS[known] for known in EXTENSIONS if known.lower() == name), name)
    found = [known for known, of_it in EXTENSIONS.items() if of_it == extension]
    if not found:
        raise Problem("invalid", _("There are no images of the format %s.") % name)
    return found


def _turned(name: str) -> Q:
    if name not in _TURNED:
        raise Problem("invalid", _("An image is one of: %s.") % ", ".join(ORIENTATIONS))
    return _TURNED[name]
