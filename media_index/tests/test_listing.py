"""What a source holds: written down once, however often and wherever the listing is killed."""

import itertools
import os
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from media_index.folders import walk
from media_index.models import Image, Source, SourceFile
from media_index.services import listing
from media_index.tests.library import added, catalogue, fill, listed, photo, read, recording, states

pytestmark = pytest.mark.django_db
State = Source.State


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int], int | None]]:
    """The messages that listing sends: path, ids and ids per message."""
    messages: list[tuple[str, list[int], int | None]] = []
    monkeypatch.setattr(listing, "enqueue", lambda path, ids, *, chunk=None: messages.append((path, list(ids), chunk)))
    return messages


def test_every_image_becomes_a_row_that_waits(tmp_path: Path, sent: Any, settings: Any) -> None:
    fill(tmp_path, "a.jpg", "deep/b.png", "notes.txt")
    source = added(tmp_path)
    listed(source)
    assert states(source) == {"a.jpg": "queued", "deep/b.png": "queued"}
    assert (source.state, source.run) == (State.LISTED, 1)
    ids = sorted(source.files.values_list("pk", flat=True))
    assert [(path, sorted(ids), chunk) for path, ids, chunk in sent] == [
        (settings.SOURCE_READING, ids, settings.SOURCE_CHUNK)
    ]


def test_what_is_known_is_not_read_again(tmp_path: Path, sent: Any) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    source = catalogue(tmp_path)
    before = list(source.files.order_by("pk").values_list("pk", "image", "changed_at"))
    sent.clear()
    listed(added(tmp_path))
    assert list(source.files.order_by("pk").values_list("pk", "image", "changed_at")) == before
    assert [ids for _, ids, _ in sent] == [[]]
    assert set(source.files.values_list("seen_in", flat=True)) == {2}


@pytest.mark.parametrize("change", ["size", "time"])
def test_what_changed_is_read_again(tmp_path: Path, change: str) -> None:
    path, _ = fill(tmp_path, "a.jpg", "b.jpg")
    source = catalogue(tmp_path)
    if change == "size":
        path.write_bytes(photo(size=(80, 60)))
    status = path.stat()
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns + (change == "time")))
    listed(added(tmp_path))
    assert states(source) == {"a.jpg": "queued", "b.jpg": "indexed"}


def test_what_is_not_there_any_more_is_gone_and_its_image_stays(tmp_path: Path) -> None:
    path, _ = fill(tmp_path, "a.jpg", "b.jpg")
    source = catalogue(tmp_path)
    path.unlink()
    listed(added(tmp_path))
    assert states(source) == {"a.jpg": "gone", "b.jpg": "indexed"}
    assert source.files.get(name="a.jpg").image
    assert Image.objects.count() == 2


def test_what_comes_back_unchanged_is_known(tmp_path: Path) -> None:
    path, never_read = fill(tmp_path, "a.jpg", "b.jpg")
    source = added(tmp_path)
    listed(source)
    read(source.files.filter(name="a.jpg"))
    fill(tmp_path, "c.jpg")
    for file in (path, never_read):
        file.rename(tmp_path / f"{file.name}.away")
    listed(added(tmp_path))
    assert states(source) == {"a.jpg": "gone", "b.jpg": "gone", "c.jpg": "queued"}
    for file in (path, never_read):
        (tmp_path / f"{file.name}.away").rename(file)
    listed(added(tmp_path))
    assert states(source) == {"a.jpg": "indexed", "b.jpg": "queued", "c.jpg": "queued"}


@pytest.mark.parametrize(("code", "state"), [("damaged", "failed"), ("empty", "failed"), ("unreadable", "queued")])
def test_what_failed_is_tried_again_unless_it_is_the_content(tmp_path: Path, code: str, state: str) -> None:
    fill(tmp_path, "a.jpg")
    source = catalogue(tmp_path)
    source.files.update(state="failed", error_code=code, error="It was.", attempts=3)
    listed(added(tmp_path))
    file = source.files.get()
    assert (file.state, file.attempts) == (state, 0 if state == "queued" else 3)


def test_a_file_below_a_folder_that_cannot_be_read_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "locked/b.jpg")
    source = catalogue(tmp_path)
    (tmp_path / "a.jpg").unlink()
    inode, scan = (tmp_path / "locked").stat().st_ino, os.scandir

    def scandir(folder: Any) -> Any:
        if isinstance(folder, int) and os.fstat(folder).st_ino == inode:
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    source = added(tmp_path)
    listed(source)
    assert states(source) == {"a.jpg": "gone", "locked/b.jpg": "indexed"}
    assert (source.state, source.unreadable) == (State.LISTED, [["locked", "Permission denied"]])


def test_links_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    for number in range(120):
        (tmp_path / f"loop{number}").symlink_to(tmp_path)
    source = added(tmp_path)
    listed(source)
    assert states(source) == {"a.jpg": "queued"}
    assert len(source.unreadable) == 101
    assert "symbolic link" in source.unreadable[0][1]
    assert source.unreadable[-1] == ["", "and 20 more symbolic links"]


def test_names_that_are_not_utf8_are_catalogued_and_can_be_told_apart(tmp_path: Path) -> None:
    for name in (b"\xff.jpg", b"\xfe.jpg", "имя\n.jpg".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(photo())
    source = catalogue(tmp_path)
    files = source.files.order_by("name")
    assert [file.name for file in files] == ["имя\n.jpg", "\ufffd.jpg", "\ufffd.jpg"]
    assert {bytes(file.path) for file in files} == {b"\xff.jpg", b"\xfe.jpg", "имя\n.jpg".encode()}
    assert {file.state for file in files} == {"indexed"}


def test_a_folder_that_is_away_fails_the_listing_and_marks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    fill(folder, "a.jpg")
    source = catalogue(folder)
    Source.objects.update(state=State.QUEUED)
    folder.rename(tmp_path / "away")
    listed(source)
    assert source.state == State.FAILED
    assert str(folder) in source.error
    assert states(source) == {"a.jpg": "indexed"}


def test_a_folder_that_a_link_took_the_place_of_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "above/disk"
    fill(folder, "a.jpg")
    source = catalogue(folder)
    fill(tmp_path / "elsewhere/disk", "b.jpg")
    for linked, target in ((folder, tmp_path / "elsewhere/disk"), (folder.parent, tmp_path / "elsewhere")):
        linked.rename(tmp_path / f"away {linked.name}")
        linked.symlink_to(target)
        Source.objects.update(state=State.QUEUED)
        listed(source)
        assert (source.state, states(source)) == (State.FAILED, {"a.jpg": "indexed"})
        assert "symbolic link" in source.error
        linked.unlink()
        (tmp_path / f"away {linked.name}").rename(linked)


def test_an_empty_folder_where_files_were_is_taken_for_a_disk_that_is_away(tmp_path: Path) -> None:
    (path,) = fill(tmp_path, "a.jpg")
    source = catalogue(tmp_path)
    path.unlink()
    source = added(tmp_path)
    listed(source)
    assert (source.state, states(source)) == (State.FAILED, {"a.jpg": "indexed"})
    assert "disk" in source.error


def test_an_empty_folder_is_listed(tmp_path: Path) -> None:
    source = added(tmp_path)
    listed(source)
    assert (source.state, source.files.count()) == (State.LISTED, 0)


class Killed(BaseException):
    """What a power cut would be."""


def test_a_listing_that_was_killed_is_done_again_and_doubles_nothing(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOURCE_BATCH = 10
    fill(tmp_path, *(f"{number}.jpg" for number in range(50)))
    source = added(tmp_path)

    def dying(*args: Any, **options: Any) -> Iterator[Any]:
        yield from itertools.islice(walk(*args, **options), 35)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("media_index.services.places.walk", dying)
        listed(source)
    assert (source.files.count(), Source.objects.get().state) == (30, State.LISTING)
    listed(source)
    assert source.state == State.LISTING, "whoever is heard of is not disturbed"
    Source.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    listed(source)
    assert (source.state, source.files.count()) == (State.LISTED, 50)


def test_a_listing_gives_way_to_a_later_one(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SOURCE_BATCH = 10
    fill(tmp_path, *(f"{number}.jpg" for number in range(50)))
    source = added(tmp_path)

    def overtaken(*args: Any, **options: Any) -> Iterator[Any]:
        entries = walk(*args, **options)
        yield from itertools.islice(entries, 25)
        Source.objects.update(state=State.QUEUED)
        yield from entries

    monkeypatch.setattr("media_index.services.places.walk", overtaken)
    listed(source)
    assert (source.state, source.files.count()) == (State.QUEUED, 20)


def test_a_source_that_was_deleted_meanwhile_is_nobodys_trouble(tmp_path: Path) -> None:
    source = added(tmp_path)
    source_id = source.pk
    source.delete()
    listing.sources_list(source_ids=[source_id])


def test_a_slow_listing_says_that_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, *(f"{number}.txt" for number in range(5)))
    source = added(tmp_path)
    monkeypatch.setattr(listing, "_HEARTBEAT_SECONDS", -1)
    heard: list[Any] = []
    monkeypatch.setattr(listing, "_batch_write", recording(listing._batch_write, heard))
    listed(source)
    assert [batch for _, batch in heard] == [[]] * 6


def test_a_lost_message_is_sent_again(tmp_path: Path, sent: Any, settings: Any) -> None:
    for name in ("lost", "dead", "fresh", "done"):
        (tmp_path / name).mkdir()
        added(tmp_path / name)
    long_ago = timezone.now() - timedelta(hours=1)
    Source.objects.exclude(location__endswith="fresh").update(changed_at=long_ago)
    Source.objects.filter(location__endswith="dead").update(state=State.LISTING)
    Source.objects.filter(location__endswith="done").update(state=State.LISTED)
    listing.sources_resume()
    lost = Source.objects.filter(location__regex="(lost|dead)$").order_by("pk").values_list("pk", flat=True)
    assert [(path, sorted(ids)) for path, ids, _ in sent] == [(settings.SOURCE_LISTING, list(lost))]
    sent.clear()
    listing.sources_resume()
    assert [len(ids) for _, ids, _ in sent] == [1], "the one whose listing died; the other has its message"


def test_twenty_thousand_files_in_one_folder_are_listed_in_little_memory(tmp_path: Path, sent: Any) -> None:
    for number in range(20_000):
        os.close(os.open(tmp_path / f"{number}.jpg", os.O_CREAT))
    source = added(tmp_path)
    tracemalloc.start()
    listed(source)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert SourceFile.objects.count() == 20_000
    assert most < 8 * 1024 * 1024
