"""Links that play a film, signed, for a while: staff's always, attendees' as long as its event allows it."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from faces.models import Event
from photofinder.errors import Problem
from videos.models import Video

_signer = Signer(salt="videos.links", sep="~")


@dataclass(frozen=True)
class OpenedFilm:
    """The film that a link opens, and for whom."""

    video: Video
    is_attendee: bool


def player_path(*, video: Video, at: float, is_attendee: bool) -> str:
    """The path of the page that plays the film from second `at` on, for at least half of settings.URL_SECONDS.

    Empty for whoever may not have the film, and where there is none yet.
    """
    if not (video.key or video.path) or (is_attendee and not is_handed_out(video.event)):
        return ""
    half = settings.URL_SECONDS // 2
    expires = (int(time.time()) // half + 2) * half
    token = _signer.sign(f"{video.pk}-{int(is_attendee)}-{expires}")
    return f"{reverse('film', args=[token])}?t={at:.1f}"


def film_link_open(token: str) -> OpenedFilm:
    """What the token of a link opens. Raises Problem `link_expired`, and `not_found` for what may not be seen now."""
    try:
        number, is_attendee, expires = map(int, _signer.unsign(token).split("-"))
    except BadSignature as error:
        raise _expired() from error
    if expires <= time.time():
        raise _expired()
    video = Video.objects.select_related("event").exclude(key="", path="").filter(pk=number).first()
    if video is None or (is_attendee and not is_handed_out(video.event)):
        raise Problem("not_found", "This film is not shown any more.")
    return OpenedFilm(video, bool(is_attendee))


def is_handed_out(event: Event | None) -> bool:
    """Whether attendees may have films of the event: it is open, gives originals, and shows all that was taken; nobody
    can release a film a photo at a time.
    """
    is_open = event is not None and event.published and event.access != Event.Access.CLOSED
    return event is not None and is_open and event.originals_allowed and not event.released_only


def _expired() -> Problem:
    return Problem("link_expired", "This link is not valid any more; ask for a new one.")
