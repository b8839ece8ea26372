"""How many faces are found, and how much of a person a selfie finds, on a synthetic event over the API.

    python -m benchmarks.accuracy [--engine testpack dlib] [--seed 1 2] [--crowd 3] [--work FOLDER]

Prints one table row per engine and event: faces found in normal and in crowd photos (a detection counts when its centre
is within a quarter of the pasted portrait's width of the truth), faces that are nobody of the truth, and the recall and
precision of the photos that each selfie returns at the default threshold.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.site import Site, engine_environment, make_event, site, working_folder

_FACES = """
import json
from faces.models import Photo
rows = {p.original_name: [f.box for f in p.faces.all()] for p in Photo.objects.prefetch_related("faces")}
print(json.dumps(rows))
"""
_NEAR = 0.25


@dataclass
class Figures:
    """What one engine reached on one event."""

    normal: float
    crowd: float
    strangers: int
    recall: float
    precision: float
    unanswered: int
    seconds: float


def measure(running: Site, event: Path) -> Figures:
    """Upload the event, wait, and compare with its truth."""
    slug = running.call("POST", "events/", json={"name": event.name})["slug"]
    photos = sorted((event / "photos").iterdir())
    started = time.monotonic()
    batch = None
    for start in range(0, len(photos), 20):
        batch = running.upload(slug, photos[start : start + 20], batch=batch)["batch"]
    progress = running.wait(batch or 0)
    seconds = time.monotonic() - started
    if progress["failed"] or progress["errors"]:
        raise RuntimeError(f"Not every photo is ready: {progress['errors']}")
    truth = json.loads((event / "truth.json").read_text())
    found = json.loads(running.manage("shell", "--no-imports", "-c", _FACES))
    normal, crowd, strangers = _detection(truth["photos"], found)
    recall, precision, unanswered = _search(running, slug, event, truth)
    return Figures(normal, crowd, strangers, recall, precision, unanswered, seconds)


def _detection(truth: dict[str, Any], found: dict[str, Any]) -> tuple[float, float, int]:
    """Shares of the true faces found in normal and crowd photos, and the number of other detections."""
    hits: dict[bool, list[bool]] = {False: [], True: []}
    strangers = 0
    for name in truth.keys() & found.keys():
        centres = [(left + width / 2, top + height / 2) for left, top, width, height in found[name]]
        near = [[_is_near(face, centre) for centre in centres] for face in truth[name]]
        hits[name.startswith("crowd")] += [any(row) for row in near]
        strangers += sum(not any(column) for column in zip(*near, strict=True)) if near else len(centres)
    shares = [sum(values) / max(len(values), 1) for values in hits.values()]
    return shares[0], shares[1], strangers


def _is_near(face: dict[str, float], centre: tuple[float, float]) -> bool:
    """Widths and heights differ by the photo's aspect of 3:2, either way up; the larger side decides."""
    x, y = abs(face["cx"] - centre[0]), abs(face["cy"] - centre[1])
    return x <= _NEAR * face["size"] and y <= _NEAR * face["size"] * 1.5


def _search(running: Site, slug: str, event: Path, truth: dict[str, Any]) -> tuple[float, float, int]:
    """Mean recall over the selfies, precision over all photos returned, selfies that were not answered."""
    photos: dict[str, set[str]] = defaultdict(set)
    copies = {copy for _, copy in truth["copies"]}
    for name, faces in truth["photos"].items():
        for face in faces if name not in copies else []:
            photos[face["person"]].add(name)
    recalls, right, returned, unanswered = [], 0, 0, 0
    for selfie in sorted((event / "selfies").iterdir()):
        wanted = photos[selfie.stem]
        answer = _answer(running, slug, selfie)
        unanswered += answer is None
        names = {photo["name"] for photo in answer["photos"]} if answer else set()
        names = {_first_name(name, truth) for name in names}
        right, returned = right + len(names & wanted), returned + len(names)
        recalls += [len(names & wanted) / len(wanted)] if wanted else []
    return sum(recalls) / len(recalls), right / max(returned, 1), unanswered


def _answer(running: Site, slug: str, selfie: Path) -> Any:
    """The search's answer; of several faces the first one offered, the largest."""
    for face in ({}, {"face": 0}):
        try:
            with selfie.open("rb") as stream:
                return running.call("POST", "search/", files={"photo": stream}, data={"event": slug, **face})
        except requests.HTTPError as error:
            print(f"    {selfie.name}: {error}")
    return None


def _first_name(name: str, truth: dict[str, Any]) -> str:
    """The name under which the truth counts byte-identical copies."""
    return next((original for original, copy in truth["copies"] if copy == name), name)


def main() -> None:
    """Run every engine on every event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", nargs="+", default=["testpack", "dlib"])
    parser.add_argument("--seed", nargs="+", default=["1"])
    parser.add_argument("--crowd", default="3")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "photofinder-accuracy")
    args = parser.parse_args()
    print("| engine | event | faces found | in crowds | others | recall | precision | unanswered | seconds |")
    print("|---|---|---|---|---|---|---|---|---|")
    for engine in args.engine:
        with working_folder() as folder, site(folder, **engine_environment(engine)) as running:
            for seed in args.seed:
                name = f"event-{seed}-{args.crowd}"
                event = make_event(args.work / name, "--seed", seed, "--crowd", args.crowd)
                f = measure(running, event)
                shares = f"{f.normal:.1%} | {f.crowd:.1%} | {f.strangers} | {f.recall:.1%} | {f.precision:.1%}"
                print(f"| {engine} | {name} | {shares} | {f.unanswered} | {f.seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
