"""Runs processes: their output behind their names, the dead started again, all of them stopped in order.

One thread and one loop, because PR_SET_PDEATHSIG watches the thread that forked.
"""

import ctypes
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from photofinder.supervisor.account import Account

PR_SET_PDEATHSIG = 1
LAST_STAGE = 2
LONGEST_PAUSE_SECONDS = 30
SETTLED_SECONDS = 60  # a process that lived as long as this has started well
LAST_WORDS_SECONDS = 1  # for output that was still in the pipe at the end
SAME_REQUEST_SECONDS = 0.5  # some tools send their signal to the process and to its group
COLOURS = (36, 33, 32, 35, 34, 31)
_prctl = ctypes.CDLL(None).prctl


@dataclass(frozen=True)
class Process:
    """What to run. Stages are stopped from the highest to the lowest; `env` and `cwd` default to the runner's."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: str | None = None
    account: Account | None = None
    stage: int = LAST_STAGE
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15


@dataclass
class Running:
    """A process that was started, whether or not it lives now. `failures` counts its ends since it last settled."""

    process: Process
    popen: subprocess.Popen[bytes]
    once: bool
    started: float = field(default_factory=time.monotonic)
    failures: int = 0
    starts_again: float | None = None

    @property
    def alive(self) -> bool:
        """Does it live?"""
        return self.popen.returncode is None

    def is_read(self) -> bool:
        """Was all its output read?"""
        return self.popen.stdout is None or self.popen.stdout.closed


class StopRequestedError(Exception):
    """A signal asks to end; `signum` says which."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class Console:
    """Lines of many processes in one stream, each behind the name of its process."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._names: list[str] = []

    def line(self, name: str, text: str) -> None:
        """Write one line. A terminal that is gone or knows no such letter is no reason to fail."""
        if name not in self._names:
            self._names.append(name)
        label = f"{name:<13}|"
        if self._coloured:
            label = f"\x1b[{COLOURS[self._names.index(name) % len(COLOURS)]}m{label}\x1b[0m"
        with suppress(OSError, ValueError):
            self._stream.write(f"{label} {text}\n")
            self._stream.flush()


class Runner:
    """Owns the signals of this process and everything it starts, which inherits the descriptor `lock`."""

    def __init__(self, console: Console, *, lock: int, cwd: Path) -> None:
        self.env: dict[str, str] = dict(os.environ)
        self._console = console
        self.lock = lock
        self._cwd = cwd
        self._all: list[Running] = []
        self._signals: list[int] = []
        self._signalled = 0.0
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._catch_signals()

    def say(self, text: str) -> None:
        """Write a line of our own."""
        self._console.line("photofinder", text)

    def start(self, process: Process, *, once: bool = False) -> Running:
        """Start the process; it is started again when it ends, unless it is to run `once`."""
        running = Running(process, self._spawn(process), once)
        self._all.append(running)
        return running

    def run(self, process: Process) -> int:
        """Run the process to its end and return its exit code."""
        running = self.start(process, once=True)
        while running.alive:
            self.turn()
        self.wait(running.is_read, LAST_WORDS_SECONDS)
        return int(running.popen.returncode)

    def run_in_front(self, argv: Sequence[str]) -> int:
        """Run a command on our own terminal and return its exit code; a signal goes to it, a second one kills it."""
        command = subprocess.Popen(argv, env=self.env, preexec_fn=partial(_die_with, os.getpid(), signal.SIGTERM))
        asked = False
        while command.poll() is None:
            try:
                self.turn()
            except StopRequestedError as request:
                if asked:
                    command.kill()
                elif request.signum != signal.SIGINT or not os.isatty(0):  # the terminal itself sends SIGINT to both
                    command.send_signal(request.signum)
                asked = True
        return command.returncode if command.returncode >= 0 else 128 - command.returncode

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Keep everything running until the condition holds; False when it does not within `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.turn(0.1)
        return True

    def turn(self, seconds: float = 1) -> None:
        """Wait at most `seconds` for output, an end or a signal, and act; raises StopRequestedError."""
        due = [running.starts_again - time.monotonic() for running in self._all if running.starts_again is not None]
        for key, _ in self._selector.select(max(0, min([seconds, *due]))):
            key.data()
        for running in list(self._all):
            if running.alive and running.popen.poll() is not None:
                self._ended(running)
            if running.starts_again is not None and time.monotonic() >= running.starts_again:
                self._start_again(running)
        if self._signals:
            raise StopRequestedError(self._signals.pop(0))

    def stop(self) -> None:
        """Stop everything, the last stage first. A signal meanwhile kills what is left of the last stage."""
        self._stopping = True
        hasty = False
        for stage in sorted({running.process.stage for running in self._all}, reverse=True):
            hasty = self._stop_stage([running for running in self._all if running.process.stage == stage], hasty)

    def _stop_stage(self, stage: list[Running], hasty: bool) -> bool:
        began = time.monotonic()
        for running in filter(_is_alive, stage):
            running.popen.send_signal(running.process.stop_signal)
        while left := list(filter(_is_alive, stage)):
            for running in left:
                killable = hasty and running.process.stage == LAST_STAGE
                if killable or time.monotonic() - began > running.process.stop_seconds:
                    _kill_group(running)
            try:
                self.turn(0.2)
            except StopRequestedError:
                hasty = True
        with suppress(StopRequestedError):
            self.wait(lambda: all(running.is_read() for running in stage), LAST_WORDS_SECONDS)
        return hasty

    def _spawn(self, process: Process) -> subprocess.Popen[bytes]:
        popen = subprocess.Popen(
            process.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=self.env if process.env is None else process.env,
            cwd=process.cwd or self._cwd,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone, and the group can be killed as one
            pass_fds=(self.lock,),
            preexec_fn=partial(_die_with, os.getpid(), process.stop_signal),
            **(process.account.switch if process.account else {}),
        )
        self._listen(process.name, popen)
        return popen

    def _listen(self, name: str, popen: subprocess.Popen[bytes]) -> None:
        pipe = popen.stdout
        assert pipe
        unfinished = b""

        def read() -> None:
            nonlocal unfinished
            data = os.read(pipe.fileno(), 65536)
            *lines, unfinished = (unfinished + data).split(b"\n")
            for line in lines if data else filter(None, [*lines, unfinished]):
                self._console.line(name, line.decode(errors="replace").rstrip("\r"))
            if not data:
                self._selector.unregister(pipe)
                pipe.close()

        self._selector.register(pipe, selectors.EVENT_READ, read)

    def _ended(self, running: Running) -> None:
        _kill_group(running)  # what it started must not work on, nor hold its port, beside its successor
        if self._stopping or running.once:
            return
        lived = time.monotonic() - running.started
        running.failures = 1 if lived > SETTLED_SECONDS else running.failures + 1
        pause = min(2 ** (running.failures - 1), LONGEST_PAUSE_SECONDS)
        running.starts_again = time.monotonic() + pause
        self.say(f"{running.process.name} ended ({_reason(running.popen.returncode)}) and starts again in {pause} s")

    def _start_again(self, running: Running) -> None:
        running.starts_again = None
        if not self._stopping:
            running.popen = self._spawn(running.process)
            running.started = time.monotonic()

    def _catch_signals(self) -> None:
        receiver, sender = socket.socketpair()
        receiver.setblocking(False)
        sender.setblocking(False)
        self._wakeup = (receiver, sender)
        self._selector.register(receiver, selectors.EVENT_READ, partial(receiver.recv, 4096))
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._request_stop)

    def _request_stop(self, signum: int, _frame: object) -> None:
        if time.monotonic() - self._signalled > SAME_REQUEST_SECONDS:
            self._signals.append(signum)
        self._signalled = time.monotonic()


def _die_with(parent: int, signum: int) -> None:
    """In the new process: ask for the signal at the death of the supervisor, which may already have happened."""
    _prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _kill_group(running: Running) -> None:
    with suppress(ProcessLookupError):
        os.killpg(running.popen.pid, signal.SIGKILL)


def _is_alive(running: Running) -> bool:
    return running.alive


def _reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
