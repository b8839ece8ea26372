"""Keeps a token of the API for the bot, where there is one."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from knox.auth import TokenAuthentication
from knox.models import get_token_model
from rest_framework.exceptions import AuthenticationFailed

from photofinder.roles import Role, role_give
from photofinder.supervisor.files import write_private

USERNAME = "telegram-bot"


class Command(BaseCommand):
    """The token lies in a file that only this user reads, for the database holds no more than its digest."""

    help = "Writes an API token of the role bot to VAR_DIR, unless a good one is there or BOT_API_TOKEN names one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the token that is there, or make one; without a bot there is nothing to do."""
        kept: Path = settings.BOT_API_TOKEN_FILE
        if not settings.TELEGRAM_BOT_TOKEN or settings.BOT_API_TOKEN or _is_good(kept):
            return
        user = role_give(username=USERNAME, role=Role.BOT)
        get_token_model().objects.filter(user=user).delete()
        _, token = get_token_model().objects.create(user=user)
        write_private(kept, token)


def _is_good(path: Path) -> bool:
    """Whether the token there is one of this database, and its user still has the role."""
    if not path.exists():
        return False
    try:
        user, _ = TokenAuthentication().authenticate_credentials(path.read_bytes().strip())
    except AuthenticationFailed:
        return False
    role_give(username=user.get_username(), role=Role.BOT)
    return True
