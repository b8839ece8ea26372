"""A real RabbitMQ for tests, from Debian's package, with all of its files in a folder of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import STDOUT, Popen

import pytest
from kombu import Connection

from photofinder.tests.supervised import free_port

# Not the one in /usr/sbin: that one becomes another user, who may not write here.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_SECONDS = 90


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """The URL of a RabbitMQ that runs meanwhile. Where none is installed the test is skipped, in CI it fails."""
    if not SERVER.exists():
        missing = "needs RabbitMQ: apt-get install rabbitmq-server"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    port, names = free_port(), free_port()
    with (folder / "rabbitmq.log").open("w") as log:
        # The server would leave a daemon of names behind.
        epmd = Popen(["epmd", "-address", "127.0.0.1", "-port", str(names)], stdout=log, stderr=STDOUT)
        environment = os.environ | _environment(folder, port, names)
        server = Popen([SERVER], env=environment, cwd=folder, stdout=log, stderr=STDOUT, start_new_session=True)
        url = f"amqp://guest:guest@127.0.0.1:{port}//"
        try:
            _wait(server, url)
            yield url
        finally:
            _stop(server)
            epmd.kill()
            epmd.wait()


def _environment(folder: Path, port: int, names: int) -> dict[str, str]:
    return {
        "HOME": str(folder),  # of Erlang's cookie
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": "photofinder@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }


def _wait(server: Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with Connection(url, connect_timeout=2) as connection:
                connection.connect()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def _stop(server: Popen[bytes]) -> None:
    """The script and the server that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
