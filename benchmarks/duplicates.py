"""Which changed copies of a picture are called its duplicates, and which pictures wrongly, by what the product decides.

    python -m benchmarks.duplicates [--half second] [--queries 150] [--photos 60] [--seed 2] [--work FOLDER]

The portraits of half of the people and a synthetic event made of them are the library. Some of its pictures are changed
in every way of the table (benchmarks/transformations.py) and looked for in it. Found is the share of changed copies
whose original was called their duplicate; false is the share, of all pairs called duplicates, whose originals are
different pictures. The last rows are changes that make another picture: there what is found is wrong. Beside the
product: pHash and dHash alone at imagededup's default distance of 10, and the embedding alone. Thresholds were chosen
on the first half; the second had no part in that.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.site import assets
from benchmarks.transformations import NOT_THE_SAME, TRANSFORMATIONS, Face, Original, dull_pictures, encoded
from media_index.engines.base import Vectors
from media_index.engines.classic import ClassicImageEngine
from media_index.hashing import hashes_of
from media_index.likeness import CANDIDATE_BITS, CANDIDATE_NEIGHBOURS, is_candidate, is_duplicate
from media_index.overlap import overlap
from photofinder.images import Picture, thumbnails

_HASH_DISTANCE = 10  # imagededup's default
_THUMBNAIL_PX, _DECODED_PX = 512, 1600  # settings.THUMBNAIL_SIZES_PX
METHODS = ("PhotoFinder", "pHash <= 10", "dHash <= 10", "embedding")
# Photographs that the portraits hold twice, seen by eye.
_TWINS = {"Ari_Fleischer_0011.jpg": "Ari_Fleischer_0006.jpg", "Renee_Zellweger_0013.jpg": "Renee_Zellweger_0010.jpg"}
_engine = ClassicImageEngine()


@dataclass(frozen=True)
class Library:
    """Pictures as the index has them: thumbnails, hashes (n,), whether flat (n,), unit vectors (n, dim)."""

    thumbnails: list[NDArray[np.uint8]]
    phashes: NDArray[np.uint64]
    dhashes: NDArray[np.uint64]
    flat: NDArray[np.bool_]
    vectors: Vectors

    @classmethod
    def of(cls, files: Sequence[bytes]) -> "Library":
        """What the product computes of these encoded files."""
        small = [_thumbnail(data) for data in files]
        hashes = [hashes_of(pixels) for pixels in small]
        return cls(
            small,
            np.array([h.phash for h in hashes], np.uint64),
            np.array([h.dhash for h in hashes], np.uint64),
            np.array([h.is_flat for h in hashes]),
            _engine.embed_images(small),
        )


Calls = dict[str, list[tuple[int, int]]]  # by method: (number in the one library, number in the other)


def duplicates(some: Library, known: Library) -> Calls:
    """Which pictures of `some` each method calls duplicates of which `known` ones."""
    bits = np.bitwise_count(some.phashes[:, None] ^ known.phashes)
    others = np.bitwise_count(some.dhashes[:, None] ^ known.dhashes)
    distances = 1 - some.vectors @ known.vectors.T
    found = [bits <= _HASH_DISTANCE, others <= _HASH_DISTANCE, distances <= _engine.scale.duplicate]
    return {METHODS[0]: _decided(some, known, bits, distances)} | {
        method: [(int(i), int(j)) for i, j in np.argwhere(pairs)]
        for method, pairs in zip(METHODS[1:], found, strict=True)
    }


def _decided(
    some: Library, known: Library, bits: NDArray[np.uint8], distances: NDArray[np.float32]
) -> list[tuple[int, int]]:
    """The product's way: candidates by pHash and by embedding, then the two thumbnails upon each other."""
    pairs = bits <= CANDIDATE_BITS
    nearest = np.argpartition(distances, min(CANDIDATE_NEIGHBOURS, len(known.flat) - 1), axis=1)[
        :, :CANDIDATE_NEIGHBOURS
    ]
    np.put_along_axis(pairs, nearest, True, axis=1)
    return [
        (int(i), int(j)) for i, j in np.argwhere(pairs) if _is_duplicate(some, known, i, j, bits[i, j], distances[i, j])
    ]


def _is_duplicate(some: Library, known: Library, i: int, j: int, bits: np.uint8, distance: np.float32) -> bool:
    facts: dict[str, Any] = {
        "distance_bits": int(bits),
        "embedding_distance": float(distance),
        "is_flat": bool(some.flat[i] or known.flat[j]),
        "scale": _engine.scale,
    }
    if not is_candidate(**facts):
        return False
    return is_duplicate(overlap=overlap(some.thumbnails[i], known.thumbnails[j]), **facts)


def _thumbnail(data: bytes) -> NDArray[np.uint8]:
    pixels = Picture.from_bytes(data).pixels(_DECODED_PX)
    return Picture.from_bytes(thumbnails(pixels, [_THUMBNAIL_PX])[_THUMBNAIL_PX]).pixels()


# --- the library ------------------------------------------------------------------------------------------------------
def originals(work: Path, half: str, photos: int, seed: int) -> list[Original]:
    """The portraits of half of the people, and an event of photos of them; copies and bursts belong to their first."""
    folder = _people(work, half)
    paths = sorted(folder.glob("*/*.jpg"))
    found = [Original(path.name, path, _TWINS.get(path.name, path.name)) for path in paths]
    event = work / f"event-{half}-{photos}-{seed}"
    if not (event / "truth.json").exists():
        tool, size = assets() / "tools" / "make_event.py", ("--size", "1500x1000")
        numbers = ("--photos", str(photos), "--seed", str(seed))
        subprocess.run([sys.executable, tool, folder, event, *size, *numbers], check=True)
    truth = json.loads((event / "truth.json").read_text())
    first = {twin: name for name, twin in truth["bursts"] + truth["copies"]}
    for name, faces in sorted(truth["photos"].items()):
        places = tuple(Face(face["cx"], face["cy"], face["size"]) for face in faces)
        found.append(Original(name, event / "photos" / name, first.get(name, name), places, is_photo=True))
    return found


def _people(work: Path, half: str) -> Path:
    folder = work / f"portraits-{half}"
    everyone = sorted(path for path in (assets() / "data" / "lfw_dev").iterdir() if path.is_dir())
    for person in {"first": everyone[::2], "second": everyone[1::2], "all": everyone}[half]:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / person.name).exists():
            (folder / person.name).symlink_to(person.resolve())
    return folder


# --- the table --------------------------------------------------------------------------------------------------------
def _row(task: tuple[str, list[int]]) -> tuple[str, Calls, float]:
    """What each method calls duplicates of the library among the chosen pictures, changed in one way."""
    name, chosen = task
    change = (TRANSFORMATIONS | NOT_THE_SAME)[name]
    rng = np.random.default_rng(len(name))
    changed = [change(_shared.originals[i], rng) for i in chosen]
    started = time.process_time()
    some = Library.of(changed)
    return name, duplicates(some, _shared.library), time.process_time() - started


@dataclass
class _Shared:
    """What the worker processes inherit."""

    originals: list[Original]
    library: Library


_shared: _Shared


def figures(calls: list[tuple[int, int]], chosen: list[int], groups: list[str]) -> tuple[float, float]:
    """Found and false of one method: shares 0-1."""
    hits = {i for i, j in calls if groups[chosen[i]] == groups[j]}
    wrong = sum(groups[chosen[i]] != groups[j] for i, j in calls)
    return len(hits) / len(chosen), wrong / max(len(calls), 1)


def _among(known: Library, groups: list[str]) -> str:
    """How many different pictures of one library each method takes for one."""
    counts = Counter[str]()
    for method, calls in duplicates(known, known).items():
        counts[method] = sum(i < j and groups[i] != groups[j] for i, j in calls)
    return " | ".join(f"{counts[method]:,}" for method in METHODS)


def _print_table(chosen: dict[str, list[int]], groups: list[str], processes: int) -> None:
    print("| change | " + " | ".join(f"{method}: found, false" for method in METHODS) + " | seconds |")
    print("|---" * (len(METHODS) + 2) + "|")
    with get_context("fork").Pool(processes) as pool:
        for name, calls, seconds in pool.imap(_row, chosen.items()):
            cells = [figures(calls[method], chosen[name], groups) for method in METHODS]
            row = [f"{found:.1%}" + f", {false:.1%}" * (name in TRANSFORMATIONS) for found, false in cells]
            print(f"| {name} | {' | '.join(row)} | {seconds:.0f} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("first", "second", "all"), default="second")
    parser.add_argument("--queries", type=int, default=150, help="portraits that are changed; all photos are")
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "photofinder-duplicates")
    return parser.parse_args()


def main() -> None:
    """Build the library, change pictures, print the tables."""
    global _shared
    args = _arguments()
    cv2.setNumThreads(1)
    every = originals(args.work, args.half, args.photos, args.seed)
    _shared = _Shared(every, Library.of([original.path.read_bytes() for original in every]))
    groups = [original.group for original in every]
    photos = [i for i, original in enumerate(every) if original.is_photo and original.name == original.group]
    portraits = [i for i, original in enumerate(every) if not original.is_photo]
    some = sorted(random.Random(args.seed).sample(portraits, min(args.queries, len(portraits)))) + photos
    chosen = dict.fromkeys(TRANSFORMATIONS, some)
    chosen |= {name: [i for i in photos if every[i].faces] for name in NOT_THE_SAME}
    print(f"{len(every)} pictures, {len(portraits)} of them portraits; {len(some)} are changed\n")
    _print_table(chosen, groups, args.processes)
    dull = Library.of([encoded(picture) for picture in dull_pictures()])
    count = len(dull.flat)
    print("\nPairs of different pictures called duplicates | " + " | ".join(METHODS))
    print(f"of the library's {len(every) * (len(every) - 1) // 2:,} | {_among(_shared.library, groups)}")
    print(f"of {count * (count - 1) // 2:,} flat, dark or noisy ones | {_among(dull, [str(i) for i in range(count)])}")


if __name__ == "__main__":
    main()
