"""Admin as somebody with a role sees it."""

from typing import Any

from django.test import Client
from django.urls import reverse

from photofinder.roles import Role, role_give, roles_sync


def signed_in(role: str, *, language: str = "en", **options: Any) -> Client:
    """A browser in which a member of staff with the role, or with none for an empty name, is signed in."""
    roles_sync()
    user = role_give(username=f"the-{role or 'other'}", role=Role(role or "client"))
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    client = Client(headers={"accept-language": language}, **options)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def text(answer: Any) -> str:
    """The page of an answer that went well."""
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def address(name: str, *args: Any) -> str:
    """The address of a page of Admin, as in `faces_event_change`."""
    return reverse(f"admin:{name}", args=args)
