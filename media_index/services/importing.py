"""Embeddings that were made elsewhere, for images that are known here."""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from media_index import faiss_index
from media_index.engines.base import Vectors
from media_index.models import Image, ImageEmbedding, Source, SourceFile
from media_index.services.contracts import contract_create, images_index_again
from media_index.services.exchange import Progress
from media_index.services.generation import index_changed
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem

_MOST_DIMENSIONS = 4000  # of a 16-bit vector that an HNSW index takes
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass
class Imported:
    """What became of the rows: put in; of images that had an embedding, or were named before; of unknown paths."""

    added: int = 0
    known: int = 0
    unknown: list[str] = field(default_factory=list)


def index_import(*, folder: Path, moved: tuple[str, str], progress: Progress) -> Imported:
    """Put the embeddings of a folder (see faiss_index) in for the images that its paths name: by where a source found
    the image, by its storage key, or by a file name that is its SHA-256. Paths that begin with `moved[0]` are read as
    beginning with `moved[1]`.

    Nothing is put in before all was looked at. An image that has an embedding of the contract keeps it, so a killed
    import goes on where it was. Raises Problem `bad_export`.
    """
    rows = faiss_index.read_and_check(folder)
    if rows.spec.dim > _MOST_DIMENSIONS:
        raise Problem("bad_export", f"Rows of {rows.spec.dim} dimensions cannot be indexed, {_MOST_DIMENSIONS} can.")
    finder, done = _Finder(moved), Imported()
    for number, (paths, vectors) in enumerate(faiss_index.chunks(rows), 1):
        images = finder.images(paths)
        found = [(images[path], vector) for path, vector in zip(paths, vectors, strict=True) if path in images]
        added = _put_in(rows.spec, dict(reversed(found)))
        done.added += added
        done.known += len(found) - added
        done.unknown += [path for path in paths if path not in images]
        progress(min(number * faiss_index.CHUNK_ROWS, len(rows.paths)), len(rows.paths))
    return done


@transaction.atomic
def _put_in(spec: EngineSpec, vectors: dict[int, Vectors]) -> int:
    """Vectors by the ids of their images, as far as they are missing; how many those are."""
    if not vectors:
        return 0
    list(Image.objects.filter(pk__in=vectors).locked())  # a worker may write the same rows
    contract = contract_create(spec=spec)
    there = set(contract.embeddings.filter(image__in=vectors).values_list("image", flat=True))
    new = [image for image in vectors if image not in there]
    rows = [ImageEmbedding(image_id=image, contract=contract, embedding=vectors[image]) for image in new]
    ImageEmbedding.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    if new:
        index_changed()
        images_index_again(new)  # for their categories and duplicates, which depend on the vector
    return len(new)


class _Finder:
    """Which images paths name; the sources are read once."""

    def __init__(self, moved: tuple[str, str]) -> None:
        self._there, self._here = moved
        self._sources = [(f"{source.location.rstrip('/')}/", source.pk) for source in Source.objects.order_by("pk")]

    def images(self, paths: Sequence[str]) -> dict[str, int]:
        """The ids of the images of those paths that name one."""
        here = {path: self._moved(path) for path in paths}
        found = self._by_name(here)
        for location, source_id in self._sources:
            below = {path: name.removeprefix(location) for path, name in here.items() if name.startswith(location)}
            found |= self._in_source(source_id, {path: name for path, name in below.items() if path not in found})
        return found

    def _moved(self, path: str) -> str:
        return self._here + path.removeprefix(self._there) if path.startswith(self._there) else path

    def _by_name(self, here: dict[str, str]) -> dict[str, int]:
        """By a file name that is a SHA-256, as those of storage keys are."""
        stems = {path: name.rpartition("/")[2].partition(".")[0].lower() for path, name in here.items()}
        hashes = {stem for stem in stems.values() if _SHA256.fullmatch(stem)}
        known = dict(Image.objects.filter(sha256__in=hashes).values_list("sha256", "pk"))
        return {path: known[stem] for path, stem in stems.items() if stem in known}

    def _in_source(self, source_id: int, below: dict[str, str]) -> dict[str, int]:
        """By their paths below a source, of files that were read, whether or not they are still there."""
        digests = {hashlib.sha256(os.fsencode(name)).digest(): path for path, name in below.items()}
        files = SourceFile.objects.filter(source=source_id, path_digest__in=digests, image__isnull=False)
        read = files.filter(state__in=(SourceFile.State.INDEXED, SourceFile.State.GONE))
        return {digests[bytes(digest)]: image for digest, image in read.values_list("path_digest", "image")}
