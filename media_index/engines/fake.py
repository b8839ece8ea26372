"""An image engine without weights for tests of everything around it: it sees colours, and reads their names."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from media_index.engines.base import Pixels, Scale, Vectors, WordScale
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "gray": (128, 128, 128),
}
_NAMES = list(COLOURS)
_PALETTE = np.array(list(COLOURS.values()), np.float32)
_SAMPLES = 16  # a picture is looked at in so many rows and columns
_UNKNOWN = "something"


class FakeImageEngine:
    """Half of the vector is how much of the picture has which colour of a small palette, which is what words meet; the
    other half the colours of a coarse grid. Another `version` or `grid` is another contract.
    """

    def __init__(self, *, version: str = "1", grid: int = 4, words: bool = True) -> None:
        self._grid = grid
        # The last place of the first half is that of words that name no colour: no picture has anything there.
        self._dim = len(_NAMES) + 1 + 3 * grid**2
        self._version = version
        self._reads = words

    @property
    def spec(self) -> EngineSpec:
        """Of the colours."""
        return EngineSpec("fake", "colours", self._version, self._dim, f"grid{self._grid}")

    @property
    def scale(self) -> Scale:
        """Pictures of one colour are similar, of different colours far apart."""
        return Scale(similar=0.3, slope=15.0, category=0.2, duplicate=0.1)

    @property
    def words(self) -> WordScale | None:
        """A picture shows the colours that fill half of it or more."""
        return WordScale(background=(_UNKNOWN, "nothing"), temperature=0.05) if self._reads else None

    def load(self) -> None:
        """Nothing to load."""

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        """Unit vectors (n, dim) of RGB pictures (h, w, 3), in their order."""
        return np.array([self._image(pixels) for pixels in pictures], np.float32).reshape(-1, self._dim)

    def embed_words(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, dim) of texts: the colours that they name. Raises Problem `no_words`."""
        if not self._reads:
            raise Problem("no_words", "This engine cannot read words.")
        return np.array([self._text(text) for text in texts], np.float32).reshape(-1, self._dim)

    def _image(self, pixels: Pixels) -> NDArray[np.float32]:
        samples = cv2.resize(pixels, (_SAMPLES, _SAMPLES), interpolation=cv2.INTER_AREA).reshape(-1, 3)
        offsets = samples[:, None].astype(np.float32) - _PALETTE
        nearest = (offsets**2).sum(axis=2).argmin(axis=1)
        shares = np.bincount(nearest, minlength=len(_NAMES) + 1).astype(np.float32)
        cells = cv2.resize(pixels, (self._grid, self._grid), interpolation=cv2.INTER_AREA).astype(np.float32)
        return _unit(np.concatenate([_unit(shares), _unit(cells.ravel() - 127)]))

    def _text(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self._dim, np.float32)
        known = [_NAMES.index(word) for word in text.lower().split() if word in COLOURS]
        vector[known or len(_NAMES)] = 1
        return _unit(vector)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / max(float(np.linalg.norm(vector)), 1e-6)
