"""An API that knows everybody and nothing else, for what does not need the whole site."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Any attendee, who agreed and speaks English; no event."""
        if "/events/" in self.path:
            self._answer({"count": 0, "next": None, "previous": None, "results": []})
        else:
            self._answer({"language": "en", "has_consent": True, "subscriptions": []})

    def do_POST(self) -> None:
        """No news."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer({"notification": None})

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def _answer(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def small_api(port: int = 0) -> Iterator[str]:
    """The URL of such an API, on this port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
