"""Where a conversation stands. Photos are never kept, only Telegram's number of a selfie that waits for an answer."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from telegram_bot.store import LIKENESS_SECONDS, STATE_SECONDS

RUSSIAN = "ru"
ENGLISH = "en"
LANGUAGES = (RUSSIAN, ENGLISH)
# Languages of Telegram whose users mostly read Russian better than English.
_READ_RUSSIAN = {"ru", "be", "uk", "kk", "ky", "tg", "uz", "tk", "hy", "az", "tt", "ba", "cv", "ce", "os", "mo"}


@dataclass(frozen=True)
class Place:
    """An event, and the code that opens it, if one is needed."""

    slug: str
    name: str
    code: str = ""


@dataclass
class State:
    """What the bot remembers of a chat.

    `purpose` is what the next selfie is for: empty (search), `more`, `tell`, `videos`, `forget`. `selfie` is Telegram's
    number of a selfie that waits for a consent, an event or the choice of a face. `result` is the code of what was
    found last, `count` photos in `found_in`; `shown` are the ids of those that were shown, in their order, which
    numbers them, and `objected` those of them that are somebody else's. `likeness` is sealed by the site.
    """

    language: str = ""
    is_known: bool = False
    has_consent: bool = False
    event: Place | None = None
    purpose: str = ""
    selfie: str = ""
    result: str = ""
    found_in: Place | None = None
    count: int = 0
    shown: list[int] = field(default_factory=list)
    objected: list[int] = field(default_factory=list)
    group: str = ""
    likeness: str = ""

    def likeness_of(self, result: str) -> str:
        """The likeness that led to this result, if it is still known."""
        return self.likeness if result == self.result else ""


def state_names(chat: int) -> tuple[str, str]:
    """Under which names a chat's state lies in the store."""
    return f"state:{chat}", f"likeness:{chat}"


def state_read(text: str | None, likeness: str | None) -> State:
    """The state of its two values; fields that an older or newer bot wrote are left out."""
    values: dict[str, Any] = json.loads(text) if text else {}
    known = {name.name for name in fields(State)}
    state = State(**{name: value for name, value in values.items() if name in known})
    state.event, state.found_in = _place(values.get("event")), _place(values.get("found_in"))
    state.likeness = likeness or ""
    return state


def state_changes(chat: int, state: State, before: State) -> dict[str, tuple[str, int] | None]:
    """What to write, for how many seconds. A likeness only when it is new: it does not live longer by being used."""
    name, likeness = state_names(chat)
    kept = asdict(state)
    changes: dict[str, tuple[str, int] | None] = {}
    if state == State():
        return {name: None, likeness: None}
    if state.likeness != before.likeness:
        changes[likeness] = (state.likeness, LIKENESS_SECONDS) if state.likeness else None
    return changes | {name: (json.dumps(kept | {"likeness": ""}, ensure_ascii=False), STATE_SECONDS)}


def _place(values: dict[str, str] | None) -> Place | None:
    return Place(**values) if values else None


def language_of(telegram_language: str | None) -> str:
    """Russian for those who probably read it, English for everybody else."""
    return RUSSIAN if (telegram_language or "").partition("-")[0].lower() in _READ_RUSSIAN else ENGLISH
