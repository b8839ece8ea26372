"""The contract of an image engine: pictures and words in, unit vectors out. No Django, no machine learning library."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from photofinder.contracts import EngineSpec

Pixels: TypeAlias = NDArray[np.uint8]  # (height, width, 3) RGB, upright
Vectors: TypeAlias = NDArray[np.float32]  # (n, dim), rows of length 1


@dataclass(frozen=True)
class Scale:
    """What an engine's cosine distances (0-2) between images mean; measured for its contract, never shared.

    `similar` is where half of the pairs are what people call similar and `slope` how fast that changes per unit of
    distance; an image joins a category whose centroid is nearer than `category`; two images farther apart than
    `duplicate` never show the same picture (nearer ones may: the pictures themselves are compared then).
    """

    similar: float
    slope: float
    category: float
    duplicate: float

    def similarity(self, distance: float) -> float:
        """The figure (0-1) shown to people: 0.5 at `similar`, for every engine."""
        return 1 / (1 + exp(min(self.slope * (distance - self.similar), 700)))


@dataclass(frozen=True)
class WordScale:
    """What the cosines between words and images mean: an image shows the words to the degree (0-1) that they take of a
    softmax, at `temperature`, over the words and the `background`, texts that any image shows as well or as badly.
    """

    background: tuple[str, ...]
    temperature: float

    def similarities(self, images: Vectors, words: Vectors, background: Vectors) -> NDArray[np.float64]:
        """The figures (n,) shown to people, from the vectors of images (n, d), words (d,) and background (k, d): 0.5
        where the words explain the image as well as all of the background together.
        """
        logits = images.astype(np.float64) @ np.vstack([words, background]).T / self.temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(powers[:, 0] / powers.sum(axis=1))


class ImageEngine(Protocol):
    """Embeds images, and words into the same space where it can. The constructor is cheap; `load` brings in libraries
    and weights.
    """

    @property
    def spec(self) -> EngineSpec:
        """What this engine's vectors are; cheap, needs no loaded model."""

    @property
    def scale(self) -> Scale:
        """What its distances mean."""

    @property
    def words(self) -> WordScale | None:
        """What its cosines with words mean; None: it cannot read words."""

    def load(self) -> None:
        """Load the models once; raises EngineUnavailable with the command that installs what is missing."""

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        """Unit vectors (n, dim) of RGB pictures (h, w, 3) uint8 of any size, in their order; none is ever zero."""

    def embed_words(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, dim) of texts. Raises Problem `no_words` when the engine cannot read words."""
