"""Take in embeddings that were made elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from media_index.faiss_index import escaped
from media_index.management.progress import rows_bar
from media_index.services.importing import index_import
from photofinder.errors import Problem


class Command(BaseCommand):
    """The rows of a folder, for the images that its paths name."""

    help = (
        "Take in embeddings.npy with file_paths.txt and contract.json, made on another machine or by another program, "
        "for images that are catalogued here. All is looked at first; run it again to go on after an interruption."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where, and what was elsewhere there."""
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--moved", nargs=2, metavar=("THERE", "HERE"), help="paths that begin with THERE begin with HERE here"
        )

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Names the paths that no image here has. Raises CommandError for files that are damaged."""
        there, here = options["moved"] or ("", "")
        try:
            with rows_bar() as progress:
                done = index_import(folder=folder, moved=(there, here), progress=progress)
        except Problem as problem:
            raise CommandError(f"{problem.detail} Nothing was taken in.") from problem
        for path in done.unknown:
            self.stderr.write(f"unknown: {escaped(path)}")
        self.stdout.write(
            f"{done.added} embeddings were taken in, {done.known} were there already, {len(done.unknown)} paths are "
            "of no image here."
        )
