"""InsightFace's packs from where they are published."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from faces.packs import PACKS_URL, install_pack
from photofinder.errors import Problem


class Command(BaseCommand):
    """Download a pack to where the face engine looks for it."""

    help = "Download an InsightFace pack (weights for non-commercial research only, unless you hold a licence)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which pack, from where, to where."""
        options = settings.FACE_ENGINES["insightface"]["OPTIONS"]
        parser.add_argument("pack", nargs="?", default=options["pack"], help="default: INSIGHTFACE_PACK")
        parser.add_argument("--root", type=Path, default=Path(options["root"]), help="default: INSIGHTFACE_ROOT")
        parser.add_argument("--url", default=PACKS_URL, help="folder of <pack>.zip; default: InsightFace's release")

    def handle(self, *args: Any, pack: str, root: Path, url: str, **options: Any) -> None:
        """Download and unpack. Raises CommandError with a sentence when it cannot be done."""
        self._shown = -1
        try:
            folder = install_pack(pack, root.expanduser(), url, progress=self._progress)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        names = ", ".join(sorted(path.name for path in folder.glob("*.onnx")))
        self.stdout.write(f"{folder}: {names}")
        self.stdout.write("InsightFace's public weights are for non-commercial research; see its licence.")

    def _progress(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if percent // 5 > self._shown // 5 or self._shown < 0:
            self._shown = percent
            self.stdout.write(f"{percent:3d} % of {total / 1e6:.0f} MB")
