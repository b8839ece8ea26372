"""Folders of embeddings that answer searches by themselves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from media_index import faiss_index
from media_index.faiss_index import Searcher, Vectors, chunks, escaped, read_and_check, unescaped, write
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem

DIM = 8
SPEC = EngineSpec("fake", "noise", "1", DIM, "none")
ODD_NAMES = [
    "sea/a b.jpg",
    "line\nbreak\r.png",
    "back\\slash\\n.jpg",
    os.fsdecode(b"caf\xe9.jpg"),
    "море.jpg",
    "\x85.jpg",
]


def vectors(rows: int, dim: int = DIM, seed: int = 1) -> Vectors:
    noise = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return np.asarray(noise / np.linalg.norm(noise, axis=1, keepdims=True))


def paths(rows: int) -> list[str]:
    return [*ODD_NAMES, *(f"{number}.jpg" for number in range(rows))][:rows]


def exported(folder: Path, rows: int = 20, *, seed: int = 1) -> Path:
    """A folder of that many rows that came in chunks of 7."""
    parts = [(paths(rows)[at : at + 7], vectors(rows, seed=seed)[at : at + 7]) for at in range(0, rows, 7)]
    write(folder, spec=SPEC, total=rows, rows=parts)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return exported(tmp_path / "index")


def refusal(folder: Path) -> str:
    with pytest.raises(Problem) as caught:
        read_and_check(folder)
    assert caught.value.code == "bad_export"
    return caught.value.detail


def change(folder: Path, **rows: list[float]) -> None:
    """Write other numbers into rows, named r3 and so on."""
    array = np.lib.format.open_memmap(folder / "embeddings.npy", "r+")
    for name, numbers in rows.items():
        array[int(name[1:])] = numbers
    array.flush()


def test_what_was_written_is_read(folder: Path) -> None:
    rows = read_and_check(folder)
    assert rows.spec == SPEC
    assert rows.paths == paths(20)
    assert np.array_equal(rows.vectors, vectors(20))


def test_its_files_are_those_that_other_programs_read(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == faiss_index.NAMES
    assert np.array_equal(np.load(folder / "embeddings.npy"), vectors(20))
    assert len((folder / "file_paths.txt").read_text(encoding="utf-8").split("\n")) == 21
    assert json.loads((folder / "contract.json").read_text())["dim"] == DIM
    assert isinstance(faiss.read_index(str(folder / "faiss.index")), faiss.IndexFlatIP)


def test_the_nearest_come_first_with_their_cosines(folder: Path) -> None:
    query = vectors(1, seed=5)[0]
    cosines = vectors(20) @ query
    found = Searcher(folder).search(query, 4)
    assert [path for path, _, _ in found] == [paths(20)[row] for row in np.argsort(-cosines)[:4]]
    assert [cosine for _, cosine, _ in found] == pytest.approx(np.sort(cosines)[::-1][:4].tolist(), abs=1e-6)
    assert np.array_equal(found[0][2], vectors(20)[cosines.argmax()])


def test_more_than_there_is_gives_what_there_is(folder: Path) -> None:
    assert len(Searcher(folder).search(vectors(1)[0], 1000)) == 20


def test_from_the_threshold_on_it_is_searched_in_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_index, "EXACT_ROWS", 4000)
    centres = vectors(200, dim=32, seed=2)
    noise = np.random.default_rng(3).normal(scale=0.08, size=(4000, 32)).astype(np.float32)
    rows = np.repeat(centres, 20, axis=0) + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = [f"{number}.jpg" for number in range(4000)]
    write(tmp_path / "index", spec=replace(SPEC, dim=32), total=4000, rows=[(names, rows)])
    assert isinstance(faiss.read_index(str(tmp_path / "index" / "faiss.index")), faiss.IndexIVFScalarQuantizer)
    searcher, met = Searcher(tmp_path / "index"), 0
    for query in rows[::40]:
        exact = {names[row] for row in np.argsort(-(rows @ query))[:10]}
        met += len(exact & {path for path, _, _ in searcher.search(query, 10)})
    assert met / (10 * len(rows[::40])) >= 0.99


def test_below_the_threshold_it_is_exact() -> None:
    assert faiss_index.EXACT_ROWS == 100_000


@pytest.mark.parametrize("path", [*ODD_NAMES, "", "\\", "\\x41", "\\\\n", "\udc80\udcff"])
def test_a_path_is_one_line_and_comes_back(path: str) -> None:
    line = escaped(path)
    assert not set("\n\r") & set(line)
    line.encode()  # it is UTF-8
    assert unescaped(line) == path


def test_an_older_folder_is_replaced(folder: Path) -> None:
    exported(folder, 9, seed=4)
    assert np.array_equal(read_and_check(folder).vectors, vectors(9, seed=4))
    assert len(Searcher(folder).search(vectors(1)[0], 100)) == 9


def test_rows_that_do_not_come_leave_the_older_folder(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="7 rows came in place of 9"):
        write(folder, spec=SPEC, total=9, rows=[(paths(7), vectors(7))])
    assert len(read_and_check(folder).paths) == 20


def test_a_kill_in_the_middle_leaves_the_older_folder(folder: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from media_index.tests import test_faiss_index as here
def rows():
    yield here.paths(5), here.vectors(5)
    os.kill(os.getpid(), signal.SIGKILL)
here.write(Path({os.fspath(folder)!r}), spec=here.SPEC, total=9, rows=rows())
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == -signal.SIGKILL
    assert (folder.parent / ".index.new" / "embeddings.npy").exists()
    assert len(read_and_check(folder).paths) == 20
    assert len(Searcher(folder).search(vectors(1)[0], 100)) == 20
    exported(folder, 9)
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


@pytest.mark.parametrize("keep", [0, 5, 64, 128, 200, 767])
def test_a_half_written_file_is_refused(keep: int, folder: Path) -> None:
    content = (folder / "embeddings.npy").read_bytes()
    (folder / "embeddings.npy").write_bytes(content[:keep])
    assert "embeddings.npy" in refusal(folder)
    with pytest.raises(Problem, match=r"embeddings\.npy"):
        Searcher(folder)


def test_where_it_ends_is_named(folder: Path) -> None:
    content = (folder / "embeddings.npy").read_bytes()
    (folder / "embeddings.npy").write_bytes(content[: -3 * 4 * DIM - 2])
    assert "says 20 rows and has 16 whole ones: it ends or goes wrong in row 16" in refusal(folder)


def test_nan_and_infinity_are_refused_with_their_rows_and_paths(folder: Path) -> None:
    change(folder, r4=[np.nan] * DIM, r9=[0.1] * (DIM - 1) + [np.inf])
    assert f"NaN or infinity in row 4 ({ODD_NAMES[4]}), 9 (3.jpg)" in refusal(folder)


def test_rows_of_zeros_are_refused_with_their_rows_and_paths(folder: Path) -> None:
    change(folder, **{f"r{row}": [0.0] * DIM for row in range(1, 8)})
    said = refusal(folder)
    assert "only zeros in row 1 (line\\nbreak\\r.png), 2 (back\\\\slash\\\\n.jpg), 3 (caf\\xe9.jpg)" in said
    assert said.endswith("and 2 more.")


def test_rows_of_another_length_are_brought_to_one(folder: Path) -> None:
    change(folder, r3=(7 * vectors(20)[3]).tolist())
    (_, part), *_ = list(chunks(read_and_check(folder)))
    assert part == pytest.approx(vectors(20), abs=1e-6)


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (vectors(20, dim=DIM + 1), "have 9 dimensions and those of contract.json have 8"),
        (vectors(20).astype(np.float64), "float64"),
        (vectors(20).astype(np.float16), "float16"),
        (vectors(20).ravel(), "float32 (160,)"),
        (vectors(19), "19 rows and file_paths.txt has 20; the last path is 13.jpg, row 19"),
        (np.array([{"a": 1}] * 20, object), "object"),
        (vectors(0), "has no rows"),
    ],
)
def test_other_numbers_are_refused(array: Vectors, why: str, folder: Path) -> None:
    np.save(folder / "embeddings.npy", array)
    if not len(array):
        (folder / "file_paths.txt").write_text("")
    assert why in refusal(folder)


def test_columns_first_is_another_order_of_the_same(folder: Path) -> None:
    np.save(folder / "embeddings.npy", np.asfortranarray(vectors(20)))
    assert np.array_equal(read_and_check(folder).vectors, vectors(20))


def test_a_path_that_is_there_twice_is_refused(folder: Path) -> None:
    lines = (folder / "file_paths.txt").read_text().split("\n")
    lines[11] = lines[15]
    (folder / "file_paths.txt").write_text("\n".join(lines))
    assert f"names {lines[15]} 2 times: rows 11, 15" in refusal(folder)


@pytest.mark.parametrize(("line", "why"), [(b"C:\\photos\\a.jpg", "backslash"), (b"caf\xe9.jpg", "utf-8")])
def test_a_line_that_is_not_escaped_is_refused_with_its_row(line: bytes, why: str, folder: Path) -> None:
    lines = (folder / "file_paths.txt").read_bytes().split(b"\n")
    lines[6] = line
    (folder / "file_paths.txt").write_bytes(b"\n".join(lines))
    said = refusal(folder)
    assert "row 6" in said
    assert why in said


def test_lines_may_end_as_on_windows_and_the_last_may_not_end(folder: Path) -> None:
    content = (folder / "file_paths.txt").read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    (folder / "file_paths.txt").write_bytes(content)
    assert read_and_check(folder).paths == paths(20)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "{", '{"engine": "a", "model": "b", "version": "c", "dim": "8", "preprocessing": "d"}', "\0"],
)
def test_a_contract_that_is_none_is_refused(content: str, folder: Path) -> None:
    (folder / "contract.json").write_text(content)
    assert "contract.json" in refusal(folder)


@pytest.mark.parametrize("name", ["embeddings.npy", "file_paths.txt", "contract.json"])
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert name in refusal(folder)


def broken_indexes(folder: Path) -> Iterator[None]:
    """One after another."""
    index = folder / "faiss.index"
    content = index.read_bytes()
    for damaged in (b"", b"something else", content[: len(content) // 2]):
        index.write_bytes(damaged)
        yield
    index.unlink()
    yield
    faiss.write_index(faiss.IndexFlatIP(DIM), str(index))
    yield


def test_a_damaged_index_names_what_makes_it_again(folder: Path) -> None:
    for _ in broken_indexes(folder):
        with pytest.raises(Problem, match="rebuild_faiss"):
            Searcher(folder)
    assert len(read_and_check(folder).paths) == 20  # an import needs no index


def test_rows_of_any_length_are_brought_to_length_one(tmp_path: Path) -> None:
    vectors = np.eye(3, 4, dtype=np.float32) * np.array([[1e20], [1e-5], [1]], np.float32)
    rows = faiss_index.Rows(EngineSpec("e", "m", "1", 4, "p"), ["a", "b", "c"], vectors)
    [(paths, units)] = faiss_index.chunks(rows)
    assert (paths, units.dtype) == (["a", "b", "c"], np.dtype(np.float32))
    assert np.allclose(units, np.eye(3, 4))
