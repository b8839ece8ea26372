"""`python -m photofinder.supervisor`: `up` runs the site, `exec -- COMMAND` runs a command with its services."""

import argparse
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from photofinder.supervisor import TroubleError
from photofinder.supervisor.files import kill_holders, lock
from photofinder.supervisor.processes import BASE_DIR, Config, Plan, photofinder
from photofinder.supervisor.runner import Console, Process, Runner, StopRequestedError
from photofinder.supervisor.services import services

LEFTOVER_SECONDS = 20  # for a worker of a killed supervisor to finish its task
KILLED_SECONDS = 10
READY_SECONDS = 120


def up(config: Config, plan: Plan, *, fast: bool = False) -> int:
    """Run the site until a signal, which is a success: returns 0. Raises TroubleError when it cannot start."""
    with _only_one(config, sys.stdout) as runner, suppress(StopRequestedError):
        _require_port(config)
        with services(runner, config.var_dir, fast=fast):
            _serve(runner, config, plan)
    return 0


def execute(config: Config, command: Sequence[str], *, fast: bool) -> int:
    """Run the command with PostgreSQL and Redis in its environment; returns its exit code."""
    with _only_one(config, sys.stderr) as runner:
        try:
            with services(runner, config.var_dir, fast=fast):
                return runner.run_in_front(command)
        except StopRequestedError as request:
            return 128 + request.signum


def _serve(runner: Runner, config: Config, plan: Plan) -> None:
    for process in plan.preparation:
        runner.say(f"{process.name} ...")
        if code := runner.run(process):
            raise TroubleError(f"{process.name} ended with exit code {code}; what it said stands above.")
    for process in plan.site:
        runner.start(process)
    waiting = (sys.executable, "-m", f"{__package__}.ready", config.url, str(READY_SECONDS))
    runner.run(Process(name="ready", argv=waiting))
    for line in _where_to_click(config):
        runner.say(line)
    for process in plan.afterwards:
        if runner.run(process):
            runner.say(f"{process.name} failed; the site runs without it.")
    while True:
        runner.turn()


def _where_to_click(config: Config) -> list[str]:
    kept = config.var_dir / "admin_password"
    password = kept.read_text().strip() if kept.exists() else "(the one that was chosen)"
    return [
        f"Site      {config.url}/",
        f"Admin     {config.url}/admin/   login admin   password {password}",
        f"API docs  {config.url}/api/v1/docs/",
        "Ctrl-C stops everything.",
    ]


@contextmanager
def _only_one(config: Config, stream: TextIO) -> Iterator[Runner]:
    """The runner of this folder: no other supervisor works here, and every process of an earlier one is gone."""
    config.var_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    only = lock(config.var_dir / "run.lock")
    if only is None:
        raise TroubleError(f"PhotoFinder already runs in {config.var_dir}. Stop it, or set another VAR_DIR.")
    processes = config.var_dir / "processes.lock"
    runner = Runner(Console(stream), lock=_after_leftovers(processes, LEFTOVER_SECONDS), cwd=BASE_DIR)
    runner.env |= {"VAR_DIR": str(config.var_dir), "PYTHONUNBUFFERED": "1"}
    try:
        yield runner
    finally:
        os.close(runner.lock)
        os.close(_after_leftovers(processes, 0))
        os.close(only)


def _after_leftovers(processes: Path, patience_seconds: float) -> int:
    """Lock the file that all processes of a run inherit; those that live on after `patience_seconds` are killed.

    They are on their way out: each asked for a signal at the death of its supervisor.
    """
    deadline = time.monotonic() + patience_seconds
    while (descriptor := lock(processes)) is None:
        if time.monotonic() > deadline:
            kill_holders(processes)
        if time.monotonic() > deadline + KILLED_SECONDS:
            raise TroubleError(f"Processes of an earlier run do not end, even killed: fuser -v {processes} names them.")
        time.sleep(0.1)
    return descriptor


def _require_port(config: Config) -> None:
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            raise TroubleError(
                f"Port {config.port} of {config.host} cannot be used: {error.strerror}. "
                f"Stop what listens there, or choose another: make run PORT={config.port + 1}"
            ) from error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m photofinder.supervisor", description=__doc__)
    commands = parser.add_subparsers(dest="action", required=True)
    commands.add_parser("up", help="run the site until Ctrl-C")
    execute = commands.add_parser("exec", help="run a command with PostgreSQL and Redis")
    execute.add_argument("--fast", action="store_true", help="for tests: nothing has to survive a power cut")
    execute.add_argument("command", nargs="+")
    return parser.parse_args()


def main() -> int | str:
    """Do what the command line asks; returns an exit code or the sentence to end with."""
    arguments = _arguments()
    try:
        config = Config.from_environment(os.environ)
        if arguments.action == "up":
            return up(config, photofinder(config))
        return execute(config, arguments.command, fast=arguments.fast)
    except (TroubleError, OSError) as trouble:
        return str(trouble)
    except KeyboardInterrupt:  # before anything was started
        return 0


if __name__ == "__main__":
    sys.exit(main())
