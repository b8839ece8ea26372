"""Embeddings as folders of files that answer searches without the database. See media_index/faiss_index.py."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from media_index import faiss_index
from media_index.engines.base import ImageEngine, Vectors
from media_index.models import ImageContract
from media_index.services.contracts import contract_in_use, engine_of
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem
from photofinder.images import Picture
from photofinder.vectors import received

Progress: TypeAlias = Callable[[int, int], None]  # is told how many rows of how many are done

_CHUNK_ROWS = 5000
# One statement sees one state of the database, the number of its rows included. Where an image was found comes before
# its key: there it can be opened without this site. Of several files it is the one that was found first.
_ROWS = """
SELECT (SELECT count(*) FROM media_index_imageembedding WHERE contract_id = %(contract)s),
    image.sha256, image.key, file.location, file.path, halfvec_send(row.embedding)
FROM media_index_imageembedding row
JOIN media_index_image image ON image.id = row.image_id
LEFT JOIN LATERAL (
    SELECT source.location, file.path
    FROM media_index_sourcefile file JOIN media_index_source source ON source.id = file.source_id
    WHERE file.image_id = image.id AND file.state = 'indexed'
    ORDER BY file.id LIMIT 1
) file ON TRUE
WHERE row.contract_id = %(contract)s
ORDER BY row.image_id
"""


@dataclass(frozen=True)
class FileHit:
    """A file that was found: its path, and how similar it is, or how well it shows the words, 0-1."""

    path: str
    similarity: float


@dataclass(frozen=True)
class _Part:
    """Some of `total` rows: paths and vectors (n, d)."""

    total: int
    paths: list[str]
    vectors: Vectors


def index_export(*, folder: Path, contract: ImageContract, progress: Progress) -> int:
    """Write the embeddings of a contract into `folder`; returns their number.

    The path of an image is where a source found it, else its storage key, else its SHA-256. Raises Problem
    `nothing_to_export`, `folder_in_use`.
    """
    with closing(_parts(contract)) as parts:
        first = next(parts, None)
        if first is None:
            raise Problem("nothing_to_export", f"No image has an embedding of {contract} yet.")
        rows = _told(chain([first], parts), progress)
        faiss_index.write(folder, spec=spec_of(contract), total=first.total, rows=rows)
    return first.total


def index_rebuild(*, folder: Path, progress: Progress) -> int:
    """Write `folder` anew: of the contract that it holds, whatever else of it is damaged, else of the one in use."""
    try:
        name = faiss_index.spec_of(folder).contract
    except Problem:
        name = ""
    contract = ImageContract.objects.filter(name=name).first() or contract_in_use()
    return index_export(folder=folder, contract=contract, progress=progress)


def index_search(*, folder: Path, question: str | Path, limit: int) -> list[FileHit]:
    """The files of a folder that show the words, or are similar to the image file, that `question` is; best first.

    Asks no database, but needs the engine that made the folder. Raises Problem `bad_export`, `engine_unavailable`,
    `no_words`, and what Picture raises for the file.
    """
    searcher = faiss_index.Searcher(folder)
    engine = engine_of(ImageContract(name=searcher.spec.contract, dim=searcher.spec.dim))
    if isinstance(question, Path):
        found = searcher.search(_embedded(engine, question), limit)
        return [FileHit(path, engine.scale.similarity(1 - cosine)) for path, cosine, _ in found]
    if engine.words is None:
        raise Problem("no_words", f"The engine of {searcher.spec.contract} cannot read words: search with an image.")
    words = engine.embed_words([question])[0]
    found = searcher.search(words, limit)
    vectors = np.array([vector for *_, vector in found])
    similarities = engine.words.similarities(vectors, words, engine.embed_words(engine.words.background))
    hits = [FileHit(path, float(figure)) for (path, *_), figure in zip(found, similarities, strict=True)]
    return sorted(hits, key=lambda hit: -hit.similarity)


def spec_of(contract: ImageContract) -> EngineSpec:
    """What the contract's name was made of; of its parts only the model may have slashes."""
    engine, rest = contract.name.split("/", 1)
    model, version, dim, preprocessing = rest.rsplit("/", 3)
    return EngineSpec(engine, model, version, int(dim), preprocessing)


def _parts(contract: ImageContract) -> Generator[_Part, None, None]:
    """All rows in chunks, from a cursor of the server: a million of them need no memory here."""
    seen: set[int] = set()
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS, {"contract": contract.pk})
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            paths = [_path(sha256, key, location, path, seen) for _, sha256, key, location, path, _ in rows]
            yield _Part(rows[0][0], paths, received([sent for *_, sent in rows], contract.dim))


def _path(sha256: str, key: str, location: str | None, path: bytes | None, seen: set[int]) -> str:
    """Where an image is. Of two that were found at one path, one after the other, the second goes by its SHA-256."""
    name = key or sha256
    if location is not None and path is not None:
        name = f"{location.rstrip('/')}/{os.fsdecode(bytes(path))}"
    name = sha256 if hash(name) in seen else name
    seen.add(hash(name))
    return name


def _told(parts: Iterable[_Part], progress: Progress) -> Iterator[tuple[list[str], Vectors]]:
    done = 0
    for part in parts:
        yield part.paths, part.vectors
        done += len(part.paths)
        progress(done, part.total)


def _embedded(engine: ImageEngine, path: Path) -> Vectors:
    """The vector (d,) of an image file, which the engine sees as large as the index sees images."""
    with path.open("rb") as stream:
        picture = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS)
        vectors = engine.embed_images([picture.shrunk(min(settings.THUMBNAIL_SIZES_PX))])
    return np.asarray(vectors[0])
