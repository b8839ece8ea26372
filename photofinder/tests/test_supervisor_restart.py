"""What dies is started again, and what a killed supervisor leaves behind is cleared up by the next one."""

import os
import signal
import time
from pathlib import Path

import psycopg

from photofinder.tests.supervised import SLEEPER, execute, processes_of, site, var_folder

COUNT_NOTES = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    print(database.execute("SELECT count(*) FROM notes").fetchone()[0])
"""


def database_of(var_dir: Path) -> psycopg.Connection[tuple[int]]:
    """A connection to the database of a running site, which may just be starting again."""
    url = dict(line.split("=", 1) for line in (var_dir / "services.env").read_text().splitlines())["DATABASE_URL"]
    deadline = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_a_killed_process_starts_again() -> None:
    with var_folder() as var_dir, site(var_dir, worker=SLEEPER) as running:
        running.read_until("| sleeping")
        killed = running.pid_of("sleeping")
        os.kill(killed, signal.SIGKILL)
        running.read_until("| sleeping", times=2)
        assert "worker ended (SIGKILL) and starts again in 1 s" in running.output
        assert running.pid_of("sleeping") != killed


def test_a_process_that_keeps_ending_is_started_ever_more_slowly() -> None:
    with var_folder() as var_dir, site(var_dir, worker=["false"]) as running:
        running.read_until("worker ended (exit code 1) and starts again in 4 s")
        assert running.output.count("starts again in") == 3


def test_a_killed_database_starts_again_with_its_data() -> None:
    with var_folder() as var_dir, site(var_dir, embedded=True) as running:
        with database_of(var_dir) as database:
            database.execute("SET synchronous_commit = on")
            database.execute("CREATE TABLE notes AS SELECT 1 AS id")
        os.kill(running.pid_of("bin/postgres -D"), signal.SIGKILL)
        running.read_until("postgres ended (SIGKILL)")
        with database_of(var_dir) as database:
            assert database.execute("SELECT count(*) FROM notes").fetchone() == (1,)


def test_the_supervisor_may_be_killed_at_any_time() -> None:
    with var_folder() as var_dir, site(var_dir, embedded=True, worker=SLEEPER) as running:
        with database_of(var_dir) as database:
            database.execute("CREATE TABLE notes AS SELECT 1 AS id")
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        assert execute(var_dir, COUNT_NOTES).stdout == "1\n"
        assert not processes_of(var_dir)


def test_a_number_that_a_power_cut_left_in_the_pidfile_is_no_hindrance() -> None:
    with var_folder() as var_dir:
        assert execute(var_dir, "pass").returncode == 0
        (var_dir / "postgres/18/postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
        assert execute(var_dir, "pass").returncode == 0
