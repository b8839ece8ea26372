"""After a change of the engine: its vectors for images that another engine has seen."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from media_index.models import Image
from media_index.services.contracts import (
    contract_in_use,
    contract_wanted,
    contracts_drop,
    contracts_switch,
    images_missing,
    images_reembed,
)
from photofinder.errors import Problem

_EVERY_SECONDS = 2.0
_TIMES_AS_LONG = 20  # as a look takes, which of a million images is seconds: the database is there for others


class Command(BaseCommand):
    """Sends images that lack a vector of the engine in settings through it, and shows how far that is."""

    help = (
        "Let the image engine in settings (IMAGE_ENGINE) look at images that only another one has seen, and at those"
        " that failed. Searches use the old vectors until all images have new ones; names of categories are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to stay, and what to do with old vectors."""
        parser.add_argument("--no-wait", action="store_true", help="Queue the images and return.")
        parser.add_argument(
            "--drop-old", action="store_true", help="Only delete the vectors and categories of engines not in use."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue the images; the workers do the rest."""
        try:
            if options["drop_old"]:
                self.stdout.write(f"Deleted: {', '.join(contracts_drop()) or 'nothing'}.")
                return
            self.stdout.write(f"{images_reembed()} images are being looked at anew.")
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        if not options["no_wait"]:
            self._wait()
        self.stdout.write(f"In use: {contract_in_use()}.")

    def _wait(self) -> None:
        """Until the engine's contract is in use and nothing waits; what the workers do goes on without us."""
        is_done = False
        while not is_done:
            began = time.monotonic()
            is_done = self._is_done()
            took = time.monotonic() - began
            if not is_done:
                time.sleep(max(_EVERY_SECONDS, took * _TIMES_AS_LONG))
        self.stdout.write("")

    def _is_done(self) -> bool:
        wanted = contract_wanted()
        missing = images_missing(wanted).count() if wanted else 0
        waiting = Image.objects.waiting().count()
        self.stdout.write(f"\r{max(missing, waiting)} images to go    ", ending="")
        self.stdout.flush()
        if missing or waiting:
            return False
        contracts_switch()
        return True
