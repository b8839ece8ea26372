"""Prints a token of the API."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from knox.models import get_token_model

from photofinder.roles import Role, role_give


class Command(BaseCommand):
    """Only the token goes to standard output, for scripts; it is stored hashed and never shown again."""

    help = "Prints a new API token for a role, of a user of its own who cannot sign in to Admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """The role, and whose token it is."""
        parser.add_argument("role", choices=[str(role) for role in Role])
        parser.add_argument("--user", help="the user who gets the role and the token (default: <role>-api)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Give the user the role and a token."""
        user = role_give(username=options["user"] or f"{options['role']}-api", role=Role(options["role"]))
        _, token = get_token_model().objects.create(user=user)
        self.stdout.write(token)
