"""POSTGRES_MEMORY_MB: what the embedded PostgreSQL caches in, and as much again while it builds an index."""

from photofinder.tests.supervised import execute, var_folder

ASK = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    for name in ("shared_buffers", "maintenance_work_mem"):
        print(database.execute(f"SHOW {name}").fetchone()[0])
"""


def test_the_server_takes_the_memory_it_is_given() -> None:
    with var_folder() as var_dir:
        given = execute(var_dir, ASK, POSTGRES_MEMORY_MB="200")
        assert given.stdout == "200MB\n200MB\n", given.stderr
        usual = execute(var_dir, ASK, POSTGRES_MEMORY_MB="")
        assert usual.stdout == "512MB\n512MB\n", usual.stderr


def test_too_little_memory_or_no_number_is_refused() -> None:
    with var_folder() as var_dir:
        for value in ("16", "2GB"):
            refused = execute(var_dir, "pass", POSTGRES_MEMORY_MB=value)
            assert refused.returncode == 1
            assert refused.stderr == f"POSTGRES_MEMORY_MB must be a number from 64 on, not '{value}'.\n"
        assert not (var_dir / "postgres").exists()
