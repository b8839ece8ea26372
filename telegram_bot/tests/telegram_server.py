"""Telegram's servers for tests: the Bot API over HTTP, with its limits, its moods, and a memory of what arrived."""

import hashlib
import io
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from itertools import count
from typing import Any

import requests
from PIL import Image

TOKEN = "4242:test-token"
MEGABYTE = 1024 * 1024
_SENDING = {"sendMessage", "sendPhoto", "sendMediaGroup", "sendDocument"}
DOWNLOAD_MOST, UPLOAD_MOST, PHOTO_MOST = 20 * MEGABYTE, 50 * MEGABYTE, 10 * MEGABYTE


class RefusedError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Sent:
    """A message that arrived in a chat. Those of one album share its number."""

    message_id: int
    chat: int
    kind: str
    text: str = ""
    data: bytes = b""
    name: str = ""
    album: int | None = None
    keyboard: list[list[dict[str, str]]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def buttons(self) -> dict[str, str]:
        """What each button says to people and to the bot."""
        return {button["text"]: button["callback_data"] for row in self.keyboard for button in row}


@dataclass
class Fault:
    """What happens to the next `times` calls of a method (`send`: any that sends something) in a chat (None: any).

    The first `skip` of them pass. `act` may raise RefusedError; `drop` closes the connection without an answer,
    `before` or `after` the message has arrived.
    """

    method: str
    times: int = 1
    chat: int | None = None
    act: Callable[[], None] | None = None
    drop: str = ""
    skip: int = 0

    def fits(self, method: str, chat: int | None) -> bool:
        """Whether it is about this call."""
        is_wanted = method == self.method or (self.method == "send" and method in _SENDING)
        return is_wanted and self.times > 0 and self.chat in (None, chat)


class TelegramServer:
    """One bot's Telegram. Start it with `running_telegram`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.sent: list[Sent] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.blocked: set[int] = set()
        self.faults: list[Fault] = []
        self.webhook: dict[str, str] = {}
        self.url = ""
        self.is_closing = False
        self._updates: list[dict[str, Any]] = []
        self._numbers, self._polls = count(1), 0

    # --- what tests do ---
    def feed(self, **content: Any) -> int:
        """An update for the bot; its number."""
        with self.changed:
            number = next(self._numbers)
            self._updates.append({"update_id": number, **content})
            self.changed.notify_all()
        return number

    def keep_file(self, data: bytes, *, size: int | None = None) -> str:
        """A file that people sent; its number. `size` is what it claims to be."""
        number = f"file{next(self._numbers)}"
        self.files[number] = data
        self.sizes[number] = size if size is not None else len(data)
        return number

    def of(self, chat: int, kind: str = "") -> list[Sent]:
        """What arrived in a chat, of that kind."""
        with self.changed:
            return [sent for sent in self.sent if sent.chat == chat and kind in ("", sent.kind)]

    def wait(self, condition: Callable[[], Any], seconds: float = 15) -> Any:
        """The first true answer of the condition, asked whenever something happens, and now and then."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (answer := condition()):
                left = deadline - time.monotonic()
                if left <= 0:
                    arrived = "\n".join(f"{sent.chat} {sent.kind} {sent.text[:70]!r}" for sent in self.sent)
                    raise AssertionError(f"It never came. This did:\n{arrived}")
                self.changed.wait(min(left, 0.05))  # some conditions are about the database or Redis
        return answer

    @property
    def pending(self) -> int:
        """Updates that the bot has not acknowledged."""
        return len(self._updates)

    # --- the Bot API ---
    def call(self, method: str, values: dict[str, Any], files: dict[str, tuple[str, bytes]]) -> Any:
        """What a method answers. Raises RefusedError."""
        found = getattr(self, f"_do_{method.lower()}", None)
        if found is None:
            raise RefusedError(404, f"Not Found: method {method}")
        if sum(len(data) for _, data in files.values()) > UPLOAD_MOST:
            raise RefusedError(413, "Request Entity Too Large")
        if int(values.get("chat_id") or 0) in self.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        answer = found(values, files)
        with self.changed:
            self.calls.append((method, values))
            self.changed.notify_all()
        return answer

    def fault(self, method: str, chat: int | None) -> Fault | None:
        """What shall go wrong with this call, counted down."""
        with self.changed:
            for fault in self.faults:
                if fault.fits(method, chat):
                    fault.skip -= 1
                    fault.times -= fault.skip < 0
                    return fault if fault.skip < 0 else None
        return None

    def _do_getme(self, _values: dict[str, Any], _files: Any) -> Any:
        return {"id": 4242, "is_bot": True, "first_name": "PhotoFinder", "username": "photofinder_test_bot"}

    def _do_getupdates(self, values: dict[str, Any], _files: Any) -> list[dict[str, Any]]:
        """Long polling; what is below `offset` is acknowledged, and only the newest asker is answered."""
        offset, deadline = int(values.get("offset") or 0), time.monotonic() + int(values.get("timeout") or 0)
        with self.changed:
            self._polls += 1
            mine = self._polls
            self.changed.notify_all()
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            while not self._updates and time.monotonic() < deadline and not self.is_closing and mine == self._polls:
                self.changed.wait(max(0.0, deadline - time.monotonic()))
            if mine != self._polls or self.webhook:
                raise RefusedError(409, "Conflict: terminated by other getUpdates request")
            return self._updates[: int(values.get("limit") or 100)]

    def _do_setwebhook(self, values: dict[str, Any], _files: Any) -> bool:
        with self.changed:
            self.webhook = {"url": values["url"], "secret": values.get("secret_token", "")} if values.get("url") else {}
            self.changed.notify_all()
        return True

    def _do_deletewebhook(self, _values: dict[str, Any], _files: Any) -> bool:
        self.webhook = {}
        return True

    def _do_setmycommands(self, _values: dict[str, Any], _files: Any) -> bool:
        return True

    def _do_answercallbackquery(self, _values: dict[str, Any], _files: Any) -> bool:
        return True

    def _do_sendchataction(self, _values: dict[str, Any], _files: Any) -> bool:
        return True

    def _do_sendmessage(self, values: dict[str, Any], _files: Any) -> Any:
        if not 0 < len(values.get("text", "")) <= 4096:
            raise RefusedError(400, "Bad Request: message is empty or too long")
        return self._arrived("text", values, text=values["text"])

    def _do_sendphoto(self, values: dict[str, Any], files: dict[str, tuple[str, bytes]]) -> Any:
        _, data = _attached(values["photo"], files) if "photo" in values else files["photo"]
        _require_photo(data)
        return self._arrived("photo", values, text=_caption(values), data=data)

    def _do_senddocument(self, values: dict[str, Any], files: dict[str, tuple[str, bytes]]) -> Any:
        name, data = _attached(values["document"], files) if "document" in values else files["document"]
        return self._arrived("document", values, text=_caption(values), data=data, name=name)

    def _do_sendmediagroup(self, values: dict[str, Any], files: dict[str, tuple[str, bytes]]) -> Any:
        media = json.loads(values["media"])
        if not 2 <= len(media) <= 10:
            raise RefusedError(400, "Bad Request: group must include 2-10 items")
        photos = [_attached(item["media"], files)[1] for item in media]
        for data in photos:
            _require_photo(data)
        album = next(self._numbers)
        return [
            self._arrived("photo", values, text=_caption(item), data=data, album=album)
            for item, data in zip(media, photos, strict=True)
        ]

    def _do_editmessagereplymarkup(self, values: dict[str, Any], _files: Any) -> Any:
        keyboard = _keyboard(values)
        with self.changed:
            found = next((sent for sent in self.sent if sent.message_id == int(values["message_id"])), None)
            if found is None:
                raise RefusedError(400, "Bad Request: message to edit not found")
            if found.keyboard == keyboard:
                raise RefusedError(400, "Bad Request: message is not modified")
            found.keyboard = keyboard
        return message(found)

    def _do_getfile(self, values: dict[str, Any], _files: Any) -> Any:
        number = values["file_id"]
        if number not in self.files:
            raise RefusedError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if self.sizes[number] > DOWNLOAD_MOST:
            raise RefusedError(400, "Bad Request: file is too big")
        return {"file_id": number, "file_unique_id": number, "file_path": f"photos/{number}"}

    def _arrived(self, kind: str, values: dict[str, Any], **content: Any) -> dict[str, Any]:
        sent = Sent(next(self._numbers), int(values["chat_id"]), kind, keyboard=_keyboard(values), **content)
        with self.changed:
            self.sent.append(sent)
            self.changed.notify_all()
        return message(sent)

    # --- the webhook ---
    def deliver(self) -> None:
        """Bring updates to the webhook until they are taken, for as long as the server runs."""
        while not self.is_closing:
            with self.changed:
                while not (self.is_closing or (self.webhook and self._updates)):
                    self.changed.wait()
                if self.is_closing:
                    return
                update, webhook = self._updates[0], dict(self.webhook)
            if bring(update, webhook):
                with self.changed:
                    self._updates = [other for other in self._updates if other is not update]
                    self.changed.notify_all()
            else:
                time.sleep(0.05)  # nobody listens yet


def bring(update: dict[str, Any], webhook: dict[str, str], **headers: str) -> bool:
    """Whether a webhook took an update."""
    headers = headers or {"X-Telegram-Bot-Api-Secret-Token": webhook["secret"]}
    try:
        return requests.post(webhook["url"], json=update, headers=headers, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def message(sent: Sent) -> dict[str, Any]:
    """A message as the Bot API says it."""
    return {
        "message_id": sent.message_id,
        "date": 1_800_000_000,
        "chat": {"id": sent.chat, "type": "private", "first_name": "Somebody"},
        "from": {"id": 4242, "is_bot": True, "first_name": "PhotoFinder"},
        "text": sent.text or "-",
        **({"reply_markup": {"inline_keyboard": sent.keyboard}} if sent.keyboard else {}),
    }


def _caption(values: dict[str, Any]) -> str:
    caption = str(values.get("caption") or "")
    if len(caption) > 1024:
        raise RefusedError(400, "Bad Request: message caption is too long")
    return caption


def _keyboard(values: dict[str, Any]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = json.loads(values.get("reply_markup") or "{}").get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _attached(reference: str, files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    if not reference.startswith("attach://"):
        raise RefusedError(400, "Bad Request: wrong HTTP URL specified")
    return files[reference.removeprefix("attach://")]


def _require_photo(data: bytes) -> None:
    if len(data) > PHOTO_MOST:
        raise RefusedError(400, "Bad Request: file is too big for a photo")
    try:
        with Image.open(io.BytesIO(data)) as image:
            sides = image.size
    except OSError:
        raise RefusedError(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    if sum(sides) > 10_000 or max(sides) > 20 * min(sides):
        raise RefusedError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")


def by_chat(found: list[Sent]) -> dict[int, list[Sent]]:
    """Messages by their chats."""
    chats: dict[int, list[Sent]] = defaultdict(list)
    for sent in found:
        chats[sent.chat].append(sent)
    return chats


@contextmanager
def running_telegram() -> Iterator[TelegramServer]:
    """A Telegram that listens on this machine."""
    from telegram_bot.tests.telegram_http import BotApiHandler

    telegram = TelegramServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (BotApiHandler,), {"telegram": telegram}))
    server.daemon_threads = True
    telegram.url = f"http://127.0.0.1:{server.server_port}"
    threads = [threading.Thread(target=server.serve_forever, args=[0.02]), threading.Thread(target=telegram.deliver)]
    for thread in threads:
        thread.start()
    try:
        yield telegram
    finally:
        with telegram.changed:
            telegram.is_closing = True
            telegram.changed.notify_all()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join()
