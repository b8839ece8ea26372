"""The event that a first start shows."""

import io
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from faces.demo import demo_photos, demo_selfies
from faces.models import Event
from faces.services.uploads import batch_create, event_create, photos_upload


class Command(BaseCommand):
    """Make the demo event, once: its photos go through the pipeline like anybody's."""

    help = "Make a small demo event from the photographs in installed packages, unless there is an event already."

    def handle(self, *args: Any, **options: Any) -> None:
        """Store and enqueue the photos, and put selfies to search with into VAR_DIR/selfies."""
        if Event.objects.exists():
            return
        with transaction.atomic():
            name = "Demo: an evening with friends"
            event = event_create(name=name, slug="demo", date=date(2026, 6, 12), published=True)
            files = ((name, io.BytesIO(content)) for name, content in demo_photos())
            accepted, _ = photos_upload(batch=batch_create(event=event, by=None), files=files)
        folder = settings.VAR_DIR / "selfies"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in demo_selfies():
            (folder / name).write_bytes(content)
        self.stdout.write(f"{len(accepted)} demo photos; selfies to search with are in {folder}")
