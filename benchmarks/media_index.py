"""The media index with a million images: how fast it is filled and built, how fast and how exactly it answers.

    python -m benchmarks.media_index [--rows 100000 1000000] [--dim 512] [--only STAGE ...] [--keep FOLDER]

Starts PostgreSQL and Redis of its own for each number of rows, fills them with a made-up library of images
(benchmarks/gallery.py) and asks questions one at a time, as one user would; exact answers come from NumPy. With --keep
the library, the database and the figures stay in FOLDER, and another run does not fill and build again. Prints one
table: first what an answer costs with the most rows, in multiples of what it costs with the fewest.
"""

import argparse
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.site import BASE_DIR, working_folder

STAGES = (
    "fill",
    "build",
    "duplicates",
    "hamming",
    "search",
    "words",
    "filters",
    "binary",
    "category",
    "consolidate",
    "insert",
    "faiss",
)
ONCE = ("fill", "build")  # not done again in a folder that was kept
MEMORY_MB = 2048  # POSTGRES_MEMORY_MB: a million vectors of 512 dimensions need 1.6 GB while their index is built


@dataclass(frozen=True)
class Line:
    """One line of the table: where its figure stands, and what it should be."""

    name: str
    key: str
    digits: int = 0
    grows: bool = False
    most: float | None = None
    least: float | None = None

    def text(self, figures: list[dict[str, float]]) -> str:
        """The line, for figures of the most rows first."""
        values = [found.get(self.key) for found in figures]
        if values[0] is None:
            return ""
        ratio = f"{values[0] / values[-1]:.1f}" if self.grows and len(values) > 1 and values[-1] else ""
        cells = ["" if value is None else f"{value:,.{self.digits}f}" for value in values]
        return f"| {self.name} | {ratio} | {' | '.join(cells)} | {self._aim(values[0])} |"

    def _aim(self, value: float) -> str:
        if self.most is not None:
            return f"under {self.most:g}: {'yes' if value < self.most else 'NO'}"
        if self.least is not None:
            return f"{self.least:g}: {'yes' if value >= self.least else 'NO'}"
        return ""


def _timed(name: str, key: str, most: float | None = None) -> tuple[Line, Line]:
    return Line(f"{name}, p50 ms", f"{key}_p50", 1, True), Line(f"{name}, p95 ms", f"{key}_p95", 1, True, most)


LINES = (
    *_timed("near-duplicate lookup, by bands", "bands", 10),
    Line("... pairs within 6 bits found", "bands_found", 4, least=1),
    *_timed("... the best 20 that are shown, by the site", "best", 10),
    *_timed("near-duplicate lookup, by HNSW on Hamming", "hamming"),
    Line("... pairs within 6 bits found, of 100 at most", "hamming_found", 4),
    *_timed("images like this one", "search", 25),
    Line("... recall@10", "search_recall", 4, least=0.99),
    *_timed("a thousand images like this one", "ranked"),
    Line("... the nearest ten among them", "ranked_recall", 4),
    *_timed("images for words", "words", 25),
    Line("... recall@10", "words_recall", 4),
    *_timed("1 % of rows, scattered", "rare"),
    Line("... recall@10", "rare_recall", 4, least=0.99),
    *_timed("1 % of rows, whole events", "events"),
    Line("... recall@10", "events_recall", 4, least=0.99),
    *_timed("50 % of rows", "half"),
    Line("... recall@10", "half_recall", 4, least=0.99),
    *_timed("1 % of rows, scattered, by the index", "rare_index"),
    Line("... recall@10", "rare_index_recall", 4),
    *_timed("1 % of rows, whole events, by the index", "events_index"),
    Line("... recall@10", "events_index_recall", 4),
    *_timed("one bit per dimension, then exact order", "binary"),
    Line("... recall@10", "binary_recall", 4),
    *_timed("a new image joins its category", "category"),
    Line("... that with the nearest centroid", "category_found", 4),
    Line("changed categories brought in order, per s", "consolidated_rate", 1),
    *_timed("FAISS flat, all in memory", "flat"),
    *_timed("FAISS HNSW, all in memory", "faiss"),
    Line("... recall@10", "faiss_recall", 4),
    Line("vectors copied without index, rows/s", "vectors_rate"),
    Line("hashes copied with the bands' indexes, rows/s", "hashes_rate"),
    Line("vectors inserted one by one with the index, rows/s", "insert_rate"),
    Line("HNSW: build, s", "hnsw_s", grows=True),
    Line("HNSW: size, MB", "hnsw_mb", grows=True),
    Line("table of vectors, MB", "vectors_mb", grows=True),
    Line("bands: build of all three, s", "bands_s", 1, True),
    Line("bands: size of all three, MB", "bands_mb", grows=True),
    Line("HNSW on Hamming: build, s", "hamming_s", grows=True),
    Line("HNSW on Hamming: size, MB", "hamming_mb", grows=True),
    Line("one bit per dimension: build, s", "binary_s", grows=True),
    Line("one bit per dimension: size, MB", "binary_mb", grows=True),
    Line("FAISS HNSW: build, s", "faiss_s", grows=True),
    Line("FAISS HNSW: size, MB", "faiss_mb", grows=True),
)


def measure(folder: Path, rows: int, dim: int, seed: int, only: list[str]) -> None:
    """Do the stages and write their figures into the folder, each as soon as it is done."""
    import django

    django.setup()
    from benchmarks.media_lab import Lab

    kept = folder / "figures.json"
    figures: dict[str, dict[str, float]] = json.loads(kept.read_text()) if kept.exists() else {}
    lab = Lab.at(folder, rows, dim, seed)
    for stage in STAGES:
        if stage in figures if stage in ONCE else stage not in only:
            continue
        figures[stage] = getattr(lab, stage)()
        print(f"{rows} rows, {stage}: {figures[stage]}", file=sys.stderr, flush=True)
        kept.write_text(json.dumps(figures, indent=1))


def table(folders: list[Path]) -> str:
    """The figures of the folders, that of the most rows first."""
    figures = []
    for folder in folders:
        stages: dict[str, dict[str, float]] = json.loads((folder / "figures.json").read_text())
        figures.append({key: value for stage in stages.values() for key, value in stage.items()})
    head = f"| | growth | {' | '.join(f'{int(folder.name):,} rows' for folder in folders)} | aim |"
    lines = [line for line in (line.text(figures) for line in LINES) if line]
    return "\n".join([head, "|" + "---|" * (len(folders) + 3), *lines])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=STAGES, default=STAGES)
    parser.add_argument("--keep", type=Path, help="a folder that PostgreSQL's own user can enter")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Parse, and run with services of its own for each number of rows."""
    options = _options()
    if options.inside:
        measure(options.keep, options.rows[0], options.dim, options.seed, options.only)
        return
    with nullcontext(options.keep) if options.keep else working_folder() as kept:
        folders = [Path(kept).resolve() / str(rows) for rows in sorted(options.rows, reverse=True)]
        for folder in reversed(folders):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
            env = os.environ | {
                "VAR_DIR": str(folder / "var"),
                "POSTGRES_MEMORY_MB": os.environ.get("POSTGRES_MEMORY_MB") or str(MEMORY_MB),
                "DJANGO_SETTINGS_MODULE": "photofinder.settings",
            }
            command = [sys.executable, "-m", "photofinder.supervisor", "exec", "--fast", "--", sys.executable]
            command += ["-m", "benchmarks.media_index", "--inside", "--keep", str(folder), "--rows", folder.name]
            command += ["--dim", str(options.dim), "--seed", str(options.seed), "--only", *options.only]
            subprocess.run(command, env=env, cwd=BASE_DIR, check=True)
        print(table(folders))


if __name__ == "__main__":
    main()
