"""A supervisor in a process of its own, with stand-ins for the processes of PhotoFinder, for the tests."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from photofinder.supervisor.__main__ import up
from photofinder.supervisor.processes import Config, Plan
from photofinder.supervisor.runner import Process

SLEEPER = [sys.executable, "-c", "import time; print('sleeping', flush=True); time.sleep(600)"]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"]
WEB = [
    sys.executable,
    "-c",
    "import http.server as h, os; h.test(h.SimpleHTTPRequestHandler, port=int(os.environ['PORT']), bind='127.0.0.1')",
]
SUPERVISOR = [sys.executable, "-m", "photofinder.supervisor"]


@contextmanager
def var_folder(mode: int = 0o711) -> Iterator[Path]:
    """A VAR_DIR for one test in a folder with this mode (that of pytest shuts out PostgreSQL's user)."""
    parent = Path(tempfile.mkdtemp(prefix="photofinder-test-"))
    parent.chmod(mode)
    try:
        yield parent / "var"
    finally:
        moved = (parent / "var/postgres").resolve()
        if not moved.is_relative_to(parent):
            shutil.rmtree(moved.parent)
        shutil.rmtree(parent)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(var_dir: Path, **extra: str) -> dict[str, str]:
    """Ours, with another VAR_DIR and without the services of the test run."""
    return os.environ | {"VAR_DIR": str(var_dir), "DATABASE_URL": "", "REDIS_URL": ""} | extra


def execute(var_dir: Path, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the services of this folder; a command of one word is a Python program."""
    argv = command if len(command) > 1 else (sys.executable, "-c", *command)
    return subprocess.run(
        [*SUPERVISOR, "exec", "--fast", "--", *argv], env=environment(var_dir, **extra), capture_output=True, text=True
    )


class Site:
    """A supervisor of stand-ins that runs."""

    def __init__(self, var_dir: Path, site: Mapping[str, Sequence[str]], *, embedded: bool) -> None:
        self.var_dir = var_dir
        self.output = ""
        external = {} if embedded else {"DATABASE_URL": "postgres://elsewhere", "REDIS_URL": "redis://elsewhere"}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(site)],
            env=environment(var_dir, PORT=str(free_port()), **external),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def read_until(self, text: str, *, times: int = 1, seconds: float = 20) -> None:
        """Read its output until `text` stands in it so many times."""
        deadline = time.monotonic() + seconds
        assert self.popen.stdout
        while self.output.count(text) < times:
            left = max(0.0, deadline - time.monotonic())
            readable = select.select([self.popen.stdout], [], [], left)[0]
            data = os.read(self.popen.stdout.fileno(), 65536) if readable else b""
            assert data, f"{text!r} never came:\n{self.output}"
            self.output += data.decode()

    def pid_of(self, words: str) -> int:
        """The number of the process under it whose command line has these words."""
        found = processes_of(self.var_dir)
        return next(pid for pid, command in found.items() if words in command and pid != self.popen.pid)

    def stop(self, signum: int = signal.SIGINT) -> int:
        """Send it a signal, read the rest of its output and return its exit code."""
        self.popen.send_signal(signum)
        self.output += self.popen.communicate(timeout=40)[0].decode()
        return self.popen.returncode


@contextmanager
def site(var_dir: Path, *, embedded: bool = False, **processes: Sequence[str]) -> Iterator[Site]:
    """A site of these processes and a small web server that has answered; `embedded` starts the services too."""
    running = Site(var_dir, {"web": WEB} | processes, embedded=embedded)
    try:
        running.read_until("Ctrl-C stops everything")
        yield running
    finally:
        if running.popen.poll() is None:
            running.stop()


def processes_of(var_dir: Path) -> dict[int, str]:
    """The command lines of all processes that have this folder in their command line, environment or open files."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes()
            links = b" ".join(bytes(link.readlink()) for link in (process / "fd").iterdir())
            if bytes(var_dir) in command + (process / "environ").read_bytes() + links:
                found[int(process.name)] = command.replace(b"\0", b" ").decode()
    return found


if __name__ == "__main__":
    stand_ins = [Process(name=name, argv=argv) for name, argv in json.loads(sys.argv[1]).items()]
    sys.exit(up(Config.from_environment(os.environ), Plan(preparation=[], site=stand_ins, afterwards=[]), fast=True))
