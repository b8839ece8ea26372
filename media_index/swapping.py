"""Folders of files that belong together: written as one, so that a reader or a kill never meets half of them."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photofinder.errors import Problem


@contextmanager
def replacing(folder: Path, names: set[str]) -> Iterator[Path]:
    """An empty folder beside `folder` to write into; at the end it takes its place, unless something was raised.

    `names` are the files that such a folder consists of: one that holds anything else is not replaced. Raises Problem
    `folder_in_use`.
    """
    folder = settled(folder)
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in names) if folder.is_dir() else []
    if strangers or (folder.exists() and not folder.is_dir()):
        what = f"it holds {strangers[0]!r}" if strangers else "it is a file"
        raise Problem("folder_in_use", f"{folder} would be replaced, but {what}. Name another folder.")
    with _alone(_beside(folder)) as new:
        yield new
        _swap(new, folder)


def settled(folder: Path) -> Path:
    """The folder itself, links followed. A kill between the two renames of a swap left the old one under its other
    name: it is put back.
    """
    folder = folder.expanduser().resolve()
    if not folder.exists() and _aside(folder).exists():
        _put_back(folder)
    return folder


def _put_back(folder: Path) -> None:
    """After a swap that is going on, if there is one: it ends in a moment, and nothing is to be put back then."""
    try:
        lock = os.open(_beside(folder), os.O_RDONLY)
    except FileNotFoundError:
        return  # the second rename has happened
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists() and _aside(folder).exists():
            _aside(folder).rename(folder)
    finally:
        os.close(lock)


@contextmanager
def _alone(new: Path) -> Iterator[Path]:
    """An empty folder of this process alone. What a killed one left there goes, and so does it if it is left there."""
    new.mkdir(parents=True, exist_ok=True)
    lock = os.open(new, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Problem("folder_in_use", f"Another process is writing {new}.") from error
        try:
            for path in new.iterdir():
                path.unlink()
            yield new
        finally:
            shutil.rmtree(new, ignore_errors=True)
    finally:
        os.close(lock)


def _swap(new: Path, folder: Path) -> None:
    shutil.rmtree(_aside(folder), ignore_errors=True)
    if folder.exists():
        folder.rename(_aside(folder))
    new.rename(folder)
    shutil.rmtree(_aside(folder), ignore_errors=True)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.new")


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")
