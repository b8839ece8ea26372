"""Faces with known owners, as vectors: labelled portraits, events, and people made up after the portraits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from benchmarks.site import assets, make_event
from faces.calibration import Calibration, calibration_for, embed_portraits
from faces.engines.base import DetectedFace, FaceEngine
from faces.engines.dlib import DlibFaceEngine
from faces.engines.insightface import InsightFaceEngine
from faces.quality import QualityGates, assess
from photofinder.images import Picture

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]

_NEAR = 0.25  # of a pasted portrait's width: so near to its centre is the centre of its face
# How many people of Labeled Faces in the Wild have how many photos: published to 10, the largest by name, those between
# spread evenly so that the sum is about the published 13,233.
_LFW = {1: 4069, 2: 779, 3: 291, 4: 187, 5: 112, 6: 55, 7: 39, 8: 33, 9: 26, 10: 15}
_LFW_LARGEST = (530, 236, 144, 121, 109, 77, 71, 60, 55, 53, 52, 52, 49, 48, 44, 42, 42, 41, 41, 39, 39, 37, 36, 35)
# Look-alikes: so many groups, and the share of what people differ by that its members have in common. With these the
# portraits' own curve of impostors and the known results on all of LFW come out (docs/identity.md).
_ALIKE = {"likely": ((10, 0.2), (100, 0.3)), "hard": ((20, 0.3), (100, 0.3))}
_SHRINKAGE = {"testpack": 0.5, "dlib": 0.0}  # of the covariance between people towards a sphere


@dataclass(frozen=True)
class Population:
    """Faces (n, d) in photos (n,), whether each is good, and whose it is (-1 not known)."""

    name: str
    vectors: Vectors
    owners: Numbers
    photos: Numbers
    good: NDArray[np.bool_]

    @classmethod
    def of_good(cls, name: str, vectors: Vectors, owners: Numbers) -> "Population":
        """Good faces, each in a photo of its own."""
        return cls(name, vectors, owners, np.arange(len(vectors)), np.ones(len(vectors), bool))


def engine_of(name: str) -> FaceEngine:
    """`dlib`, or InsightFace with a pack of the assets."""
    if name == "dlib":
        return DlibFaceEngine()
    return InsightFaceEngine(pack=name, root=str(assets() / "models" / "insightface"))


def calibration_of(name: str) -> Calibration:
    """The shipped calibration of an engine."""
    return calibration_for(engine_of(name).spec.contract, None)


def portraits(engine: str, work: Path) -> Population:
    """The labelled portraits of the assets; their vectors are made once."""
    cache = work / f"portraits-{engine}.npz"
    if not cache.exists():
        vectors, names, _ = embed_portraits(engine_of(engine), assets() / "data" / "lfw_dev")
        np.savez(cache, vectors=vectors, owners=np.unique(names, return_inverse=True)[1])
    with np.load(cache) as found:
        return Population.of_good("lfw_dev", found["vectors"], found["owners"])


def event(engine: str, photos: int, people: int, seed: int, work: Path) -> Population:
    """The faces that an engine finds in a synthetic event."""
    cache = work / f"event-{photos}-{people}-{seed}-{engine}.npz"
    if not cache.exists():
        arguments = ("--photos", str(photos), "--people", str(people), "--seed", str(seed))
        _save_event(engine_of(engine), make_event(work / f"event-{photos}-{people}-{seed}", *arguments), cache)
    with np.load(cache) as found:
        name = f"{photos} photos of {people}, seed {seed}"
        return Population(name, found["vectors"], found["owners"], found["photos"], found["good"])


def _save_event(engine: FaceEngine, folder: Path, cache: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())["photos"]
    gates = QualityGates(**settings.FACE_QUALITY_GATES)
    numbers: dict[str, int] = {}
    rows: list[tuple[Vectors, int, int, bool]] = []
    for photo, name in enumerate(sorted(truth)):
        (faces,) = engine.analyse([Picture.from_bytes((folder / "photos" / name).read_bytes())])
        found = {
            min(range(len(faces)), key=lambda row: _off(faces[row], known)): known for known in truth[name] if faces
        }
        for row, face in enumerate(faces):
            is_known = row in found and _off(face, found[row]) <= _NEAR
            number = numbers.setdefault(found[row]["person"], len(numbers)) if is_known else -1
            rows.append((face.embedding, number, photo, assess(face, gates).is_good))
    vectors, owners, photos, good = zip(*rows, strict=True)
    np.savez(cache, vectors=np.array(vectors), owners=np.array(owners), photos=np.array(photos), good=np.array(good))


def _off(face: DetectedFace, known: dict[str, float]) -> float:
    """How far a found face is from a pasted portrait's centre, in its widths, in a photo of 3:2."""
    left, top, width, height = face.box
    x, y = left + width / 2 - known["cx"], (top + height / 2 - known["cy"]) / 1.5
    return float(np.hypot(x, y)) / known["size"]


def lfw_sizes() -> Numbers:
    """How many photos each of the 5,749 people of Labeled Faces in the Wild has, nearly."""
    few = [size for size, people in _LFW.items() for _ in range(people)]
    between = [11 + step % 7 for step in range(81)] + [20 + step % 9 for step in range(28)] + [31] * 10
    return np.array([*_LFW_LARGEST, *between, *few], np.int64)


class MadeUpPeople:
    """A two-covariance model of an engine's vectors, fitted on labelled ones, from which people and faces are drawn.

    A face is its person plus noise, on the unit sphere around the mean of all. People have the portraits' covariance,
    shrunk, and groups of look-alikes. How much noise a person's faces have, and each of them, is taken from the
    portraits of people who have five or more: some are far worse than a normal distribution would have it.
    """

    def __init__(self, known: Population, *, engine: str, alike: str = "likely") -> None:
        self._alike = _ALIKE[alike]
        owners = np.unique(known.owners, return_inverse=True)[1]
        counts = np.bincount(owners)
        vectors = known.vectors.astype(np.float64)
        self._middle = (_sums(vectors, owners) / counts[:, None]).mean(axis=0)
        offsets = _unit(vectors - self._middle)
        means = _sums(offsets, owners) / counts[:, None]
        several = counts[owners] > 1
        bessel = np.sqrt(counts[owners] / np.maximum(counts[owners] - 1, 1))
        residuals = ((offsets - means[owners]) * bessel[:, None])[several]
        within = residuals.T @ residuals / several.sum()
        between = np.cov(means.T) - within * np.mean(1 / counts)
        self._between = _root(between, _SHRINKAGE.get(engine, 0.5))
        self._within = _root(within, 0.0)
        self._people, self._faces = _noise([offsets[owners == person] for person in np.flatnonzero(counts >= 5)])

    def draw(self, name: str, sizes: Numbers, seed: int) -> Population:
        """People with so many faces each, in random order."""
        random = np.random.default_rng(seed)
        owners = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
        people = np.sqrt(1 - sum(share for _, share in self._alike)) * self._directions(random, len(sizes))
        for groups, share in self._alike:
            people += np.sqrt(share) * self._directions(random, groups)[random.integers(0, groups, len(sizes))]
        noise = random.choice(self._people, len(sizes))[owners] + random.choice(self._faces, len(owners))
        faces = random.standard_normal((len(owners), len(self._within))) @ self._within.T
        offsets = _unit(_unit(people)[owners] + faces * np.exp(noise / 2)[:, None])
        vectors = _unit(self._middle + np.sqrt(1 - self._middle @ self._middle) * offsets)
        return Population.of_good(name, vectors.astype(np.float32), owners)

    def _directions(self, random: np.random.Generator, count: int) -> Reals:
        return np.asarray(random.standard_normal((count, len(self._between))) @ self._between.T)


def spheres(count: int, dim: int, *, faces_each: int = 20, likeness: float = 0.62, seed: int = 0) -> Population:
    """Many unit vectors around people at random, for speed."""
    random = np.random.default_rng(seed)
    owners = random.permutation(np.arange(count) // faces_each)
    people = random.standard_normal((owners.max() + 1, dim), np.float32)
    vectors = random.standard_normal((count, dim), np.float32) * np.float32(np.sqrt(1 - likeness))
    vectors += people[owners] * np.float32(np.sqrt(likeness))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Population.of_good(f"{count:,} of {dim}-d", vectors, owners)


def _noise(people: Sequence[Reals]) -> tuple[Reals, Reals]:
    """Logarithms of the ratio of noise to person: of each person's faces on average, and of each face beside it."""
    found = []
    for faces in people:
        likeness = (faces @ faces.T).sum() - len(faces)
        likeness /= len(faces) * (len(faces) - 1)
        others = faces.sum(axis=0) - faces
        cosines = np.einsum("ij,ij->i", _unit(others), faces)
        reliable = np.sqrt((len(faces) - 1) * likeness / (1 + (len(faces) - 2) * likeness))  # Spearman-Brown
        found.append(np.log(1 / np.clip(cosines / reliable, 0.15, 0.97) ** 2 - 1))
    means = np.array([ratios.mean() for ratios in found])
    chance = np.mean([ratios.var(ddof=1) / len(ratios) for ratios in found])
    means = means.mean() + (means - means.mean()) * np.sqrt(max(1 - chance / means.var(), 0.0))
    each = [(ratios - ratios.mean()) * np.sqrt(len(ratios) / (len(ratios) - 1)) for ratios in found]
    return means, np.concatenate(each)


def _root(covariance: Reals, shrinkage: float) -> Reals:
    """A square root of a covariance, shrunk towards a sphere, of trace 1."""
    sphere = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh((1 - shrinkage) * covariance + shrinkage * sphere)
    values = np.maximum(values, 0.0)
    return np.asarray(axes * np.sqrt(values / values.sum()))


def _sums(vectors: Reals, owners: Numbers) -> Reals:
    sums = np.zeros((owners.max() + 1, vectors.shape[1]))
    np.add.at(sums, owners, vectors)
    return sums


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
