"""Walking a tree of files, and opening what it holds."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_index.folders import Notes, is_image_name, open_below, walk
from media_index.tests.library import fill


def _paths(root: Path, notes: Notes | None = None) -> set[bytes]:
    return {found.path for found in walk(os.fsencode(root), notes or Notes()) if found}


@pytest.fixture
def top(tmp_path: Path) -> Any:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(
    ("name", "is_image"),
    [
        *[(b"a.jpg", True), (b"A.JPEG", True), (b"x/b.HEIC", True), (b"c.hif", True), (b"d.tiff", True)],
        *[(b"a.txt", False), (b"jpg", False), (b".jpg", False), (b"a.jpg.bak", False), (b"a.svg", False)],
        (b"x/._a.jpg", False),  # what macOS leaves on other disks
        (b"x.jpg/notes", False),
    ],
)
def test_it_knows_images_by_their_suffix(name: bytes, is_image: bool) -> None:
    assert is_image_name(name) is is_image


def test_it_finds_the_images_of_all_folders_with_size_and_time(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "deep/er/b.png", "notes.txt")
    found = {file.path: file for file in walk(os.fsencode(tmp_path), Notes()) if file}
    assert set(found) == {b"a.jpg", b"deep/er/b.png"}
    status = (tmp_path / "a.jpg").stat()
    assert (found[b"a.jpg"].size, found[b"a.jpg"].changed_ns) == (status.st_size, status.st_mtime_ns)


def test_it_finds_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.jpg"
    Path(os.fsdecode(name)).write_bytes(b"x")
    assert _paths(tmp_path) == {b"\xff\xfe.jpg"}


def test_it_follows_no_links_and_counts_them(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    fill(root, "a.jpg")
    (secret,) = fill(elsewhere, "secret.jpg")
    (root / "folder").symlink_to(elsewhere)
    (root / "file.jpg").symlink_to(secret)
    (root / "loop").symlink_to(root)
    notes = Notes()
    assert _paths(root, notes) == {b"a.jpg"}
    assert (notes.links, sorted(notes.some_links)) == (3, [b"file.jpg", b"folder", b"loop"])


def test_it_goes_on_behind_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "locked/b.jpg", "open/c.jpg")
    _lock(monkeypatch, tmp_path / "locked")
    notes = Notes()
    assert _paths(tmp_path, notes) == {b"a.jpg", b"open/c.jpg"}
    assert notes.unreadable == {b"locked": "Permission denied"}
    assert notes.hides(b"locked/b.jpg") and notes.hides(b"locked/deep/x.jpg")
    assert not notes.hides(b"a.jpg") and not notes.hides(b"lockedaway/b.jpg")


def test_a_root_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        _paths(tmp_path / "missing")
    _lock(monkeypatch, tmp_path)
    with pytest.raises(PermissionError):
        _paths(tmp_path)


def test_pipes_and_folders_that_are_named_like_images_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    fill(tmp_path, "folder.jpg/a.jpg")
    assert _paths(tmp_path) == {b"folder.jpg/a.jpg"}


def test_it_leaves_out_the_folders_that_it_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "own/thumb.webp")
    status = (tmp_path / "own").stat()
    without = frozenset({(status.st_dev, status.st_ino)})
    assert [file.path for file in walk(os.fsencode(tmp_path), Notes(), without=without) if file] == [b"a.jpg"]


def test_it_walks_paths_longer_than_the_system_takes(tmp_path: Path) -> None:
    name, at = "f" * 200, os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("a.jpg", os.O_CREAT, dir_fd=at))
    os.close(at)
    (path,) = _paths(tmp_path)
    assert len(path) > 5000


def test_it_keeps_no_file_open(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{number}/{number}/a.jpg" for number in range(50)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    _paths(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def _linked_file(root: Path) -> bytes:
    (root / "a.jpg").symlink_to("/etc/hostname")
    return b"a.jpg"


def _linked_folder(root: Path) -> bytes:
    (root / "etc").symlink_to("/etc")
    return b"etc/hostname"


@pytest.mark.parametrize("lure", [_linked_file, _linked_folder, lambda root: b"../x", lambda root: b"a/../../x"])
def test_nothing_outside_is_opened(tmp_path: Path, top: int, lure: Callable[[Path], bytes]) -> None:
    (tmp_path / "a").mkdir(exist_ok=True) if lure is not _linked_file else None
    with pytest.raises(OSError):
        open_below(top, lure(tmp_path))


def _lock(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No permission for that folder, which root would have all the same."""
    inode, scan = folder.stat().st_ino, os.scandir

    def scandir(descriptor: int) -> Any:
        if os.fstat(descriptor).st_ino == inode:
            raise PermissionError(13, "Permission denied")
        return scan(descriptor)

    monkeypatch.setattr(os, "scandir", scandir)
