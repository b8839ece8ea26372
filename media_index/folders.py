"""Trees of files on a disk, walked and opened below their root; no symbolic link is ever followed on the way.

Paths are bytes, relative to the root: what the system spells need not be UTF-8.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

# Of the formats in photofinder.images.EXTENSIONS, as cameras and programs name them.
SUFFIXES = frozenset(
    f".{suffix}".encode()
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "tif", "tiff"),
        *("heic", "heics", "heif", "heifs", "hif", "avif", "avifs", "gif", "bmp", "dib"),
    )
)
# What macOS keeps beside a file on foreign disks, under the file's own name and suffix.
_APPLE_DOUBLE = b"._"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe that took a file's place must not be waited for


@dataclass(frozen=True)
class Found:
    """A file as a listing finds it: its size in bytes, and its time of change in nanoseconds since 1970."""

    path: bytes
    size: int
    changed_ns: int


@dataclass
class Notes:
    """What a listing did not look into, and why: folders that cannot be read, symbolic links."""

    unreadable: dict[bytes, str] = field(default_factory=dict)
    links: int = 0
    some_links: list[bytes] = field(default_factory=list)  # the first of them
    looked_at: int = 0

    def link(self, path: bytes) -> None:
        """Count a link, and remember the first hundred."""
        self.links += 1
        if self.links <= 100:
            self.some_links.append(path)

    def hides(self, path: bytes) -> bool:
        """Whether a file of that path lies in a folder that could not be read."""
        return bool(self.unreadable) and any(folder in self.unreadable for folder in _folders_of(path))


def is_image_name(name: bytes) -> bool:
    """Whether a file of that name may be an image, by its suffix."""
    base = name.rpartition(b"/")[2]
    return os.path.splitext(base)[1].lower() in SUFFIXES and not base.startswith(_APPLE_DOUBLE)  # noqa: PTH122 - bytes


def walk(root: bytes, notes: Notes, *, without: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Found | None]:
    """The images below `root`, in no order, and None for everything else that is met on the way.

    A folder's entries are read as they are asked for, however many they are. Folders whose (device, inode) is in
    `without` are left out. Raises OSError when the root itself cannot be read.
    """
    top = open_root(root)
    try:
        folders = [b""]
        while folders:
            folder = folders.pop()
            try:
                yield from _entries(top, folder, folders, notes, without)
            except OSError as error:
                if not folder:
                    raise
                if not isinstance(error, FileNotFoundError | NotADirectoryError):  # else it is gone, or a link now
                    notes.unreadable[folder] = error.strerror or str(error)
    finally:
        os.close(top)


def open_root(root: bytes) -> int:
    """A descriptor of the folder at the absolute path `root`, which was without links when it was written down. Raises
    OSError, ELOOP when a link has taken the place of it or of a folder above.
    """
    if os.path.realpath(root) != root:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), root)
    return os.open(root, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)


def open_below(top: int, path: bytes, *, is_folder: bool = False) -> int:
    """A descriptor of what lies at `path` below the open folder `top`. Raises OSError, also for a link on the way."""
    *folders, name = (path or b".").split(b"/")
    if b".." in (*folders, name):
        raise FileNotFoundError(f"{path!r} leads out of its folder.")
    at = top
    try:
        for folder in folders:
            at = _step(top, at, folder, _READ | os.O_DIRECTORY)
        return os.open(name, _READ | os.O_DIRECTORY if is_folder else _READ, dir_fd=at)
    finally:
        if at != top:
            os.close(at)


def _entries(
    top: int, folder: bytes, folders: list[bytes], notes: Notes, without: frozenset[tuple[int, int]]
) -> Iterator[Found | None]:
    """The images of one folder; its own folders are added to `folders`."""
    descriptor = open_below(top, folder, is_folder=True)
    try:
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) in without:
            return
        with os.scandir(descriptor) as entries:
            for entry in entries:
                notes.looked_at += 1
                path = folder + b"/" + os.fsencode(entry.name) if folder else os.fsencode(entry.name)
                yield _entry(entry, path, folders, notes)
    finally:
        os.close(descriptor)


def _entry(entry: os.DirEntry[str], path: bytes, folders: list[bytes], notes: Notes) -> Found | None:
    try:
        if entry.is_symlink():
            notes.link(path)
        elif entry.is_dir(follow_symlinks=False):
            folders.append(path)
        elif entry.is_file(follow_symlinks=False) and is_image_name(path):
            status = entry.stat(follow_symlinks=False)
            return Found(path, status.st_size, status.st_mtime_ns)
    except FileNotFoundError:
        pass  # gone since its name was read
    except OSError as error:
        notes.unreadable[path] = error.strerror or str(error)
    return None


def _step(top: int, at: int, folder: bytes, flags: int) -> int:
    """One folder further down; the one above is closed, unless it is the top."""
    below = os.open(folder, flags, dir_fd=at)
    if at != top:
        os.close(at)
    return below


def _folders_of(path: bytes) -> Iterator[bytes]:
    """The path itself, and the folders above it without the root."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]
