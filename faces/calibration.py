"""What a distance between two faces means: thresholds at false-match rates and a similarity that people can read.

Distances are cosine distances (0-2, small is near). Fitted on labelled portraits, one calibration per contract.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from faces.engines.base import DetectedFace, FaceEngine
from photofinder.errors import Problem, RefusedFile
from photofinder.images import Picture

DEFAULT_RATE, STRICT_RATE = 1e-4, 1e-6
_SHIPPED = Path(__file__).with_name("calibrations.json")
_BINS = 20_000
_TAIL_RATES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
_LEAST_IMPOSTORS = round(10 / DEFAULT_RATE)
_CHUNK = 16


@dataclass(frozen=True)
class Calibration:
    """How near two faces of one person are, for the vectors of one contract.

    `threshold` is the distance at which one of 10,000 pairs of strangers is taken for one person; `spread` how much
    nearer it must be per standard deviation of rarer; `slope` how fast similarity falls with distance.
    """

    threshold: float
    spread: float
    slope: float
    source: str

    @property
    def strict_threshold(self) -> float:
        """The distance at which one in a million pairs of strangers is taken for one person."""
        return self.distance_at(STRICT_RATE)

    def distance_at(self, rate: float) -> float:
        """The distance with this false-match rate (0-0.5), by the normal tail that strangers' distances have."""
        normal = NormalDist()
        rarer = normal.inv_cdf(min(max(rate, 1e-12), 0.5)) - normal.inv_cdf(DEFAULT_RATE)
        return max(self.threshold + self.spread * rarer, 0.0)

    def similarity(self, distance: float) -> float:
        """0-1, falling with distance, 0.5 at the threshold."""
        return float(1 / (1 + np.exp(np.clip(self.slope * (distance - self.threshold), -50, 50))))

    def distance(self, similarity: float) -> float:
        """The distance that has this similarity."""
        if not 0 < similarity < 1:
            return 0.0 if similarity >= 1 else 2.0
        return float(np.clip(self.threshold - np.log(similarity / (1 - similarity)) / self.slope, 0.0, 2.0))


@dataclass(frozen=True)
class Fit:
    """A calibration and what it was fitted on; `rates` holds (false-match rate, distance, true-match rate)."""

    calibration: Calibration
    genuine_pairs: int
    impostor_pairs: int
    rates: tuple[tuple[float, float, float], ...]


def calibration_for(contract: str, site_file: Path | None) -> Calibration:
    """The calibration of a contract: the site's own, else the shipped one of the contract, else of its model.

    Raises Problem `not_calibrated`.
    """
    for path, keys in ((site_file, [contract]), (_SHIPPED, [contract, "/".join(contract.split("/")[:2])])):
        known = _read(path, path.stat().st_mtime_ns) if path is not None and path.exists() else {}
        for key in keys:
            if key in known:
                return known[key]
    detail = f"Distances of {contract} mean nothing yet: run `python manage.py calibrate_faces FOLDER --save`."
    raise Problem("not_calibrated", detail)


def save(path: Path, contract: str, calibration: Calibration) -> None:
    """Add a calibration to a file, or replace it there."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known[contract] = asdict(calibration)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(known, indent=2) + "\n")
    fresh.replace(path)


def embed_portraits(engine: FaceEngine, folder: Path) -> tuple[NDArray[np.float32], list[str], int]:
    """Vectors (n, dim) and names of the central faces of folder/<person>/*, and how many portraits showed no face."""
    files = sorted(path for path in folder.glob("*/*") if path.is_file() and not path.name.startswith("."))
    vectors, names = [], []
    for path, face in _central_faces(engine, files):
        vectors.append(face.embedding)
        names.append(path.parent.name)
    return np.array(vectors, np.float32).reshape(len(vectors), engine.spec.dim), names, len(files) - len(vectors)


def fit(vectors: NDArray[np.float32], names: Sequence[str], *, source: str) -> Fit:
    """Fit a calibration on unit vectors (n, dim) and the names of their people.

    Raises Problem `too_few_portraits`.
    """
    genuine, impostor = _histograms(vectors, np.unique(np.array(names), return_inverse=True)[1])
    if impostor.sum() < _LEAST_IMPOSTORS or not genuine.sum():
        detail = f"There are {impostor.sum():,} pairs of strangers; a fit needs {_LEAST_IMPOSTORS:,} (some 60 people)."
        raise Problem("too_few_portraits", detail)
    rates = [(rate, *_at_rate(genuine, impostor, rate)) for rate in (*_TAIL_RATES, 1e-5)]
    tail = np.array([(NormalDist().inv_cdf(rate), distance) for rate, distance, _ in rates[: len(_TAIL_RATES)]])
    spread = float(np.polyfit(tail[:, 0], tail[:, 1], 1)[0])
    threshold = _at_rate(genuine, impostor, DEFAULT_RATE)[0]
    calibration = Calibration(round(threshold, 4), round(spread, 4), round(_slope(genuine, impostor), 2), source)
    return Fit(calibration, int(genuine.sum()), int(impostor.sum()), tuple(rates))


def _central_faces(engine: FaceEngine, files: Sequence[Path]) -> Iterator[tuple[Path, DetectedFace]]:
    """The face nearest to the middle of each file in which there is one."""
    for start in range(0, len(files), _CHUNK):
        pictures = {}
        for path in files[start : start + _CHUNK]:
            try:
                pictures[path] = Picture.from_bytes(path.read_bytes())
            except RefusedFile:
                continue
        for path, faces in zip(pictures, engine.analyse(list(pictures.values())), strict=True):
            if faces:
                yield path, min(faces, key=_off_centre)


def _off_centre(face: DetectedFace) -> float:
    left, top, width, height = face.box
    return (left + width / 2 - 0.5) ** 2 + (top + height / 2 - 0.5) ** 2


def _histograms(vectors: NDArray[np.float32], people: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many pairs of one person, and of two, have each distance: two (_BINS,) over 0-2."""
    genuine, impostor = np.zeros(_BINS, np.int64), np.zeros(_BINS, np.int64)
    for row in range(len(vectors) - 1):
        distances = np.clip(1 - vectors[row + 1 :] @ vectors[row], 0, 2 - 1e-6)
        bins = (distances * (_BINS / 2)).astype(np.int64)
        same = people[row + 1 :] == people[row]
        genuine += np.bincount(bins[same], minlength=_BINS)
        impostor += np.bincount(bins[~same], minlength=_BINS)
    return genuine, impostor


def _at_rate(genuine: NDArray[np.int64], impostor: NDArray[np.int64], rate: float) -> tuple[float, float]:
    """The largest distance whose false-match rate is at most `rate`, and the true-match rate there."""
    bins = int(np.searchsorted(np.cumsum(impostor), rate * impostor.sum(), side="right"))
    return bins * 2 / _BINS, float(genuine[:bins].sum() / genuine.sum())


def _slope(genuine: NDArray[np.int64], impostor: NDArray[np.int64]) -> float:
    """The slope of a logistic regression of "one person" on distance, both kinds of pairs weighing the same (Platt)."""
    distances = (np.arange(_BINS) + 0.5) * 2 / _BINS
    columns = np.column_stack([distances, np.ones(_BINS)])
    shares = genuine / genuine.sum(), impostor / impostor.sum()
    weights = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        gradient = columns.T @ (shares[0] * (1 - chance) - shares[1] * chance)
        curvature = (columns * ((shares[0] + shares[1]) * chance * (1 - chance))[:, None]).T @ columns
        weights += np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
    return float(-weights[0])


@cache
def _read(path: Path, modified: int) -> dict[str, Calibration]:
    """The calibrations in a file as it was when last modified."""
    return {key: Calibration(**values) for key, values in json.loads(path.read_text()).items()}
