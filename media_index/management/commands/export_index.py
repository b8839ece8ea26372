"""Write the embeddings as files that need no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from media_index.management.progress import rows_bar
from media_index.models import ImageContract
from media_index.services.contracts import contract_in_use
from media_index.services.exchange import index_export
from photofinder.errors import Problem


class Command(BaseCommand):
    """Embeddings, paths, FAISS index and contract into a folder."""

    help = "Write embeddings.npy, file_paths.txt, faiss.index and contract.json into a folder, see docs/media.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and of which contract."""
        parser.add_argument("folder", type=Path, help="is replaced when it holds an older export")
        parser.add_argument("--contract", help="the contract of the embeddings; without it the one in use")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Raises CommandError when there is nothing to write, or the folder holds something else."""
        try:
            contract = _contract(options["contract"])
            with rows_bar() as progress:
                rows = index_export(folder=folder, contract=contract, progress=progress)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"{rows} embeddings of {contract} are in {folder}.")


def _contract(name: str | None) -> ImageContract:
    if not name:
        return contract_in_use()
    contract = ImageContract.objects.filter(name=name).first()
    if contract is None:
        known = ", ".join(ImageContract.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no contract {name}. There are: {known}.")
    return contract
