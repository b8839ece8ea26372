"""The HTTP of the Bot API: forms and files in, JSON out, connections that break on demand."""

import json
import socket
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from telegram_bot.tests.telegram_server import TOKEN, RefusedError, TelegramServer


class BotApiHandler(BaseHTTPRequestHandler):
    """`/bot<token>/<method>` and `/file/bot<token>/photos/<file>` of one `telegram`."""

    telegram: ClassVar[TelegramServer]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the base class calls it so
        """A file, or a method without content."""
        prefix = f"/file/bot{TOKEN}/photos/"
        if not self.path.startswith(prefix):
            self.do_POST()
            return
        data = self.telegram.files.get(self.path.removeprefix(prefix))
        self._answer(200 if data is not None else 404, data or b"{}")

    def do_POST(self) -> None:  # noqa: N802
        """A method."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, token, method = self.path.split("/", 2)
        if token != f"bot{TOKEN}":
            self._json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        values, files = _content(self.headers.get("Content-Type", ""), body)
        fault = self.telegram.fault(method, int(values["chat_id"]) if values.get("chat_id") else None)
        if fault and fault.drop == "before":
            self._break()
            return
        try:
            if fault and fault.act:
                fault.act()
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
    for part in parsed.iter_parts():  # type: ignore[attr-defined] # the policy makes EmailMessages
        name, data = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if part.get_filename():
            files[name] = (part.get_filename(), data)
        else:
            values[name] = data.decode()
    return values, files
