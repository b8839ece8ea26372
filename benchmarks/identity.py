"""How well faces become people, beside other methods, and how long many faces take.

    python -m benchmarks.identity [--engine testpack dlib] [--events 120 600] [--people 30] [--seed 1]
        [--made-up likely hard] [--scale 100000] [--dim 512] [--work FOLDER]

Prints tables: precision, recall and F by BCubed and by pairs, and seconds. A peer's limit is the best of several
false-match rates (1e-2 to 1e-6) for the labelled portraits; "best" is what it reaches with the best one for these
faces, which nobody knows beforehand. Ours has no setting. Faces without a cluster count as clusters of one,
faces of unknown people not at all.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photofinder.settings")

from benchmarks.peers import PEERS
from benchmarks.populations import MadeUpPeople, Population, calibration_of, event, lfw_sizes, portraits, spheres
from faces.assignment import assign
from faces.calibration import Calibration
from faces.clustering import cluster
from faces.neighbours import nearest

Numbers = NDArray[np.int64]

_RATES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6)
_LARGE = 5000  # from so many faces on, only the quicker peers run
_QUICK = ("average linkage", "label propagation", "Infomap")
_NEWCOMERS = 100
_FOUND, _SAMPLE = 33, 500  # neighbours asked for, and queries compared with the exact ones


def bcubed(labels: Numbers, owners: Numbers) -> tuple[float, float, float]:
    """Precision, recall and F, each face weighing the same."""
    labels, owners, common = _common(labels, owners)
    precision = float((common / np.bincount(labels)[labels]).mean())
    recall = float((common / np.bincount(owners)[owners]).mean())
    return precision, recall, 2 * precision * recall / (precision + recall)


def pairwise(labels: Numbers, owners: Numbers) -> tuple[float, float, float]:
    """Precision, recall and F of pairs of faces."""
    labels, owners, common = _common(labels, owners)
    right = (common - 1).sum()
    precision = float(right / max((np.bincount(labels)[labels] - 1).sum(), 1))
    recall = float(right / max((np.bincount(owners)[owners] - 1).sum(), 1))
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _common(labels: Numbers, owners: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Both numbered from 0 for faces of known owners, and how many faces have each face's label and owner."""
    labels, owners = labels[owners >= 0], owners[owners >= 0]
    labels = np.where(labels < 0, labels.max(initial=0) + 1 + np.arange(len(labels)), labels)
    labels, owners = (np.unique(values, return_inverse=True)[1] for values in (labels, owners))
    where, counts = np.unique(labels * (owners.max() + 1) + owners, return_inverse=True, return_counts=True)[1:]
    return labels, owners, counts[where]


def ours(faces: Population, calibration: Calibration) -> Numbers:
    """The clusters of the product."""
    return cluster(faces.vectors, photos=faces.photos, good=faces.good, calibration=calibration)


def compare(faces: Population, calibration: Calibration, rates: dict[str, float]) -> None:
    """Print a row for each method; `rates` keeps the peers' best rates of the first population."""
    started = time.monotonic()
    labels = ours(faces, calibration)
    _row(faces, "**ours**", "", labels, time.monotonic() - started, "")
    for name, peer in PEERS.items():
        if len(faces.owners) >= _LARGE and name not in _QUICK:
            continue
        found = {rate: _timed(peer, faces, 1 - calibration.distance_at(rate)) for rate in _RATES}
        scores = {rate: bcubed(labels, faces.owners)[2] for rate, (labels, _) in found.items()}
        rate = rates.setdefault(name, max(scores, key=lambda rate: scores[rate]))
        _row(faces, name, f"{rate:.0e}", *found[rate], f"{max(scores.values()):.3f}")


def _timed(peer: Callable[..., Numbers], faces: Population, limit: float) -> tuple[Numbers, float]:
    started = time.monotonic()
    labels = peer(faces.vectors, limit)
    return labels, time.monotonic() - started


def _row(faces: Population, name: str, rate: str, labels: Numbers, seconds: float, best: str) -> None:
    figures = " | ".join(f"{value:.3f}" for value in (*bcubed(labels, faces.owners), *pairwise(labels, faces.owners)))
    together = _in_one_photo(labels, faces.photos)
    print(f"| {faces.name} | {name} | {rate} | {figures} | {best} | {together} | {seconds:.1f} |", flush=True)


def _in_one_photo(labels: Numbers, photos: Numbers) -> int:
    """How many faces are with another one of their photo."""
    pairs = np.column_stack([labels, photos])[labels >= 0]
    return len(pairs) - len(np.unique(pairs, axis=0))


def scale(count: int, dim: int) -> None:
    """Print how long many faces take, and how many neighbours of their own person are missed."""
    faces = spheres(count, dim)
    spread = 1 / np.sqrt(dim)  # of strangers' similarities: directions at random
    calibration = Calibration(threshold=1 - 3.72 * spread, spread=spread, slope=20.0, source="Directions at random.")
    started = time.monotonic()
    labels = ours(faces, calibration)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    f = bcubed(labels, faces.owners)[2]
    newcomer = _newcomer_ms(faces, labels)
    print(
        f"| {faces.name} | {seconds:.0f} | {peak:.1f} | {f:.4f} | {_recall(faces):.3f} | {newcomer:.1f} |", flush=True
    )


def _newcomer_ms(faces: Population, labels: Numbers) -> float:
    """The median milliseconds in which one new face is compared with the means of all people and given to one."""
    sums = np.zeros((labels.max() + 1, faces.vectors.shape[1]), np.float32)
    np.add.at(sums, labels[labels >= 0], faces.vectors[labels >= 0])
    means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    allowed, limit, taken = np.ones((1, len(means)), bool), np.array([0.5], np.float32), []
    for face in faces.vectors[:_NEWCOMERS]:
        started = time.perf_counter()
        assign(face[None], limit, means, allowed)
        taken.append(time.perf_counter() - started)
    return float(np.median(taken)) * 1000


def _recall(faces: Population) -> float:
    """The share of the exact neighbours of one person that are found."""
    some = np.random.default_rng(0).choice(len(faces.vectors), _SAMPLE, replace=False)
    found, _ = nearest(faces.vectors[some], faces.vectors, _FOUND)
    exact = np.argsort(-(faces.vectors[some] @ faces.vectors.T), axis=1)[:, :_FOUND]
    own = faces.owners[exact] == faces.owners[some][:, None]
    return float(np.mean([np.isin(row[mine], near).mean() for row, mine, near in zip(exact, own, found, strict=True)]))


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", nargs="*", default=["testpack", "dlib"])
    parser.add_argument("--events", nargs="*", type=int, default=[120, 600])
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--made-up", nargs="*", default=["likely", "hard"])
    parser.add_argument("--scale", nargs="*", type=int, default=[100_000])
    parser.add_argument("--dim", nargs="*", type=int, default=[512, 128])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "photofinder-identity")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for engine in args.engine:
        print(
            f"\n{engine}\n\n| faces | method | rate | P | R | F | pairs P | R | F | best F | in one photo | seconds |"
        )
        print("|" + "---|" * 12)
        calibration, rates = calibration_of(engine), dict[str, float]()
        known = portraits(engine, args.work)
        compare(known, calibration, rates)
        for photos in args.events:
            compare(event(engine, photos, args.people, args.seed, args.work), calibration, rates)
        for alike in args.made_up:
            people = MadeUpPeople(known, engine=engine, alike=alike)
            compare(people.draw(f"made up, {alike}", lfw_sizes(), args.seed), calibration, rates)
    if args.scale:
        print(
            "\n| faces | seconds | GB at most | BCubed F | recall of neighbours | ms, a new face |\n" + "|---" * 6 + "|"
        )
    for count in args.scale:
        for dim in args.dim:
            scale(count, dim)


if __name__ == "__main__":
    main()
