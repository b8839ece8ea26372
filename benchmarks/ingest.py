"""Photos per second of the whole pipeline beside the loop that a user would write, on the same files and models.

    python -m benchmarks.ingest [--photos 120] [--rounds 2] [--work FOLDER]

The bare loop is `cv2.imread` + `FaceAnalysis.get`. The pipeline is a running site that is given the same files:
SHA-256, verification, storage, two thumbnails, faces with quality and cut-outs, people, rows, by its workers. Both run
in each round in turn, on photos of other bytes, and the best round counts. Then the stages run one after another in a
single process to show where the time goes, and both peers' engines on group photos.
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
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.site import BASE_DIR, engine_environment, make_event, site, working_folder

PACK = "testpack"
_CROWD_PHOTOS = 3


def bare_loop(photos: list[Path]) -> dict[str, float]:
    """Seconds, faces and peak memory of reading and analysing every photo, models loaded before."""
    import cv2
    from insightface.app import FaceAnalysis

    environment = engine_environment(PACK)
    modules = ["detection", "recognition"]
    app = FaceAnalysis(name=PACK, root=environment["INSIGHTFACE_ROOT"], allowed_modules=modules)
    app.prepare(ctx_id=0, det_size=(640, 640))
    app.get(cv2.imread(str(photos[0])))
    started = time.perf_counter()
    faces = sum(len(app.get(cv2.imread(str(photo)))) for photo in photos)
    return {"seconds": time.perf_counter() - started, "faces": faces, "peak_mb": _own_peak_mb()}


def engine(photos: list[Path]) -> dict[str, float]:
    """The same of PhotoFinder's engine alone, one photo at a time."""
    from faces.engines.insightface import InsightFaceEngine
    from photofinder.images import Picture

    ours = InsightFaceEngine(pack=PACK, root=engine_environment(PACK)["INSIGHTFACE_ROOT"])
    ours.analyse([Picture.from_bytes(photos[0].read_bytes())])
    started = time.perf_counter()
    faces = sum(len(ours.analyse([Picture.from_bytes(photo.read_bytes())])[0]) for photo in photos)
    return {"seconds": time.perf_counter() - started, "faces": faces, "peak_mb": _own_peak_mb()}


def _own_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _django() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "photofinder.settings"
    django.setup()


def stages(photos: list[Path]) -> dict[str, float]:
    """Seconds of each stage in one process, on the services of the environment; no worker hears of the photos."""
    _django()
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


def pipeline(photos: list[Path]) -> dict[str, float]:
    """Seconds from the first photo read to the last one ready, on a site whose workers have loaded their models."""
    _django()
    from faces.models import Face, Photo
    from faces.services import uploads

    batch = uploads.batch_create(event=uploads.event_create(name="round"), by=None)
    started = time.perf_counter()
    with ExitStack() as files:
        streams = ((photo.name, files.enter_context(photo.open("rb"))) for photo in photos)
        accepted, refused = uploads.photos_upload(batch=batch, files=streams)
    waiting = Photo.objects.filter(batch=batch).unfinished()
    while waiting.exists():
        time.sleep(0.1)
    seconds = time.perf_counter() - started
    ready = Photo.objects.filter(batch=batch, state=Photo.State.READY).count()
    if refused or ready < len(accepted):
        raise RuntimeError(f"{ready} of {len(photos)} photos are ready.")
    return {"seconds": seconds, "faces": Face.objects.filter(photo__batch=batch).count()}


_PEERS = {"bare": bare_loop, "engine": engine, "pipeline": pipeline, "stages": stages}


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


def _own_photos(photos: list[Path], folder: Path) -> Path:
    """A folder with the same photos but other bytes, so that a second round is no duplicate."""
    (folder / "photos").mkdir(parents=True)
    for photo in photos:
        (folder / "photos" / photo.name).write_bytes(_with_comment(photo.read_bytes(), os.urandom(8)))
    return folder


def _with_comment(jpeg: bytes, comment: bytes) -> bytes:
    """A JPEG with a comment segment after its start marker."""
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def main() -> None:
    """Run both peers in turn, then the stages, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "photofinder-ingest")
    parser.add_argument("--only", choices=list(_PEERS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    photos = sorted((args.work / "photos").glob("*.jpg"))
    if args.only:
        print(json.dumps(_PEERS[args.only](photos)))
        return
    event = make_event(args.work, "--photos", str(args.photos), "--crowd", str(_CROWD_PHOTOS))
    photos = sorted((event / "photos").glob("[0-9]*.jpg"))
    _compare(photos, args.rounds)
    _compare_crowds(sorted((event / "photos").glob("crowd*.jpg")))


def _compare(photos: list[Path], rounds: int) -> None:
    bare, whole = [], []
    with working_folder() as folder, site(folder / "var", **engine_environment(PACK)) as running:
        _child("pipeline", _own_photos(photos[:2], folder / "warm"), **running.env)
        for number in range(1, rounds + 1):
            own = _own_photos(photos, folder / str(number))
            bare.append(_child("bare", own))
            whole.append(_child("pipeline", own, **running.env))
        peaks = _peak_mb(running.pid)
        services = [sys.executable, "-m", "photofinder.supervisor", "exec", "--"]
        own = _own_photos(photos, folder / "own")
        split = _child("stages", own, *services, VAR_DIR=str(folder / "stages"), **engine_environment(PACK))
    _print(len(photos), min(bare, key=_time), min(whole, key=_time), peaks, split)


def _compare_crowds(photos: list[Path]) -> None:
    """What a closer look at crowds costs and finds."""
    print("\n| crowd photos, 24 megapixels | s per photo | faces per photo | peak memory, MB |\n|---|---|---|---|")
    with working_folder() as folder:
        own = _own_photos(photos, folder)
        for name, action in (("bare loop at 640 pixels", "bare"), ("PhotoFinder's engine", "engine")):
            row = _child(action, own)
            shares = [row[key] / len(photos) for key in ("seconds", "faces")]
            print(f"| {name} | {shares[0]:.2f} | {shares[1]:.1f} | {row['peak_mb']:.0f} |")


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
