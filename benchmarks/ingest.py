"""Photos per second of the whole pipeline beside the loop that a user would write, on the same files and models.

    python -m benchmarks.ingest [--photos 120] [--rounds 2] [--work FOLDER]

The bare loop is `cv2.imread` + `FaceAnalysis.get`. The pipeline is a real site: upload over HTTP, SHA-256,
verification, storage, two thumbnails, faces with quality and cut-outs, people, rows; web and workers share the
machine. Both run on each round in turn and the best round counts. The last table runs the stages one after another in a
single process to show where the time goes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.site import BASE_DIR, Site, engine_environment, make_event, site

PACK = "testpack"


def bare_loop(photos: list[Path]) -> dict[str, float]:
    """Seconds and peak memory of reading and analysing every photo, models loaded before."""
    import cv2
    from insightface.app import FaceAnalysis

    environment = engine_environment(PACK)
    modules = ["detection", "recognition"]
    app = FaceAnalysis(name=PACK, root=environment["INSIGHTFACE_ROOT"], allowed_modules=modules)
    app.prepare(ctx_id=0, det_size=(640, 640))
    app.get(cv2.imread(str(photos[0])))
    started = time.perf_counter()
    faces = sum(len(app.get(cv2.imread(str(photo)))) for photo in photos)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "faces": faces, "peak_mb": peak}


def stages(photos: list[Path]) -> dict[str, float]:
    """Seconds of each stage in one process, on the services of the environment; no worker hears of the photos."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "photofinder.settings"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from faces.models import Photo
    from faces.services import pipeline, uploads
    from photofinder.engines import get_engine

    call_command("migrate", verbosity=0)
    get_engine("face").load()
    event = uploads.event_create(name="stages")
    batch = uploads.batch_create(event=event, by=None)

    def store() -> None:
        for photo in photos:
            with photo.open("rb") as stream:
                uploads.photos_upload(batch=batch, files=[(photo.name, stream)])

    def stage(run: Callable[..., None]) -> Callable[[], None]:
        def chunks() -> None:
            ids = list(Photo.objects.filter(event=event).values_list("pk", flat=True))
            for start in range(0, len(ids), settings.FACE_CHUNK):
                run(photo_ids=ids[start : start + settings.FACE_CHUNK])

        return chunks

    timed = {
        "store: hash, verify, write": store,
        "ingest: decode, 2 thumbnails": stage(pipeline.photos_ingest),
        "faces: decode, detect, embed, cut-outs, rows": stage(pipeline.photos_detect),
        "people: nearest, centroids, rows": stage(pipeline.photos_assign),
    }
    return {name: _seconds(run) for name, run in timed.items()}


def pipeline(running: Site, photos: list[Path], round_number: int) -> dict[str, float]:
    """Seconds from the first byte sent to the last photo ready; the models were loaded by an earlier photo."""
    slug = running.call("POST", "events/", json={"name": f"round {round_number}"})["slug"]
    started = time.perf_counter()
    batch = None
    for start in range(0, len(photos), 20):
        batch = running.upload(slug, photos[start : start + 20], batch=batch)["batch"]
    progress = running.wait(batch or 0)
    return {"seconds": time.perf_counter() - started, "faces": progress["faces"]}


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _child(action: str, work: Path, *before: str, **environment: str) -> Any:
    """What this program prints in a process of its own, run by the command `before` it."""
    command = [*before, sys.executable, "-m", "benchmarks.ingest", "--only", action, "--work", str(work)]
    env = os.environ | environment
    out = subprocess.run(command, cwd=BASE_DIR, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.splitlines()[-1])


def _peak_mb(root: int) -> dict[str, float]:
    """The peak memory of every process below `root`, by the queue or program in its command line."""
    parents: dict[int, int] = {}
    peaks: dict[int, tuple[str, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
            command = (folder / "cmdline").read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(status["PPid"])
        if "VmHWM" in status:
            peaks[int(folder.name)] = (_label(command), int(status["VmHWM"].split()[0]) / 1024)
    found: dict[str, float] = {}
    for pid, (label, peak) in peaks.items():
        if label and _is_below(pid, root, parents):
            found[label] = max(found.get(label, 0), peak)
    return found


def _label(command: list[str]) -> str:
    if "-Q" in command:
        return command[command.index("-Q") + 1]
    return "web" if "gunicorn" in command else ""


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != root:
        pid = parents[pid]
    return pid == root


def _own_photos(photos: list[Path], folder: Path) -> list[Path]:
    """The same photos with other bytes, so that a second round is no duplicate."""
    folder.mkdir(parents=True)
    for photo in photos:
        (folder / photo.name).write_bytes(photo.read_bytes() + os.urandom(8))
    return sorted(folder.iterdir())


def main() -> None:
    """Run both peers in turn, then the stages, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "photofinder-ingest")
    parser.add_argument("--only", choices=["bare", "stages"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    photos = sorted((args.work / "photos").glob("*.jpg"))
    if args.only:
        print(json.dumps(bare_loop(photos) if args.only == "bare" else stages(photos)))
        return
    photos = sorted((make_event(args.work, "--photos", str(args.photos)) / "photos").glob("*.jpg"))
    _compare(args.work, photos, args.rounds)


def _compare(work: Path, photos: list[Path], rounds: int) -> None:
    bare, whole = [], []
    with tempfile.TemporaryDirectory() as name, site(Path(name) / "var", **engine_environment(PACK)) as running:
        pipeline(running, _own_photos(photos[:2], Path(name) / "warm"), 0)
        for number in range(1, rounds + 1):
            bare.append(_child("bare", work))
            whole.append(pipeline(running, _own_photos(photos, Path(name) / str(number)), number))
        peaks = _peak_mb(running.pid)
        services = [sys.executable, "-m", "photofinder.supervisor", "exec", "--"]
        split = _child("stages", work, *services, VAR_DIR=f"{name}/stages", **engine_environment(PACK))
    _print(len(photos), min(bare, key=_time), min(whole, key=_time), peaks, split)


def _time(result: dict[str, float]) -> float:
    return result["seconds"]


def _print(
    count: int, bare: dict[str, float], whole: dict[str, float], peaks: dict[str, float], split: dict[str, float]
) -> None:
    print(f"pipeline / bare loop = {bare['seconds'] / whole['seconds']:.2f} times as fast\n")
    memory = ", ".join(f"{name} {peak:.0f}" for name, peak in sorted(peaks.items()))
    print("| | photos/s | seconds | faces | peak memory, MB |\n|---|---|---|---|---|")
    for name, row, peak in (("bare loop", bare, f"{bare['peak_mb']:.0f}"), ("whole pipeline", whole, memory)):
        print(f"| {name} | {count / row['seconds']:.1f} | {row['seconds']:.1f} | {row['faces']:.0f} | {peak} |")
    print("\n| stage, one process | ms per photo | share |\n|---|---|---|")
    total = sum(split.values())
    for name, seconds in split.items():
        print(f"| {name} | {seconds / count * 1000:.0f} | {seconds / total:.0%} |")


if __name__ == "__main__":
    main()
