"""PostgreSQL and Redis for as long as something needs them, unless the environment names others."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from photofinder.supervisor import TroubleError
from photofinder.supervisor.files import write_private
from photofinder.supervisor.postgres import Postgres, memory_of
from photofinder.supervisor.redis import Redis
from photofinder.supervisor.runner import Process, Runner

START_SECONDS = 120
START_ATTEMPTS = 4  # 7 seconds of pauses; what an earlier run left is gone by then


@contextmanager
def services(runner: Runner, var_dir: Path, *, fast: bool = False) -> Iterator[None]:
    """Start them and put their URLs into the runner's environment and into `services.env`; the runner stops them."""
    memory = var_dir / "services.env"
    ports = _remembered_ports(memory)
    postgres = None
    if not runner.env.get("DATABASE_URL"):
        port = _free_port(ports.get("DATABASE_URL"))
        postgres = Postgres(var_dir, port, fast=fast, memory_mb=memory_of(runner.env))
    urls = {}
    try:
        if postgres:
            if postgres.note:
                runner.say(postgres.note)
            _start(runner, postgres.process(), postgres.ready)
            urls["DATABASE_URL"] = postgres.admit()
        if not runner.env.get("REDIS_URL"):
            redis = Redis(var_dir, _free_port(ports.get("REDIS_URL")), fast=fast)
            _start(runner, redis.process(), lambda _pid: redis.ready())
            urls["REDIS_URL"] = redis.url
        write_private(memory, "".join(f"{name}={url}\n" for name, url in urls.items()))
        runner.env.update(urls)
        yield
    finally:
        runner.stop()
        if postgres:
            postgres.close()


def _start(runner: Runner, process: Process, ready: Callable[[int], bool]) -> None:
    running = runner.start(process)

    def settled() -> bool:
        return running.failures >= START_ATTEMPTS or (running.alive and ready(running.popen.pid))

    if not runner.wait(settled, START_SECONDS) or running.failures >= START_ATTEMPTS:
        raise TroubleError(f"{process.name} did not start; what it said stands above.")


def _remembered_ports(memory: Path) -> dict[str, int]:
    """The ports of the last run by the name of the variable, so that a tool that was pointed at them finds them."""
    if not memory.exists():
        return {}
    pairs = (line.partition("=") for line in memory.read_text().splitlines())
    return {name: port for name, _, url in pairs if (port := urlsplit(url).port)}


def _free_port(wanted: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
