"""What keeps the supervisor from starting is said in a sentence, before anything is started."""

import socket
import subprocess

from photofinder.tests.supervised import SUPERVISOR, environment, execute, processes_of, site, var_folder


def test_a_second_one_is_refused() -> None:
    with var_folder() as var_dir, site(var_dir):
        refused = execute(var_dir, "pass")
        assert refused.returncode == 1
        assert refused.stderr == f"PhotoFinder already runs in {var_dir}. Stop it, or set another VAR_DIR.\n"


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with var_folder() as var_dir, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [*SUPERVISOR, "up"], env=environment(var_dir, PORT=str(port)), capture_output=True, text=True
        )
        assert refused.returncode == 1
        assert refused.stderr == (
            f"Port {port} of 127.0.0.1 cannot be used: Address already in use. "
            f"Stop what listens there, or choose another: make run PORT={port + 1}\n"
        )
        assert not (var_dir / "postgres").exists()


def test_a_port_that_is_no_number_is_named() -> None:
    with var_folder() as var_dir:
        refused = execute(var_dir, "pass", PORT="http")
        assert refused.stderr == "PORT must be a number from 1 to 65535, not 'http'.\n"


def test_a_database_that_cannot_start_is_said_and_leaves_nothing() -> None:
    with var_folder() as var_dir:
        (var_dir / "postgres/18").mkdir(parents=True)
        refused = execute(var_dir, "pass")
        assert refused.returncode == 1
        assert refused.stderr.endswith("postgres did not start; what it said stands above.\n")
        assert not processes_of(var_dir)
