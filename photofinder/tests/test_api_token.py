"""`manage.py api_token` and `sync_roles`."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from knox.models import get_token_model

pytestmark = pytest.mark.django_db


def _token(*arguments: str) -> str:
    out = StringIO()
    call_command("api_token", *arguments, stdout=out)
    return out.getvalue().strip()


def _status(client: Client, path: str, token: str) -> int:
    return client.get(f"/api/v1/{path}", headers={"Authorization": f"Token {token}"}).status_code


def test_it_prints_a_token_that_works_with_its_role(client: Client) -> None:
    assert _status(client, "users/", _token("moderator")) == 200
    assert _status(client, "users/", _token("bot")) == 403


def test_it_stores_no_token_in_clear() -> None:
    token = _token("client")
    row = get_token_model().objects.get()
    assert token not in (row.digest, row.token_key)


def test_it_gives_a_user_of_its_own_who_cannot_sign_in() -> None:
    _token("client")
    user = User.objects.get()
    assert (user.username, user.has_usable_password(), user.is_staff) == ("client-api", False, False)


def test_it_gives_further_tokens_while_the_first_still_work(client: Client) -> None:
    first, second = _token("client"), _token("client")
    assert first != second
    assert _status(client, "events/", first) == _status(client, "events/", second) == 200
    assert User.objects.count() == 1


def test_it_gives_the_role_to_a_user_who_is_there(client: Client) -> None:
    ann = User.objects.create_user("ann", password="a long password")
    assert _status(client, "users/", _token("moderator", "--user", "ann")) == 200
    ann.refresh_from_db()
    assert ann.has_usable_password()


def test_it_knows_four_roles() -> None:
    with pytest.raises(CommandError, match="organiser"):
        _token("king")


def test_it_makes_the_groups_again_and_again() -> None:
    for _ in range(2):
        call_command("sync_roles")
    assert set(Group.objects.values_list("name", flat=True)) == {"organiser", "moderator", "client", "bot"}
