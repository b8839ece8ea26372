"""After a change of the engine: its vectors for photos that another engine has seen."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from faces.models import Event
from faces.services.pipeline import photos_reembed
from faces.services.suppression import opt_outs_unknown


class Command(BaseCommand):
    """Send photos that the engine in use has not seen through it; people, names and decisions stay."""

    help = "Let the face engine in use look at photos that only another engine has seen. Decisions about people hold."

    def add_arguments(self, parser: CommandParser) -> None:
        """Of which event."""
        parser.add_argument("--event", help="The slug of one event; all events without it.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue the photos; the workers do the rest."""
        event = Event.objects.filter(slug=options["event"]).first() if options["event"] else None
        if options["event"] and event is None:
            raise CommandError(f"There is no event {options['event']}.")
        self.stdout.write(f"{photos_reembed(event=event)} photos are being looked at anew.")
        if unknown := opt_outs_unknown():
            self.stdout.write(f"{unknown} opt-outs are not recognised yet; the engine learns them from these photos.")
