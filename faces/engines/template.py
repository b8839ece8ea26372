"""What every face engine does alike: load once, look at each picture, embed the faces of all pictures together."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from faces.engines.base import DetectedFace, EngineSpec
from faces.engines.candidates import Unembedded
from photofinder.images import Picture


class TemplateFaceEngine(ABC):
    """A face engine but for three steps. Safe to share between threads, which then take turns."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._is_loaded = False

    @property
    @abstractmethod
    def spec(self) -> EngineSpec:
        """See FaceEngine."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""
        with self._lock:
            if not self._is_loaded:
                self._load()
                self._is_loaded = True

    def analyse(self, pictures: Sequence[Picture]) -> list[list[DetectedFace]]:
        """The faces of each picture, in the order of the pictures. Raises RefusedFile `damaged`."""
        with self._lock:
            self.load()
            found = [self._look(picture) for picture in pictures]
            vectors = iter(self._unit_vectors([crop for faces in found for _, crop in faces]))
            return [[face(embedding=next(vectors)) for face, _ in faces] for faces in found]

    @abstractmethod
    def _load(self) -> None:
        """Bring in libraries and weights."""

    @abstractmethod
    def _find(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        """The faces of one picture, best first, each with the crop that `_embed` takes."""

    @abstractmethod
    def _embed(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """One vector (n, dim) of any length per crop."""

    def _look(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        try:
            return self._find(picture)
        finally:
            picture.release()  # a chunk of large photos must not stay decoded until its last one is done

    def _unit_vectors(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        if not crops:
            return np.empty((0, self.spec.dim), np.float32)
        vectors = self._embed(crops)
        return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(np.float32)
