"""Cataloguing that is killed again and again: the command and its workers, in the middle of everything."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from media_index.models import Image, Source, SourceFile
from media_index.tests.library import photo

_SLOWEST = 5  # files per second; a run that is slower has come to a halt
_COPIES = 50  # every so many files there is a copy of another one


@dataclass(frozen=True)
class Outcome:
    """How a run that was killed ended."""

    kills: list[float]  # how far it was each time, as a share of the files read
    seconds: float
    said: str
    exit_code: int


def make_library(folder: Path, files: int) -> dict[str, str]:
    """So many small photos in folders of a thousand, some of them copies; their SHA-256 by name."""
    digests = {}
    for number in range(files):
        name = f"{number // 1000:03d}/{number:06d}.jpg"
        data = photo(number - 1 if number % _COPIES == 1 else number)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        digests[name] = hashlib.sha256(data).hexdigest()
    return digests


def catalogue_killed(
    folder: Path, *, files: int, kills: int, seed: int, environment: Mapping[str, str], log: Path, processes: int = 1
) -> Outcome:
    """Catalogue the folder, killing the command and the workers so often, each time at a random point of the way; then
    let it run to its end.
    """
    chance = random.Random(seed)
    env = os.environ | environment
    started = time.monotonic()
    reached = []
    # Listing a file is one step of the way, reading it another.
    for point in sorted(chance.randrange(2 * files * 19 // 20) for _ in range(kills)):
        with _worker(env, log, processes) as worker, _command(folder, env, log) as command:
            while _steps() < point and command.poll() is None and worker.poll() is None:
                time.sleep(0.1)
            if command.poll() or worker.poll() is not None:
                raise RuntimeError(f"The command or the worker ended by itself: {log.read_text()[-2000:]}")
            time.sleep(chance.uniform(0, 0.3))
            for process in (command, worker):
                _kill(process)
        reached.append(SourceFile.objects.filter(state="indexed").count() / files)
    with _worker(env, log, processes):
        last = subprocess.run(
            _command_line(folder),
            cwd=settings.BASE_DIR,
            env=env,
            capture_output=True,
            text=True,
            timeout=120 + files / _SLOWEST,
        )
    return Outcome(reached, time.monotonic() - started, last.stdout + last.stderr, last.returncode)


def wrong(digests: Mapping[str, str]) -> list[str]:
    """What is not as it would be if nobody had been killed: every file once, every content once."""
    rows = list(SourceFile.objects.values_list("name", "state", "image__sha256", "error"))
    complaints = [f"{name}: {state} {error}" for name, state, _, error in rows if state != "indexed"]
    complaints += [f"{name} is there {count} times" for name, count in Counter(r[0] for r in rows).items() if count > 1]
    complaints += [f"{name}: another image" for name, _, sha256, _ in rows if digests.get(name) != sha256]
    complaints += [f"{name} is missing" for name in digests.keys() - {row[0] for row in rows}]
    expected, found = set(digests.values()), list(Image.objects.values_list("sha256", flat=True))
    if sorted(expected) != sorted(found):
        complaints.append(f"{len(found)} images instead of {len(expected)}")
    if Image.objects.filter(ingested_at=None).exists():
        complaints.append("An image is not ingested.")
    states = set(Source.objects.values_list("state", flat=True))
    return complaints if states == {Source.State.LISTED} else [*complaints, f"The source is {states}"]


def _steps() -> int:
    files = SourceFile.objects.all()
    return files.count() + files.filter(state="indexed").count()


def _command_line(folder: Path) -> list[str]:
    return [sys.executable, "manage.py", "index_media", str(folder), "--quiet"]


@contextmanager
def _command(folder: Path, env: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with _running(_command_line(folder), env, log) as process:
        yield process


@contextmanager
def _worker(env: Mapping[str, str], log: Path, processes: int) -> Iterator["subprocess.Popen[bytes]"]:
    worker = [sys.executable, "-m", "celery", "--quiet", "-A", "photofinder.celery", "worker", "-Q", "sources"]
    worker += ["-c", str(processes), "-P", "prefork", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    with _running(worker, env, log) as process:
        yield process


@contextmanager
def _running(command: list[str], env: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own, which is gone at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=dict(env), start_new_session=True, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to the process and its children, as a power cut would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
