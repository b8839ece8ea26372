"""How fast films are indexed by the embedded engines, beside decoding alone and beside the naive way, and in how much
memory.

    python -m benchmarks.video [--films people bottle still] [--minutes 60] [--work FOLDER]

`people` and `bottle` are the clips of PHOTOFINDER_ASSETS; `still` is made here: so many minutes of a room at 720p with
the noise of a camera, in which something crosses for four seconds of every ten minutes. Speed is seconds of film per
second of wall time. Decoding alone goes through all frames and converts none. The naive way reads every frame with
cv2.VideoCapture and looks for people and faces on the whole of every 15th; of `still` it is given three minutes only.
Each way runs in a process of its own, with its engines loaded before the clock starts; memory is what it took at most
beyond that. Rows of the database and files are not part of it: benchmarks.site has those of photos.

For `people` it also says how well the events tell when somebody is visible, by the seconds that were labelled by eye.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.site import BASE_DIR, assets

_NAIVE_SECONDS = 180.0  # of a long film
_EVERY = 15  # frames
_SCENE_MINUTES = 10


def main() -> None:
    """The table."""
    arguments = _arguments()
    if arguments.measure:
        _measure(*arguments.measure)
        return
    folder = Path(arguments.work or tempfile.mkdtemp(prefix="films-"))
    for name in arguments.films:
        path = _film(name, folder, arguments.minutes)
        found = {way: _run(way, path) for way in ("decoding", "index", "naive")}
        _report(name, found)


def _report(name: str, found: dict[str, Any]) -> None:
    decoding, index, naive = found["decoding"], found["index"], found["naive"]
    print(f"\n{name}: {index['film_s']:.0f} s of film, {index['looks']} looks, {index['events']} events")
    print(f"  time of indexing / decoding alone   {index['wall_s'] / decoding['wall_s']:6.2f}")
    print(f"  time of naive / indexing            {index['speed'] / naive['speed']:6.2f}")
    print(f"  memory beyond the models, MB        {index['grown_mb']:6.0f}   (with them {index['peak_mb']:.0f})")
    for label, way in (("indexing", index), ("decoding alone", decoding), ("naive", naive)):
        print(f"  {label:28s}{way['speed']:9.1f} x    {way['wall_s']:8.1f} s")
    for stage, seconds in index["stages"].items():
        print(f"    {stage:26s}{index['film_s'] / max(seconds, 1e-6):9.1f} x    {seconds:8.1f} s")
    if name == "people":
        precision, recall = index["visible"]
        print(f"  somebody is visible: precision {precision:.3f}, recall {recall:.3f}, by the second")


def _run(way: str, path: Path) -> Any:
    with tempfile.TemporaryDirectory() as var:
        unused = {"DATABASE_URL": "postgres://nobody@localhost/none", "REDIS_URL": "redis://localhost", "VAR_DIR": var}
        command = [sys.executable, "-m", "benchmarks.video", "--measure", way, str(path)]
        done = subprocess.run(
            command, env=os.environ | unused, cwd=BASE_DIR, check=True, capture_output=True, text=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def _measure(way: str, path: str) -> None:
    measured = {"decoding": _decode, "index": _index, "naive": _naive}[way](Path(path))
    print(json.dumps(measured))


def _decode(path: Path) -> dict[str, Any]:
    import av

    began = time.monotonic()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        last = 0.0
        for frame in container.decode(stream):
            last = frame.time or last
    return _timed(began, last)


def _index(path: Path) -> dict[str, Any]:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photofinder.settings")
    django.setup()
    from photofinder.engines import get_engine
    from videos.decoding import Film
    from videos.engines.base import Frame
    from videos.motion import MotionFilter
    from videos.services import seeing
    from videos.services.indexing import site_config
    from videos.watching import Watcher

    stages = {"decoding and conversion": 0.0}
    config = site_config()
    for kind in ("object", "face", "caption", "text"):
        get_engine(kind).load()
    black = Frame(0.0, np.zeros((720, 1280, 3), np.uint8), 0.0, ((0.4, 0.1, 0.2, 0.8),))
    seeing.frames_see([black], config)  # what engines load on first use
    before_mb = _memory_mb()

    see = _clocked(stages, "motion filter", MotionFilter.see)
    MotionFilter.see = see  # type: ignore[method-assign]
    detect = _clocked(stages, "objects and faces", lambda frames: seeing.frames_see(frames, config))
    describe = _clocked(stages, "captions", lambda groups: seeing.scenes_describe(groups, config))
    embed = _clocked(stages, "embeddings", seeing.captions_embed)
    groups: list[Any] = []
    looks = 0
    began = time.monotonic()
    with Film(path) as film:
        for stretch in Watcher(config, detect, seconds=3).watch(film, start_s=0):
            embed(describe(stretch.groups))
            groups += stretch.groups
            looks += len(stretch.motion)
        measured = _timed(began, film.info.duration_s)
    stages["decoding and conversion"] = measured["wall_s"] - sum(stages.values())
    memory = {"grown_mb": _memory_mb() - before_mb, "peak_mb": _memory_mb()}
    spans = [(group.start_s, group.end_s) for group in groups if "person" in group.counts()]
    seen = {"looks": looks, "events": len(groups), "visible": _visible(spans)}
    return measured | memory | seen | {"stages": stages}


def _naive(path: Path) -> dict[str, Any]:
    import cv2

    from faces.engines.dlib import DlibFaceEngine
    from photofinder.images import Picture, jpeg

    hog, faces = cv2.HOGDescriptor(), DlibFaceEngine()
    hog.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector()))
    faces.load()
    film = cv2.VideoCapture(str(path))
    began, number, last = time.monotonic(), 0, 0.0
    while last < _NAIVE_SECONDS:
        is_read, frame = film.read()
        if not is_read:
            break
        last = film.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if number % _EVERY == 0:
            hog.detectMultiScale(frame, winStride=(8, 8), scale=1.05)
            faces.analyse([Picture.from_bytes(jpeg(np.ascontiguousarray(frame[:, :, ::-1]), quality=90))])
        number += 1
    return _timed(began, last)


def _clocked(stages: dict[str, float], stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    stages.setdefault(stage, 0.0)

    def timed(*arguments: Any) -> Any:
        began = time.monotonic()
        try:
            return function(*arguments)
        finally:
            stages[stage] += time.monotonic() - began

    return timed


def _timed(began: float, film_s: float) -> dict[str, Any]:
    wall_s = time.monotonic() - began
    return {"film_s": film_s, "wall_s": wall_s, "speed": film_s / wall_s}


def _memory_mb() -> float:
    """The most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _visible(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Precision and recall by the seconds of people.mp4."""
    from videos.tests.test_people_film import VISIBLE, seconds

    found, true = seconds(spans), seconds(VISIBLE)
    right = len(found & true)
    return right / max(len(found), 1), right / len(true)


def _film(name: str, folder: Path, minutes: int) -> Path:
    if name != "still":
        return assets() / "data" / "videos" / f"{name}.mp4"
    path = folder / f"still-{minutes}.mp4"
    if not path.exists():
        print(f"making {minutes} minutes of a still room", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        scenes = [_minute(folder / f"minute-{crosses}.mp4", crosses=crosses) for crosses in (False, True)]
        _joined(path, [scenes[number % _SCENE_MINUTES == _SCENE_MINUTES // 2] for number in range(minutes)])
    return path


def _minute(path: Path, *, crosses: bool) -> Path:
    """A minute of a room at 720p and 25 frames per second."""
    from videos.tests.filming import film, room

    random, still = np.random.default_rng(3), room(1280, 720).astype(np.int16)
    noise = [random.integers(-3, 4, still.shape, dtype=np.int16) for _ in range(8)]

    def paint(now: float) -> Any:
        pixels = np.clip(still + noise[int(now * 25) % len(noise)], 0, 255).astype(np.uint8)
        if crosses and 20 <= now < 24:
            left = int((now - 20) / 4 * 1100)
            pixels[120:640, left : left + 160] = (20, 30, 60)
        return pixels

    return film(path, paint, seconds=60, rate=25)


def _joined(path: Path, parts: Sequence[Path]) -> None:
    """The parts one after the other, without encoding them anew."""
    import av

    with av.open(str(path), "w") as out:
        stream, shift = None, 0
        for part in parts:
            with av.open(str(part)) as container:
                source = container.streams.video[0]
                stream = stream or out.add_stream_from_template(source)
                for packet in container.demux(source):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = (packet.pts or 0) + shift, packet.dts + shift
                    packet.stream = stream
                    out.mux(packet)
                shift += round(60 / Fraction(source.time_base or 1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--films", nargs="+", choices=("people", "bottle", "still"), default=["people", "bottle", "still"]
    )
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--work", help="where the made film is kept")
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "FILM"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
