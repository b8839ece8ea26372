"""Somebody with Telegram: writes to the bot, sends photos, presses buttons, reads."""

from dataclasses import dataclass, field
from typing import Any

from telegram_bot.tests.telegram_server import Sent, TelegramServer, message


@dataclass(eq=False)
class Person:
    """A user of Telegram in their chat with the bot. `read` is what they have looked at so far."""

    telegram: TelegramServer
    number: int
    language: str = "en"
    read: int = 0
    pressed: set[str] = field(default_factory=set)
    _counter: list[int] = field(default_factory=lambda: [0])

    def writes(self, text: str) -> int:
        """Send a text; a command begins with a slash."""
        command = text.split()[0]
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if text.startswith("/") else []
        return self._sends(text=text, entities=entities)

    def sends_photo(self, data: bytes, *, size: int | None = None, **more: Any) -> int:
        """Send a photo, as Telegram gives it to bots: several sizes, the largest last."""
        number = self.telegram.keep_file(data, size=size)
        small = self.telegram.keep_file(b"small")
        sizes = [self._photo(small, 90), self._photo(number, 1280)]
        return self._sends(photo=[sizes[0], sizes[1] | {"file_size": self.telegram.sizes[number]}], **more)

    def sends_document(self, data: bytes, name: str, mime: str, *, size: int | None = None) -> int:
        """Send a file."""
        number = self.telegram.keep_file(data, size=size)
        about = {"file_id": number, "file_unique_id": number, "file_name": name, "mime_type": mime}
        return self._sends(document=about | {"file_size": self.telegram.sizes[number]})

    def sends(self, **content: Any) -> int:
        """Send any other message."""
        return self._sends(**content)

    def presses(self, text: str) -> int:
        """Press the newest button with these words on it."""
        buttons = [(sent, sent.buttons[name]) for sent in self.messages() for name in sent.buttons if text in name]
        assert buttons, f"There is no button {text!r} among {[list(sent.buttons) for sent in self.messages()]}"
        sent, data = buttons[-1]
        return self.presses_data(data, sent)

    def presses_data(self, data: str, sent: Sent | None = None) -> int:
        """Press a button that says this to the bot."""
        sent = sent or self.messages()[-1]
        query = {"id": str(self._next()), "from": self._user(), "chat_instance": "1", "data": data}
        return self.telegram.feed(callback_query=query | {"message": message(sent)})

    def messages(self, kind: str = "") -> list[Sent]:
        """All that they got."""
        return self.telegram.of(self.number, kind)

    def reads(self, text: str, *, kind: str = "", seconds: float = 15) -> Sent:
        """Wait for a message with these words that they have not read yet; those before it count as read."""
        position, sent = self.telegram.wait(lambda: self._unread(text, kind), seconds)
        self.read = position + 1
        found: Sent = sent
        return found

    def photos(self) -> list[Sent]:
        """The photos that they got."""
        return self.messages("photo")

    def _unread(self, text: str, kind: str) -> tuple[int, Sent] | None:
        for position, sent in enumerate(self.messages()):
            if position >= self.read and text in sent.text and kind in ("", sent.kind):
                return position, sent
        return None

    def _sends(self, **content: Any) -> int:
        about = {"message_id": self._next(), "date": 1_800_000_000, "from": self._user()}
        chat = {"id": self.number, "type": "private", "first_name": "Somebody"}
        return self.telegram.feed(message=about | {"chat": chat, **content})

    def _user(self) -> dict[str, Any]:
        return {"id": self.number, "is_bot": False, "first_name": "Somebody", "language_code": self.language}

    def _photo(self, number: str, side: int) -> dict[str, Any]:
        return {"file_id": number, "file_unique_id": number, "width": side, "height": side}

    def _next(self) -> int:
        self._counter[0] += 1
        return self.number * 10_000 + self._counter[0]
