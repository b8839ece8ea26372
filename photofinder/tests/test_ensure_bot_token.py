"""`ensure_bot_token`: the bot always finds a token that the API takes, and nobody else can read it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from knox.models import get_token_model
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> Path:
    """Where the token will be, of a site with a bot."""
    settings.TELEGRAM_BOT_TOKEN, settings.BOT_API_TOKEN = "1:a", ""
    settings.BOT_API_TOKEN_FILE = tmp_path / "bot_api_token"
    return tmp_path / "bot_api_token"


def status(token: str) -> int:
    """What the API answers to it."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return int(client.get("/api/v1/events/").status_code)


def test_it_makes_a_token_once_that_only_this_user_can_read(kept: Path) -> None:
    call_command("ensure_bot_token")
    first = kept.read_text()
    call_command("ensure_bot_token")
    assert kept.read_text() == first
    assert kept.stat().st_mode & 0o777 == 0o600
    assert status(first) == 200
    assert [group.name for group in User.objects.get().groups.all()] == ["bot"]


def test_one_of_another_database_is_replaced(kept: Path) -> None:
    kept.write_text("f" * 64)
    call_command("ensure_bot_token")
    assert status(kept.read_text()) == 200
    assert get_token_model().objects.count() == 1


def test_without_a_bot_or_with_a_token_of_its_own_there_is_none(kept: Path, settings: Any) -> None:
    settings.BOT_API_TOKEN = "chosen"
    call_command("ensure_bot_token")
    settings.BOT_API_TOKEN, settings.TELEGRAM_BOT_TOKEN = "", ""
    call_command("ensure_bot_token")
    assert not kept.exists()
    assert not User.objects.exists()
