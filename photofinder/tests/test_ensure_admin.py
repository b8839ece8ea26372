"""`ensure_admin`: there is always someone who can sign in, and nobody's password is taken from them."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var_dir(settings: Any, tmp_path: Path) -> Path:
    """An empty VAR_DIR and no ADMIN_PASSWORD."""
    settings.VAR_DIR = tmp_path
    settings.ADMIN_PASSWORD = ""
    return tmp_path


def test_it_makes_a_password_once_that_only_this_user_can_read(var_dir: Path) -> None:
    call_command("ensure_admin")
    kept = var_dir / "admin_password"
    first = kept.read_text()
    call_command("ensure_admin")
    assert kept.read_text() == first
    assert kept.stat().st_mode & 0o777 == 0o600
    admin = User.objects.get()
    assert admin.username == "admin"
    assert admin.is_superuser
    assert admin.is_staff
    assert admin.check_password(first)


def test_a_password_changed_in_admin_stays(var_dir: Path) -> None:
    call_command("ensure_admin")
    admin = User.objects.get()
    admin.set_password("chosen by hand")
    admin.save()
    call_command("ensure_admin")
    assert User.objects.get().check_password("chosen by hand")
    assert not (var_dir / "admin_password").exists(), "it no longer says the truth"


def test_the_environment_sets_the_password_at_any_time(var_dir: Path, settings: Any) -> None:
    call_command("ensure_admin")
    settings.ADMIN_PASSWORD = "from the environment"
    call_command("ensure_admin")
    assert User.objects.get().check_password("from the environment")
    assert not (var_dir / "admin_password").exists()


def test_a_new_database_gets_the_password_that_was_kept(var_dir: Path) -> None:
    call_command("ensure_admin")
    User.objects.all().delete()
    call_command("ensure_admin")
    assert User.objects.get().check_password((var_dir / "admin_password").read_text())
