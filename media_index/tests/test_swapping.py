"""Folders that are replaced as one."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from media_index.swapping import replacing, settled
from photofinder.errors import Problem

NAMES = {"one", "two"}


def write(folder: Path, text: str) -> None:
    with replacing(folder, NAMES) as new:
        for name in NAMES:
            (new / name).write_text(text)


def texts(folder: Path) -> set[str]:
    return {path.read_text() for path in settled(folder).iterdir()}


def test_the_new_files_take_the_place_of_the_old_ones(tmp_path: Path) -> None:
    for text in ("old", "new"):
        write(tmp_path / "kept", text)
    assert texts(tmp_path / "kept") == {"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_fails_leaves_the_old_files(tmp_path: Path) -> None:
    write(tmp_path / "kept", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "kept", NAMES) as new:
        (new / "one").write_text("new")
        _ = 1 / 0
    assert texts(tmp_path / "kept") == {"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_kill_between_the_renames_leaves_the_old_files(tmp_path: Path) -> None:
    write(tmp_path / "kept", "old")
    (tmp_path / "kept").rename(tmp_path / ".kept.old")
    (tmp_path / ".kept.new").mkdir()
    assert texts(tmp_path / "kept") == {"old"}


def test_a_reader_between_the_renames_of_a_writer_waits_for_the_new_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "kept", "old")
    rename, read = Path.rename, list[Future[set[str]]]()

    def interrupted(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if target.name == ".kept.old":
            read.append(reader.submit(texts, tmp_path / "kept"))
            time.sleep(0.2)
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    with ThreadPoolExecutor(1) as reader:
        write(tmp_path / "kept", "new")
    assert read[0].result() == {"new"}


def test_a_folder_with_files_of_others_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(Problem, match=r"letters\.txt"):
        write(tmp_path, "new")
    assert texts(tmp_path) == {"dear"}


def test_a_file_in_its_place_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("dear")
    with pytest.raises(Problem, match="it is a file"):
        write(tmp_path / "kept", "new")


def test_a_link_to_the_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "kept").symlink_to(tmp_path / "disk")
    write(tmp_path / "kept", "new")
    assert (tmp_path / "kept").is_symlink()
    assert texts(tmp_path / "disk") == {"new"}


def test_two_writers_do_not_mix_their_files(tmp_path: Path) -> None:
    with replacing(tmp_path / "kept", NAMES) as new:
        (new / "one").write_text("first")
        with pytest.raises(Problem, match="Another process"):
            write(tmp_path / "kept", "second")
    assert texts(tmp_path / "kept") == {"first"}


def test_what_a_killed_writer_left_is_gone_after_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / ".kept.new"
    left.mkdir()
    (left / "half").write_text("ha")
    write(tmp_path / "kept", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert texts(tmp_path / "kept") == {"new"}
