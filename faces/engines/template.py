"""What every face engine does alike: load once, look at each picture, embed the faces of all pictures together."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faces.engines.base import DetectedFace
from faces.engines.candidates import Unembedded
from photofinder.contracts import EngineSpec
from photofinder.images import Picture

T = TypeVar("T")
R = TypeVar("R")
# More pictures at once cost memory (a decoded one has up to hundreds of megabytes) and gain little.
_MOST_THREADS = 4


class TemplateFaceEngine(ABC):
    """A face engine but for three steps. Safe to share between threads: one analysis runs at a time.

    `threads` pictures are worked on at once (0: one per core, up to 4): on a CPU that is faster than all cores on one
    picture. With `mirror` a face's vector is the mean of its crop's and of that of the crop's mirror image: twice the
    work, and a fifth of the misses at the same false-match rate gone. `batch_size` crops are embedded at once.
    """

    def __init__(self, *, mirror: bool, batch_size: int, threads: int) -> None:
        self._mirror = mirror
        self._batch_size = batch_size
        self._threads = threads or min(os.cpu_count() or 1, _MOST_THREADS)
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None

    @property
    @abstractmethod
    def spec(self) -> EngineSpec:
        """See FaceEngine."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""
        with self._lock:
            self._loaded()

    def analyse(self, pictures: Sequence[Picture]) -> list[list[DetectedFace]]:
        """The faces of each picture, in the order of the pictures. Raises RefusedFile `damaged`."""
        with self._lock:
            pool = self._loaded()
            found = _each(pool, self._look, pictures)
            vectors = iter(self._vectors(pool, [crop for faces in found for _, crop in faces]))
            return [[face(embedding=next(vectors)) for face, _ in faces] for faces in found]

    @abstractmethod
    def _load(self) -> None:
        """Bring in libraries and weights."""

    @abstractmethod
    def _find(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        """The faces of one picture, best first, each with the crop that `_embed` takes; runs in several threads."""

    @abstractmethod
    def _embed(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """One vector (n, dim) of any length per crop; runs in several threads."""

    def _loaded(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._load()
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="faces")
        return self._pool

    def _look(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        try:
            return self._find(picture)
        finally:
            picture.release()  # a chunk of large photos must not stay decoded until its last one is done

    def _vectors(self, pool: ThreadPoolExecutor, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.spec.dim), np.float32)
        if self._mirror:
            crops = crops + [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
        size = min(self._batch_size, -(-len(crops) // self._threads))
        batches = [crops[start : start + size] for start in range(0, len(crops), size)]
        vectors = _unit(np.concatenate(_each(pool, self._embed, batches)))
        return _unit(vectors.reshape(2, -1, vectors.shape[1]).sum(axis=0)) if self._mirror else vectors


def _each(pool: ThreadPoolExecutor, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Results in the order of the items. When one fails the others are waited for: nothing of theirs may be touched
    in a thread any more when the caller goes on.
    """
    futures = [pool.submit(function, item) for item in items]
    wait(futures)
    return [future.result() for future in futures]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
