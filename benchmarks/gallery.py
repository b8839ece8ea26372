"""A made-up library of images as vectors and hashes, clustered as real ones are and the same for the same seed.

Images come in moments (bursts and re-takes), moments in scenes, scenes in events, events in topics. A vector is the
sum of one random part per level, so that the share of each level in `_SHARES` is the cosine distance that it adds:
unrelated images are about 0.55 apart, of one event 0.28, of one scene 0.14, of one moment 0.03, a re-saved copy 0.003.
Each part is drawn from a spectrum that falls as a power of the rank, for real embeddings do not fill all of their
dimensions evenly.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]
Bits = NDArray[np.uint64]

_TOPICS, _EVENT_IMAGES, _SCENE_IMAGES, _MOMENT_IMAGES = 300, 400, 12, 2
_SHARES = {"all": 0.45, "topic": 0.15, "event": 0.12, "scene": 0.14, "moment": 0.11, "frame": 0.03}
_COPY_SHARE = 0.003
_SPREAD = 0.25  # how much the size of a level's part differs between nodes: the sigma of its logarithm
_DECAY = 0.85  # of the spectrum: some 60 of 512 dimensions count, as sum(l)^2 / sum(l^2)
_WORDS = {"gap": 0.65, "meant": 0.15, "noise": 0.2}  # a text's vector lies apart from all images, as CLIP's do
_COPIES = 0.04  # images that are another one re-saved
_COMMON, _COMMON_HASHES = 0.01, 50  # images whose hash is one of few: blank pages, black frames, title slides
_FLIPPED = {"moment": 0.15, "frame": 0.04}  # the chance of each bit of pHash
_COPY_FLIPS = 10
_CHUNK = 10_000
_HASH_BITS = 64


@dataclass(frozen=True)
class Tree:
    """Where each image (n,) belongs; numbered along the images, so an event's images stand together."""

    topics: Numbers  # of each event
    events: Numbers  # of each scene
    scenes: Numbers  # of each moment
    moments: Numbers  # of each image


@dataclass(frozen=True)
class Gallery:
    """`vectors` (n, d) of length 1 in half precision, `hashes` (n,), the scene of each image, and what asks for them:
    newcomers of the same scenes, and words.
    """

    vectors: NDArray[np.float16]
    hashes: Bits
    scenes: Numbers
    newcomers: Vectors
    new_hashes: Bits
    words: Vectors

    @classmethod
    def at(cls, folder: Path, rows: int, dim: int, seed: int, newcomers: int) -> "Gallery":
        """Made in `folder`, or found there. Raises ValueError when it holds another one."""
        made, recipe = folder / "recipe.json", {"rows": rows, "dim": dim, "seed": seed, "newcomers": newcomers}
        if not made.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make(folder, rows, dim, seed, newcomers)
            made.write_text(json.dumps(recipe))
        elif json.loads(made.read_text()) != recipe:
            raise ValueError(f"{folder} holds another library: {made.read_text()}")
        vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        return cls(vectors, *(np.load(folder / f"{name}.npy") for name in _ARRAYS))

    def chunks(self) -> Iterator[tuple[int, Vectors]]:
        """The vectors in single precision, some at a time, each with the number of its first."""
        for start in range(0, len(self.vectors), _CHUNK):
            yield start, self.vectors[start : start + _CHUNK].astype(np.float32)


_ARRAYS = ("hashes", "scenes", "newcomers", "new_hashes", "words")


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _make(folder: Path, rows: int, dim: int, seed: int, newcomers: int) -> None:
    """Draw `rows` + `newcomers` images and write them as arrays; the newcomers stand among the others' scenes."""
    rng = np.random.default_rng([seed, rows])
    tree = _tree(rng, rows + newcomers)
    new = np.zeros(rows + newcomers, bool)
    new[rng.choice(rows + newcomers, newcomers, replace=False)] = True
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float16, (rows, dim))
    asking = np.empty((newcomers, dim), np.float32)
    kept = added = 0
    space = _Space(rng, seed, dim, tree)
    for start in range(0, len(new), _CHUNK):
        chunk, here = space.images(start, start + _CHUNK), new[start : start + _CHUNK]
        old, fresh = chunk[~here], chunk[here]
        vectors[kept : kept + len(old)], asking[added : added + len(fresh)] = old, fresh
        kept, added = kept + len(old), added + len(fresh)
    vectors.flush()
    hashes = _hashes(rng, tree, space.copied)
    scenes = tree.scenes[tree.moments]
    arrays: tuple[NDArray[Any], ...] = (hashes[~new], scenes[~new], asking, hashes[new], space.words(newcomers))
    for name, array in zip(_ARRAYS, arrays, strict=True):
        np.save(folder / f"{name}.npy", array)


def _tree(rng: np.random.Generator, images: int) -> Tree:
    """Sizes of nodes are geometric or log-normal, topics as popular as 1 / rank."""
    moments = np.repeat(np.arange(images), rng.geometric(1 / _MOMENT_IMAGES, images))[:images]
    count = int(moments[-1]) + 1
    scenes = np.repeat(np.arange(count), rng.geometric(_MOMENT_IMAGES / _SCENE_IMAGES, count))[:count]
    count = int(scenes[-1]) + 1
    sizes = rng.lognormal(np.log(_EVENT_IMAGES / _SCENE_IMAGES), 0.7, count).astype(int) + 1
    events = np.repeat(np.arange(count), sizes)[:count]
    popularity = 1 / np.arange(1, _TOPICS + 1)
    topics = rng.choice(_TOPICS, int(events[-1]) + 1, p=popularity / popularity.sum())
    return Tree(topics, events, scenes, moments)


class _Space:
    """The random parts of all levels, in coordinates whose axes fall in size, and the turn into the vectors' own."""

    def __init__(self, rng: np.random.Generator, seed: int, dim: int, tree: Tree) -> None:
        spectrum = np.arange(1, dim + 1) ** -_DECAY
        self._tree, self._dim = tree, dim
        self._axes = np.sqrt(spectrum / spectrum.sum()).astype(np.float32)
        self._rng = np.random.default_rng(seed)  # so that libraries of all sizes lie in the same space
        self._turn = np.linalg.qr(self._rng.standard_normal((dim, dim)))[0].astype(np.float32)
        self._middle, self._gap = self._direction(_SHARES["all"]), self._direction(_WORDS["gap"])
        topics = self._parts(_TOPICS, "topic")[tree.topics]
        self._rng = rng
        self._events = topics + self._parts(len(tree.topics), "event")
        self._scenes = self._events[tree.events] + self._parts(len(tree.events), "scene")
        # Of every image the one that it is a copy of: one shortly before, drawn in the same chunk, or itself.
        images = np.arange(len(tree.moments))
        before = np.maximum(images - rng.integers(1, 6, len(images)), images // _CHUNK * _CHUNK)
        self.copied = np.where(rng.random(len(images)) < _COPIES, before, images)

    def images(self, start: int, stop: int) -> Vectors:
        """The vectors of the images from `start` to before `stop`."""
        moments = self._tree.moments[start:stop]
        of, inside = moments - moments[0], self._tree.scenes[moments[0] : moments[-1] + 1]
        parts = self._scenes[inside] + self._parts(len(inside), "moment")
        vectors = parts[of] + self._parts(len(of), "frame")
        vectors = vectors[self.copied[start:stop] - start] + self._noise(len(of), _COPY_SHARE)
        return unit((vectors + self._middle) @ self._turn)

    def words(self, count: int) -> Vectors:
        """What people look for: an event and a scene in it are meant, from across the gap."""
        meant = unit(self._scenes[self._rng.integers(0, len(self._scenes), count)]) * np.float32(
            np.sqrt(_WORDS["meant"])
        )
        return unit((self._gap + meant + self._noise(count, _WORDS["noise"])) @ self._turn)

    def _direction(self, share: float) -> Vectors:
        return unit(self._noise(1, 1)) * np.float32(np.sqrt(share))

    def _parts(self, count: int, level: str) -> Vectors:
        sizes = np.exp(self._rng.normal(0, _SPREAD, (count, 1))).astype(np.float32)
        return self._noise(count, _SHARES[level]) * sizes

    def _noise(self, count: int, share: float) -> Vectors:
        noise = self._rng.standard_normal((count, self._dim), np.float32) * self._axes * np.sqrt(share)
        return np.asarray(noise, np.float32)


def _hashes(rng: np.random.Generator, tree: Tree, copied: Numbers) -> Bits:
    """64 bits per image: of its scene, with more bits flipped the lower the level."""
    likely = rng.uniform(0.35, 0.65, _HASH_BITS)  # some bits are set more often than others
    scenes = _packed(rng.random((len(tree.events), _HASH_BITS)) < likely)
    moments = scenes[tree.scenes] ^ _flips(rng, len(tree.scenes), _FLIPPED["moment"])
    hashes = moments[tree.moments] ^ _flips(rng, len(tree.moments), _FLIPPED["frame"])
    popularity = 1 / np.arange(1, _COMMON_HASHES + 1)
    common = np.flatnonzero(rng.random(len(hashes)) < _COMMON)
    which = rng.choice(_COMMON_HASHES, len(common), p=popularity / popularity.sum())
    hashes[common] = _packed(rng.random((_COMMON_HASHES, _HASH_BITS)) < likely)[which]
    copies = np.flatnonzero(copied != np.arange(len(copied)))
    for image in copies.tolist():  # in order, for a copy may be copied again
        hashes[image] = hashes[copied[image]]
        for bit in rng.choice(_HASH_BITS, int(rng.integers(0, _COPY_FLIPS + 1)), replace=False):
            hashes[image] ^= np.uint64(1) << np.uint64(bit)
    return hashes


def _flips(rng: np.random.Generator, count: int, chance: float) -> Bits:
    parts = [_packed(rng.random((min(_CHUNK, count - at), _HASH_BITS)) < chance) for at in range(0, count, _CHUNK)]
    return np.concatenate(parts)


def _packed(bits: NDArray[np.bool_]) -> Bits:
    """The bits (n, 64), the first the highest, as numbers (n,)."""
    return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)
