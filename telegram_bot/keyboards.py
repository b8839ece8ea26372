"""The bot's buttons. What one says to us when it is pressed is `verb:word:word`, at most 64 bytes.

They name all they need, so that they work after a restart and weeks later; slugs, which may be longer, by a digest.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

_NAMES = {"ru": "Русский", "en": "English"}
_NUMBERS_PER_ROW = 5
_MOST_EVENTS = 30


def consent() -> InlineKeyboardMarkup:
    """The one thing to say to the question."""
    return _column(_button(_("I agree"), "agree"))


def events(found: Iterable[Mapping[str, Any]]) -> InlineKeyboardMarkup:
    """One button per event."""
    return _column(
        *(_button(str(event["name"]), "event", digest(event["slug"])) for event in list(found)[:_MOST_EVENTS])
    )


def faces(count: int) -> InlineKeyboardMarkup:
    """One button per face, as they are numbered in the picture."""
    return _rows([_button(str(number), "face", number - 1) for number in range(1, count + 1)])


def photos(result: str, *, shown: int, left: int, page: int) -> InlineKeyboardMarkup:
    """What can be done after the photos up to number `shown`, the last `page` of which have just been sent."""
    first = shown - page
    rows = []
    if left:
        text = ngettext("Show %(count)d more", "Show %(count)d more", min(left, 10)) % {"count": min(left, 10)}
        rows.append([_button(text, "more", result, shown)])
    if page:
        rows.append([_button(_("Original"), "originals", result, first), _button(_("Not me"), "nots", result, first)])
    if shown:
        rows.append([_button(_("All as ZIP"), "zip", result)])
    return InlineKeyboardMarkup([*rows, *_wishes(result)])


def nothing_found(result: str) -> InlineKeyboardMarkup:
    """What can be done when there are no photos."""
    return InlineKeyboardMarkup([*_wishes(result), [_button(_("Another event"), "events")]])


def news(result: str, slug: str, *, shown: int, left: int, page: int) -> InlineKeyboardMarkup:
    """What can be done after new photos."""
    rows = photos(result, shown=shown, left=left, page=page).inline_keyboard[:-2]
    return InlineKeyboardMarkup([*rows, [_stop(slug)]])


def show_news(result: str, slug: str) -> InlineKeyboardMarkup:
    """For new photos that were perhaps sent."""
    return _column(_button(_("Show the photos"), "again", result, 0), _stop(slug))


def numbered(verb: str, result: str, numbers: Mapping[int, int]) -> InlineKeyboardMarkup:
    """One button per photo: its number, which the photo's caption has too, and its id."""
    return _rows([_button(str(number), verb, result, photo) for number, photo in numbers.items()])


def subscription(slug: str) -> InlineKeyboardMarkup:
    """The way back from a subscription."""
    return _column(_stop(slug))


def forget() -> InlineKeyboardMarkup:
    """The choice between going and staying."""
    return _column(_button(_("Yes, delete everything"), "forget", "yes"), _button(_("No, keep it"), "forget", "no"))


def languages() -> InlineKeyboardMarkup:
    """Each language by its own name."""
    return _rows([_button(name, "language", code) for code, name in _NAMES.items()])


def again(what: str) -> InlineKeyboardMarkup:
    """A second look at what was perhaps not delivered: the text of a button, or where the conversation stands."""
    text = _("Show the photos again") if shows_photos(what) else _("Go on")
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=what or "home")]])


def photos_again(result: str, first: int) -> str:
    """What a button says that shows the photos from number `first` (counted from 0) again."""
    return f"again:{result}:{first}"


def controls_again(result: str, shown: int) -> str:
    """What a button says that brings the buttons below photo number `shown` again."""
    return f"controls:{result}:{shown}"


def shows_photos(what: str) -> bool:
    """Whether a button that says this shows photos."""
    return what.startswith("again:")


def digest(slug: str) -> str:
    """A short name of an event for buttons."""
    return hashlib.sha256(slug.encode()).hexdigest()[:16]


def _wishes(result: str) -> list[list[InlineKeyboardButton]]:
    return [
        [_button(_("Tell me of new ones"), "tell", result)],
        [_button(_("Add a photo of me"), "add", result), _button(_("Find me in videos"), "videos", result)],
    ]


def _stop(slug: str) -> InlineKeyboardButton:
    return _button(_("Stop telling me"), "stop", digest(slug))


def _button(text: str, *words: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=":".join(map(str, words)))


def _column(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[button] for button in buttons])


def _rows(buttons: Sequence[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    starts = range(0, len(buttons), _NUMBERS_PER_ROW)
    return InlineKeyboardMarkup([buttons[start : start + _NUMBERS_PER_ROW] for start in starts])
