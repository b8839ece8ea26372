"""Images as the pages of Admin show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format

from media_index.api.shapes import Shown, images_shown
from media_index.models import Image, SourceFile
from photofinder.storage import signed_url

IMAGES_PER_PAGE = 100
SMALL_PX, LARGE_PX = min(settings.THUMBNAIL_SIZES_PX), max(settings.THUMBNAIL_SIZES_PX)
PLACES_SHOWN = 5  # files of one image that are named


@dataclass(frozen=True)
class Card:
    """An image in a grid: what stands on it, and where it leads."""

    image: Image
    name: str
    url: str
    thumbnail: str
    tags: list[str]
    taken: str
    similarity: str = ""
    because: str = ""


@dataclass(frozen=True)
class Page:
    """A part of a long list, and the numbers of the parts before and after it, 0 where there is none."""

    number: int
    total: int
    size: int

    @property
    def offset(self) -> int:
        """How many come before it."""
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """The number of its first row."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """The number of its last row."""
        return min(self.offset + self.size, self.total)

    @property
    def before(self) -> int:
        """The page before."""
        return self.number - 1

    @property
    def after(self) -> int:
        """The next page."""
        return self.number + 1 if self.offset + self.size < self.total else 0


def cards(rows: Sequence[tuple[int, float | None, str]]) -> list[Card]:
    """Cards of images given as (id, similarity, because), in a fixed number of queries."""
    return [card(shown) for shown in images_shown(rows)]


def card(shown: Shown) -> Card:
    """The card of an image."""
    image = shown.image
    return Card(
        image=image,
        name=name_of(shown),
        url=image_url(image),
        thumbnail=thumbnail(image, SMALL_PX),
        tags=[tag.name for tag in image.tags.all()],
        taken=camera_clock(image.taken_at),
        similarity="" if shown.similarity is None else percent(shown.similarity),
        because=shown.because,
    )


def name_of(shown: Shown) -> str:
    """The name of its first file, or the beginning of its digest."""
    return shown.facts.names[0].rpartition("/")[2] if shown.facts.names else str(shown.image)


def image_url(image: Image) -> str:
    """Its page."""
    return reverse("admin:media_index_image_change", args=[image.pk])


def thumbnail(image: Image | None, long_side: int) -> str:
    """The signed URL of the copy with that long side, or nothing while there is none."""
    return signed_url(image.thumbnail_key(long_side)) if image and image.ingested_at else ""


def percent(fraction: float) -> str:
    """A fraction as a whole percentage, never 100 % for less than all."""
    return f"{min(int(fraction * 100 + 0.5), 100 if fraction >= 1 else 99)} %"


def camera_clock(at: datetime | None) -> str:
    """What the camera's clock said, as it said it: it has no zone that could be told or shifted."""
    return f"{date_format(at, 'SHORT_DATE_FORMAT')} {at:%H:%M}" if at else ""


def files_lying(image_ids: Iterable[int]) -> QuerySet[SourceFile]:
    """The files of these images that are there, with their sources."""
    files = SourceFile.objects.filter(image__in=image_ids).exclude(state=SourceFile.State.GONE)
    return files.select_related("source").order_by("pk")


def places(image_ids: Iterable[int]) -> dict[int, list[str]]:
    """Where each of these images lies, as full paths."""
    found: dict[int, list[str]] = {}
    for file in files_lying(image_ids):
        if file.image_id is not None:
            found.setdefault(file.image_id, []).append(path_of(file))
    return found


def path_of(file: SourceFile) -> str:
    """Where the file lies."""
    return f"{file.source.location.rstrip('/')}/{file.name}"


def page_number(request: HttpRequest) -> int:
    """The page that the address asks for; the first where that is nonsense."""
    asked = (request.POST if request.method == "POST" else request.GET).get("page", "")
    return int(asked) if is_number(asked) and len(asked) < 7 and int(asked) else 1


def is_number(text: str) -> bool:
    """Whether the text is the number of a row."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def page_addresses(request: HttpRequest, page: Page) -> dict[str, Any]:
    """The page, with the addresses of its neighbours."""

    def address(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}" if number else ""

    return {"page": page, "page_before": address(page.before), "page_after": address(page.after)}
