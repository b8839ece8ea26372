"""The HTTP of the Bot API: forms and files in, JSON out, connections that break on demand."""

import json
import socket
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

from telegram_bot.tests.telegram_server import TOKEN, RefusedError, TelegramServer


class BotApiHandler(BaseHTTPRequestHandler):
    """`/bot<token>/<method>` and `/file/bot<token>/photos/<file>` of one `telegram`."""

    telegram: ClassVar[TelegramServer]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file, or a method without content."""
        prefix = f"/file/bot{TOKEN}/photos/"
        path = unquote(self.path)
        if not path.startswith(prefix):
            self.do_POST()
            return
        data = self.telegram.files.get(path.removeprefix(prefix))
        self._answer(200 if data is not None else 404, data or b"{}")

    def do_POST(self) -> None:
        """A method."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever wrote it was killed
            self.close_connection = True
            return
        _, token, method = self.path.split("/", 2)
        if token != f"bot{TOKEN}":
            self._json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        values, files = _content(self.headers.get("Content-Type", ""), body)
        fault = self.telegram.fault(method, int(values["chat_id"]) if values.get("chat_id") else None)
        try:
            if fault and fault.act:
                fault.act()
            if fault and fault.drop == "before":
                self._break()
                return
            answer = self.telegram.call(method, values, files)
        except RefusedError as refused:
            answer = {"ok": False, "error_code": refused.status, "description": refused.description}
            parameters = {"parameters": refused.parameters} if refused.parameters else {}
            self._json(refused.status, answer | parameters)
            return
        if fault and fault.drop == "after":
            self._break()
            return
        self._json(200, {"ok": True, "result": answer})

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def _json(self, status: int, answer: Any) -> None:
        self._answer(status, json.dumps(answer).encode())

    def _answer(self, status: int, data: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:  # whoever asked was killed
            self.close_connection = True

    def _break(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _content(kind: str, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    """The fields and the files (name, bytes) of a request."""
    if kind.startswith("application/json"):
        return json.loads(body or b"{}"), {}
    if not kind.startswith("multipart/form-data"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    parsed = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    values: dict[str, Any] = {}
    files = {}
    for part in parsed.walk():
        name, data = str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True)
        if part.get_filename():
            files[name] = (str(part.get_filename()), bytes(data))
        elif not part.is_multipart():
            values[name] = bytes(data).decode()
    return values, files
