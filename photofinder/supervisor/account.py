"""The user that runs PostgreSQL, which refuses to run as root, and the folders that this user can enter."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photofinder.supervisor import TroubleError

NAMES = ("photofinder-pg", "postgres", "nobody")
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """A user and group by number. They are our own unless we are root."""

    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, Any]:
        """The arguments of Popen that make a process run as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.getuid() == 0 else {}

    def run(self, argv: Sequence[str | Path], text: str = "") -> str:
        """Run a short command with `text` as its input and return its output; raises TroubleError when it fails."""
        try:
            done = subprocess.run(
                argv,
                input=text,
                capture_output=True,
                text=True,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                **self.switch,
            )
        except OSError as error:
            raise TroubleError(f"{argv[0]} could not be run: {error}") from error
        if done.returncode:
            raise TroubleError(f"{argv[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
        return str(done.stdout)

    def can(self, *argv: str | Path) -> bool:
        """Does this command succeed as this user?"""
        with suppress(TroubleError):
            self.run(argv)
            return True
        return False

    def own(self, folder: Path) -> None:
        """Give the folder and all in it to this user."""
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def database_account(home: Path) -> Account:
    """Ourselves; for root the owner of the database's folder, or else a system user, created when there is none."""
    if os.getuid():
        return Account(os.getuid(), os.getgid())
    if home.exists() and home.stat().st_uid:
        return Account(home.stat().st_uid, home.stat().st_gid)
    if shutil.which("useradd") and not _entry(NAMES[0]):
        subprocess.run(["useradd", "--system", "--user-group", "--home-dir", "/nonexistent", NAMES[0]], check=False)
    for name in NAMES:
        if entry := _entry(name):
            return Account(entry.pw_uid, entry.pw_gid)
    raise TroubleError("PostgreSQL cannot run as root and there is no other user: create one named photofinder-pg.")


def reachable_folder(folder: Path, account: Account, shelter: Path) -> Path:
    """The folder, or the one in `shelter` that a link in its place points to when the account cannot enter its parents.

    The parents belong to the person who made them private, so they stay as they are.
    """
    if folder.is_symlink():
        if not folder.exists():
            raise TroubleError(
                f"{folder} leads to {folder.readlink()}, which is gone. Delete {folder} to start afresh."
            )
        return folder.resolve()
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != account.uid:
        account.own(folder)
    if not account.can("test", "-w", folder):
        shelter.mkdir(mode=0o755, parents=True, exist_ok=True)
        target = Path(tempfile.mkdtemp(prefix=f"{folder.parent.parent.name}-", dir=shelter)) / folder.name
        target.parent.chmod(0o711)
        shutil.move(folder, target)
        account.own(target)
        folder.symlink_to(target)
    return folder.resolve()


def _entry(name: str) -> pwd.struct_passwd | None:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None
