"""Embeddings as a folder of files that answers searches by itself, with FAISS and no database.

    embeddings.npy   float32 (N, d), one row per file
    file_paths.txt   N lines of UTF-8, the path of each row; what a line cannot hold is escaped, see `escaped`
    faiss.index      inner products of the rows: exact below EXACT_ROWS rows, in cells (IVF) from there on
    contract.json    the fields of the EngineSpec that made the rows

Rows are counted from 0, as NumPy does.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import isqrt
from pathlib import Path
from typing import Any, TypeAlias

import faiss
import numpy as np
from numpy.typing import NDArray

from media_index.swapping import replacing, settled
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem

Vectors: TypeAlias = NDArray[np.float32]

VECTORS, PATHS, INDEX, CONTRACT = "embeddings.npy", "file_paths.txt", "faiss.index", "contract.json"
NAMES = {VECTORS, PATHS, INDEX, CONTRACT}
EXACT_ROWS = 100_000
# Why cells and not HNSW: they are built in minutes from a bounded sample, take half of the vectors' memory (16-bit
# numbers, all that the database keeps) and no graph, and are searched from the disk (IO_FLAG_MMAP), a few per question.
# 4 * sqrt(N) cells and at least 39 rows each to train them are the guidelines of FAISS; a 32nd of them is looked at.
_CELLS_PER_ROOT, _TRAINING_ROWS_PER_CELL, _MOST_CELLS, _CELLS_PER_LOOK = 4, 39, 5000, 32
CHUNK_ROWS = 8192
_NAMED_ROWS = 5  # how many bad rows a refusal names
_MOST_CHARACTERS = 160  # of EngineSpec.contract
_SHORTEST = 1e-6  # a row that is shorter has no direction
_ESCAPE = re.compile(r"\\(\\|n|r|x[0-9a-f]{2})|\\")


@dataclass(frozen=True)
class Rows:
    """What a folder holds: row i of `vectors` (N, d), mapped from the disk, belongs to `paths[i]`."""

    spec: EngineSpec
    paths: list[str]
    vectors: Vectors


class Searcher:
    """Answers from a folder. Raises Problem `bad_export` when its files are damaged or do not belong together."""

    def __init__(self, folder: Path) -> None:
        self._rows = _read(settled(folder))
        self.spec = self._rows.spec
        try:
            self._index: Any = faiss.read_index(os.fspath(settled(folder) / INDEX), faiss.IO_FLAG_MMAP)
        except RuntimeError as error:
            raise _bad(f"{INDEX} is missing or damaged; manage.py rebuild_faiss makes it again") from error
        if (self._index.ntotal, self._index.d) != self._rows.vectors.shape:
            raise _bad(f"{INDEX} is not of {VECTORS}; manage.py rebuild_faiss makes it again")

    def search(self, query: Vectors, limit: int) -> list[tuple[str, float, Vectors]]:
        """The path, the cosine and the vector (d,) of the rows nearest to `query` (d,) of length 1, nearest first."""
        cosines, found = self._index.search(query[None], min(limit, len(self._rows.paths)))
        nearest = [(row, float(cosine)) for row, cosine in zip(found[0], cosines[0], strict=True) if row >= 0]
        return [(self._rows.paths[row], cosine, np.array(self._rows.vectors[row])) for row, cosine in nearest]


def write(folder: Path, *, spec: EngineSpec, total: int, rows: Iterable[tuple[list[str], Vectors]]) -> None:
    """Write a folder of `total` (at least 1) rows, which come in chunks of paths and vectors (n, d) of length 1.

    It takes the place of an older one when it is complete. Memory: a chunk, the sample that the cells are trained on
    (at most 200,000 rows) and the index, 4 * d bytes per row while it is exact and 2 * d beyond.
    """
    with replacing(folder, NAMES) as new:
        (new / CONTRACT).write_text(json.dumps(asdict(spec), indent=2) + "\n", encoding="utf-8")
        _write_rows(new, np.lib.format.open_memmap(new / VECTORS, "w+", np.float32, (total, spec.dim)), rows)
        faiss.write_index(_indexed(np.load(new / VECTORS, mmap_mode="r")), os.fspath(new / INDEX))


def read_and_check(folder: Path) -> Rows:
    """All that a folder holds but for its index, every row looked at; vectors of another length than 1 are allowed.

    Raises Problem `bad_export` that names the first bad rows: files that are missing, end early or hold something
    else, NaN, infinity, rows of zeros, numbers of rows and paths that differ, a path that is there twice.
    """
    rows = _read(settled(folder))
    _refuse_rows(rows, [row for row, length in _lengths(rows.vectors) if not np.isfinite(length)], "NaN or infinity")
    _refuse_rows(rows, [row for row, length in _lengths(rows.vectors) if length < _SHORTEST], "only zeros")
    if len(set(rows.paths)) < len(rows.paths):
        path, times = Counter(rows.paths).most_common(1)[0]
        places = [row for row, other in enumerate(rows.paths) if other == path][:_NAMED_ROWS]
        raise _bad(f"{PATHS} names {escaped(path)} {times} times: rows {', '.join(map(str, places))}")
    return rows


def chunks(rows: Rows) -> Iterator[tuple[list[str], Vectors]]:
    """The rows in chunks that fit into memory, vectors brought to length 1."""
    for start in range(0, len(rows.paths), CHUNK_ROWS):
        vectors = np.array(rows.vectors[start : start + CHUNK_ROWS], np.float64)  # whose squares do not overflow
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        yield rows.paths[start : start + CHUNK_ROWS], units.astype(np.float32)


def spec_of(folder: Path) -> EngineSpec:
    """What made a folder's rows. Raises Problem `bad_export`."""
    return _spec(settled(folder))


def escaped(path: str) -> str:
    r"""A path (as os.fsdecode gives it) as one line of UTF-8: `\\` is a backslash, `\n` and `\r` are ends of lines and
    `\xNN` is a byte of a name that is not UTF-8.
    """
    line = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", line)


def unescaped(line: str) -> str:
    """The path that `escaped` wrote. Raises ValueError for another use of a backslash."""
    return _ESCAPE.sub(_unescape, line)


def _unescape(found: re.Match[str]) -> str:
    if not found[1]:
        raise ValueError(f"a backslash is written \\\\ and not {found.string[found.start() : found.start() + 2]}")
    return {"\\": "\\", "n": "\n", "r": "\r"}.get(found[1]) or chr(0xDC00 + int(found[1][1:], 16))


def _write_rows(new: Path, vectors: Vectors, rows: Iterable[tuple[list[str], Vectors]]) -> None:
    done = 0
    with (new / PATHS).open("w", encoding="utf-8", newline="\n") as lines:
        for paths, part in rows:
            vectors[done : done + len(part)] = part
            lines.writelines(f"{escaped(path)}\n" for path in paths)
            done += len(part)
    if done != len(vectors):
        raise RuntimeError(f"{done} rows came in place of {len(vectors)}")
    vectors.flush()  # type: ignore[attr-defined] # a memmap


def _indexed(vectors: Vectors) -> Any:
    """A FAISS index of unit vectors (N, d)."""
    index: Any = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors) >= EXACT_ROWS:
        index = _cells(index, vectors)
    for start in range(0, len(vectors), CHUNK_ROWS):
        index.add(np.ascontiguousarray(vectors[start : start + CHUNK_ROWS]))
    return index


def _cells(quantizer: Any, vectors: Vectors) -> Any:
    """An empty index of cells, trained on rows from all over the folder."""
    rows, dim = vectors.shape
    cells = min(_CELLS_PER_ROOT * isqrt(rows), _MOST_CELLS)
    half, inner = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(quantizer, dim, cells, half, inner, False)
    index.nprobe = -(-cells // _CELLS_PER_LOOK)
    sample = np.linspace(0, rows - 1, min(cells * _TRAINING_ROWS_PER_CELL, rows)).astype(np.int64)
    index.train(np.ascontiguousarray(vectors[sample]))
    return index


def _read(folder: Path) -> Rows:
    spec, paths = _spec(folder), _paths(folder)
    vectors = _vectors(folder, spec.dim)
    if len(paths) != len(vectors):
        last = f"; the last path is {escaped(paths[-1])}, row {len(paths) - 1}" if paths else ""
        raise _bad(f"{VECTORS} has {len(vectors)} rows and {PATHS} has {len(paths)}{last}")
    return Rows(spec, paths, vectors)


def _spec(folder: Path) -> EngineSpec:
    try:
        fields = json.loads(_bytes(folder, CONTRACT))
        spec = EngineSpec(**fields)
    except (ValueError, TypeError) as error:
        raise _bad(f"{CONTRACT} is not a contract ({error})") from error
    texts = (spec.engine, spec.model, spec.version, spec.preprocessing)
    if not all(isinstance(text, str) for text in texts) or type(spec.dim) is not int or spec.dim < 1:
        raise _bad(f"{CONTRACT} is not a contract: engine, model, version, preprocessing are texts, dim is a number")
    if len(spec.contract) > _MOST_CHARACTERS:
        raise _bad(f"{CONTRACT} is longer than the {_MOST_CHARACTERS} characters that a contract may have")
    return spec


def _paths(folder: Path) -> list[str]:
    *lines, rest = _bytes(folder, PATHS).split(b"\n")
    paths = []
    for row, line in enumerate([*lines, rest] if rest else lines):
        try:
            paths.append(unescaped(line.removesuffix(b"\r").decode()))
        except ValueError as error:
            raise _bad(f"{PATHS}, row {row}, {line[:200]!r}: {error}") from error
    return paths


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _bad(f"{folder / name} cannot be read ({error.strerror})") from error


def _vectors(folder: Path, dim: int) -> Vectors:
    """embeddings.npy, mapped. A file that ends early must not be: reading behind its end would kill the process."""
    try:
        with (folder / VECTORS).open("rb") as file:
            shape, dtype, offset = _header(file)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        raise _bad(f"{folder / VECTORS} cannot be read ({error})") from error
    if dtype != np.dtype("<f4") or len(shape) != 2:
        raise _bad(f"{VECTORS} holds {dtype} {shape} and not float32 (N, {dim})")
    if shape[1] != dim:
        raise _bad(
            f"the rows of {VECTORS} have {shape[1]} dimensions and those of {CONTRACT} have {dim}: from row 0 on"
        )
    if size != offset + 4 * dim * shape[0]:
        whole = (size - offset) // (4 * dim)
        raise _bad(f"{VECTORS} says {shape[0]} rows and has {whole} whole ones: it ends or goes wrong in row {whole}")
    if not shape[0]:
        raise _bad(f"{VECTORS} has no rows")
    return np.asarray(np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False))


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, dtype and where the numbers begin. Raises ValueError."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype, file.tell()


def _lengths(vectors: Vectors) -> Iterator[tuple[int, float]]:
    """Each row's number and length; NaN or infinity where it holds such a number."""
    for start in range(0, len(vectors), CHUNK_ROWS):
        lengths = np.linalg.norm(np.asarray(vectors[start : start + CHUNK_ROWS], np.float64), axis=1)
        yield from enumerate(lengths.tolist(), start)


def _refuse_rows(rows: Rows, bad: list[int], what: str) -> None:
    if bad:
        named = ", ".join(f"{row} ({escaped(rows.paths[row])})" for row in bad[:_NAMED_ROWS])
        more = f" and {len(bad) - _NAMED_ROWS} more" if len(bad) > _NAMED_ROWS else ""
        raise _bad(f"{VECTORS} holds {what} in row {named}{more}")


def _bad(why: str) -> Problem:
    return Problem("bad_export", f"{why}.")
