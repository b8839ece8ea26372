"""Too many wrong passwords lock out the address that they came from, and no other."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from photofinder.tests.configured import configured

PROXY = "127.0.0.1"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = configured(monkeypatch, PROXIES="1")
    settings.REST_FRAMEWORK = found["REST_FRAMEWORK"]
    settings.AXES_CLIENT_IP_CALLABLE = found["AXES_CLIENT_IP_CALLABLE"]
    settings.AXES_FAILURE_LIMIT = 2
    User.objects.create_superuser("admin", password="right")


def _status(password: str, forwarded: str) -> int:
    """Of a login that the proxy passed on with this X-Forwarded-For: 302 is in, 200 is wrong, 429 is locked out."""
    form = {"username": "admin", "password": password}
    answer = Client(REMOTE_ADDR=PROXY).post("/admin/login/", form, headers={"x-forwarded-for": forwarded})
    return int(answer.status_code)


def test_one_address_does_not_lock_out_another() -> None:
    assert [_status("wrong", "203.0.113.5") for _ in range(2)] == [200, 429]
    assert _status("right", "203.0.113.5") == 429
    assert _status("right", "203.0.113.6") == 302


def test_an_address_that_the_visitor_wrote_changes_nothing() -> None:
    assert [_status("wrong", f"198.51.100.{n}, 203.0.113.5") for n in range(2)] == [200, 429]
    assert _status("right", "198.51.100.9, 203.0.113.5") == 429
    assert _status("right", "203.0.113.5, 203.0.113.6") == 302
