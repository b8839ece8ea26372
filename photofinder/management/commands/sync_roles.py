"""Creates the groups of the roles."""

from typing import Any

from django.core.management.base import BaseCommand

from photofinder.roles import Role, roles_sync


class Command(BaseCommand):
    """Safe to run again: groups that are there get the permissions of this version."""

    help = "Creates the groups organiser, moderator, client and bot and gives them their permissions in Admin."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or correct the groups."""
        roles_sync()
        if options["verbosity"] > 1:
            self.stdout.write(f"Roles: {', '.join(Role)}")
