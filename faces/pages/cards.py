"""Photos as the pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from faces.models import Photo, SelfieSearch
from faces.services.links import photo_link
from faces.services.moments import Moment, moments_of_result
from faces.services.results import result_photos
from faces.services.search import PhotoMatch

PAGE = 60


@dataclass(frozen=True)
class Card:
    """One photo: its links, each for a while, and its size in pixels as a viewer shows it."""

    photo: int
    name: str
    width: int
    height: int
    thumb: str
    preview: str
    download: str

    @property
    def ratio(self) -> str:
        """Width by height, for CSS: a panorama is given no more room than three squares."""
        return f"{min(max(self.width / max(self.height, 1), 0.5), 3):.3f}"


@dataclass(frozen=True)
class MomentCard:
    """Some seconds of a film: when, in which, the frame that shows them, and where it is played, if it may be."""

    clock: str
    film: str
    width: int
    height: int
    thumb: str
    player: str


def moment_cards(search: SelfieSearch) -> list[MomentCard]:
    """The moments of films that a search found."""
    return [_moment_card(moment, search) for moment in moments_of_result(search)[:PAGE]]


def cards(matches: Iterable[PhotoMatch], search: SelfieSearch) -> list[Card]:
    """The photos of a search's result."""
    return [_card(match, search) for match in matches]


def page_of(request: HttpRequest, search: SelfieSearch) -> dict[str, Any]:
    """Context: the cards from `?start=` on, how many there are in all, and where the next and the last ones start."""
    photos, asked = result_photos(search), request.GET.get("start", "")
    count = photos.count()
    start = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    shown = cards(photos[start : start + PAGE], search)
    following = start + len(shown)
    return {
        "cards": shown,
        "count": count,
        "start": start,
        "following": following if shown and following < count else None,
        "preceding": max(start - PAGE, 0) if start else None,
        "eager": 6 if start == 0 else 0,
    }


def _card(match: PhotoMatch, search: SelfieSearch) -> Card:
    photo = match.face.photo
    return Card(
        photo=photo.pk,
        name=photo.original_name,
        width=photo.image.width,
        height=photo.image.height,
        thumb=photo_link(photo=photo, kind="thumb", search=search),
        preview=photo_link(photo=photo, kind="preview", search=search),
        download=_download(photo, search),
    )


def _moment_card(moment: Moment, search: SelfieSearch) -> MomentCard:
    image = moment.still.image
    return MomentCard(
        clock=moment.clock,
        film=moment.film,
        width=image.width,
        height=image.height,
        thumb=photo_link(photo=moment.still, kind="thumb", search=search),
        player=moment.player,
    )


def _download(photo: Photo, search: SelfieSearch) -> str:
    if photo.event.originals_allowed:
        return photo_link(photo=photo, kind="original", search=search)
    return f"{photo_link(photo=photo, kind='preview', search=search)}?download=1"
