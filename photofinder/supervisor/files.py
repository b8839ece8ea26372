"""Files that only this user reads, and locks that live as long as the last process that inherited them."""

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write the file so that at no time anyone else can read it, nor anyone a part of it."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def lock(path: Path) -> int | None:
    """Lock the file and return its descriptor, or None when another process has it. Closing it frees the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def kill_holders(path: Path) -> None:
    """Kill every other process that has the file open."""
    wanted = path.stat()
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != os.getpid() and _has_open(entry, wanted):
            with suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)


def _has_open(process: Path, wanted: os.stat_result) -> bool:
    with suppress(OSError):  # it may end meanwhile, or belong to someone else
        return any(os.path.samestat(descriptor.stat(), wanted) for descriptor in (process / "fd").iterdir())
    return False
