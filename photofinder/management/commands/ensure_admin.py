"""Creates the first administrator, or keeps the one that is there."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from photofinder.supervisor.files import write_private


class Command(BaseCommand):
    """Its password: ADMIN_PASSWORD, or one made once and kept in a file, which goes when someone chooses another."""

    help = "Creates the user `admin` with ADMIN_PASSWORD or a random password, and changes nobody else's choice."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or keep the user; only ADMIN_PASSWORD replaces a password that is there."""
        users = get_user_model().objects
        user = users.filter(username="admin").first()
        chosen: str = settings.ADMIN_PASSWORD
        kept: Path = settings.VAR_DIR / "admin_password"
        if not user:
            users.create_superuser("admin", password=chosen or _kept_password(kept))
        elif chosen and not user.check_password(chosen):
            user.set_password(chosen)
            user.save(update_fields=["password"])
        elif kept.exists() and not user.check_password(kept.read_text(encoding="utf-8")):
            kept.unlink()
        if chosen:
            kept.unlink(missing_ok=True)


def _kept_password(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(12))
    return path.read_text(encoding="utf-8")
