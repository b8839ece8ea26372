"""Links for attendees: to an event's page and bot, and to photos, signed, one photo in one way for a while."""

import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from faces.models import Event, Photo, SelfieSearch
from photofinder.errors import Problem

KINDS = ("thumb", "preview", "original")
_signer = Signer(salt="faces.links", sep="~")


@dataclass(frozen=True)
class OpenedLink:
    """What a link opens: a photo by its primary key, in what way, and for which search."""

    photo: int
    kind: str
    search: int | None


def photo_link(*, photo: Photo, kind: str, search: SelfieSearch | None = None) -> str:
    """The path that opens the photo as `kind` for at least half of settings.URL_SECONDS.

    The same one for half of the period, so that browsers cache what is behind it.
    """
    half = settings.URL_SECONDS // 2
    expires = (int(time.time()) // half + 2) * half
    token = _signer.sign(f"{kind}-{photo.pk}-{search.pk if search else 0}-{expires}")
    return reverse("attendee-file", args=[token, photo.original_name.replace("/", "_") or "photo"])


def link_open(token: str) -> OpenedLink:
    """What the token of a link opens. Raises Problem `link_expired`."""
    try:
        kind, photo, search, expires = _signer.unsign(token).split("-")
    except BadSignature as error:
        raise _expired() from error
    if int(expires) <= time.time():
        raise _expired()
    return OpenedLink(int(photo), kind, int(search) or None)


def event_path(event: Event) -> str:
    """The path of the event's page, with the code where attendees need one."""
    path = reverse("event-page", args=[event.slug])
    return f"{path}?{urlencode({'code': event.code})}" if event.access == Event.Access.CODE else path


def bot_link(event: Event) -> str:
    """The link that opens the event in the bot; empty while the site has no bot."""
    name = settings.TELEGRAM_BOT_NAME.removeprefix("@")
    return f"https://t.me/{name}?{urlencode({'start': event.code})}" if name else ""


def _expired() -> Problem:
    return Problem("link_expired", "This link is not valid any more; ask for a new one.")
