"""Search an exported folder, with no database at all."""

from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from media_index.faiss_index import escaped
from media_index.services.exchange import index_search
from photofinder.errors import Problem
from photofinder.images import EXTENSIONS

_SUFFIXES = {f".{extension}" for extension in (*EXTENSIONS.values(), "jpeg", "tiff", "heif")}


class Command(BaseCommand):
    """Words, or an image file, to the files of an exported folder."""

    help = (
        "Print the files of a folder that export_index wrote which show the words, or are similar to the image, best "
        "first: similarity (0-1), a tab, and the path as in file_paths.txt. Needs the folder and no database."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django declares it

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where, what, and how many."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("question", help="words, or the path of an image")
        parser.add_argument("--limit", type=int, default=10)

    def handle(self, *args: Any, folder: Path, question: str, **options: Any) -> None:
        """Raises CommandError for files that are missing or damaged, or an engine that cannot answer."""
        if options["limit"] < 1:
            raise CommandError("The limit is at least 1.")
        try:
            hits = index_search(folder=folder, question=_picture(question) or question, limit=options["limit"])
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        for hit in hits:
            self.stdout.write(f"{hit.similarity:.3f}\t{escaped(hit.path)}")


def _picture(question: str) -> Path | None:
    """The image file that the question names; None when it is words."""
    path = Path(question)
    with suppress(OSError):  # words may be too long for a file's name
        if path.is_file():
            return path
    if path.suffix.lower() in _SUFFIXES:
        raise CommandError(f"There is no file {question}.")
    return None
