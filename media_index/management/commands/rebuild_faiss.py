"""Build the FAISS index again from the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from media_index.management.progress import rows_bar
from media_index.services.exchange import index_rebuild
from photofinder.errors import Problem


class Command(BaseCommand):
    """An export whose files are lost, damaged or old, made anew."""

    help = "Build faiss.index, and the files that belong to it, again from the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where."""
        default = settings.FAISS_FOLDER
        parser.add_argument("--dir", type=Path, default=Path(default), help=f"an exported folder; without it {default}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when there is nothing to write, or the folder holds something else."""
        try:
            with rows_bar() as progress:
                rows = index_rebuild(folder=options["dir"], progress=progress)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"{rows} embeddings are in {options['dir']}.")
