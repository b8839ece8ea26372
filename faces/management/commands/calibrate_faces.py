"""What the distances of the face engine in use mean, measured on labelled portraits."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from faces.calibration import Fit, embed_portraits, fit, save
from photofinder.engines import get_engine
from photofinder.errors import Problem


class Command(BaseCommand):
    """Print a table of false- and true-match rates, and keep the calibration when asked to."""

    help = "Measure thresholds and similarities of the face engine in use on a folder of labelled portraits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The folder and whether to keep what is found."""
        parser.add_argument("folder", type=Path, help="one folder of portraits per person")
        parser.add_argument("--save", action="store_true", help="use the calibration on this site from now on")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Fit, print, save. Raises CommandError when the folder or the engine does not allow it."""
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        try:
            engine = get_engine("face")
            vectors, names, missed = embed_portraits(engine, folder)
            found = fit(vectors, names, source=f"Fitted by calibrate_faces on {len(vectors)} portraits.")
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"{engine.spec.contract}\n{len(vectors)} portraits, {missed} without a face")
        self.stdout.write(_table(found))
        if options["save"]:
            save(settings.FACE_CALIBRATIONS, engine.spec.contract, found.calibration)
            self.stdout.write(f"Saved to {settings.FACE_CALIBRATIONS}")


def _table(found: Fit) -> str:
    calibration = found.calibration
    lines = [
        f"{found.genuine_pairs:,} pairs of one person, {found.impostor_pairs:,} of strangers",
        f"threshold {calibration.threshold}, strict {calibration.strict_threshold:.4f}, slope {calibration.slope}",
        f"{'false-match rate':>16} {'distance':>10} {'true-match rate':>16} {'similarity':>11}",
    ]
    for rate, distance, matched in found.rates:
        lines.append(f"{rate:>16.0e} {distance:>10.4f} {matched:>16.1%} {calibration.similarity(distance):>11.2f}")
    return "\n".join(lines)
