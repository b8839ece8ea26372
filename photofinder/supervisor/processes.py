"""What makes up a running PhotoFinder: the one list of its processes."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from photofinder.supervisor import TroubleError
from photofinder.supervisor.runner import Process

BASE_DIR = Path(__file__).resolve().parents[2]
QUEUES = ("ingest", "sources", "faces", "people", "index", "videos", "notify")
PARALLEL = ("ingest", "sources")  # what several processes do at once: decoding, and waiting for disks


@dataclass(frozen=True)
class Config:
    """What steers the supervisor."""

    var_dir: Path
    host: str
    port: int
    demo: bool
    has_bot: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Config":
        """Read VAR_DIR, HOST, PORT, DEMO, TELEGRAM_BOT_TOKEN; an empty one counts as not set. Raises TroubleError."""
        port = env.get("PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise TroubleError(f"PORT must be a number from 1 to 65535, not {port!r}.")
        return cls(
            var_dir=Path(env.get("VAR_DIR") or BASE_DIR / "var").resolve(),
            host=env.get("HOST") or "127.0.0.1",
            port=int(port),
            demo=env.get("DEMO") != "0",
            has_bot=bool(env.get("TELEGRAM_BOT_TOKEN")),
        )

    @property
    def bind(self) -> str:
        """What the web server listens on."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The site's address for a browser on this machine."""
        return "http://" + self.bind.replace("0.0.0.0:", "127.0.0.1:").replace("[::]", "[::1]")


@dataclass(frozen=True)
class Plan:
    """Commands to run before the site, the processes of the site, and commands to run once it answers."""

    preparation: Sequence[Process]
    site: Sequence[Process]
    afterwards: Sequence[Process]


def photofinder(config: Config) -> Plan:
    """The plan of `make run`."""
    beat = _celery("beat", "beat", "--schedule", str(config.var_dir / "beat-schedule"), "--pidfile=")
    return Plan(
        preparation=[
            _manage("check", "--database", "default"),
            _manage("migrate", "--noinput", "--verbosity=0", "--skip-checks"),
            _manage("sync_roles", "--skip-checks"),
            _manage("collectstatic", "--noinput", "--verbosity=0", "--skip-checks"),
            _manage("ensure_admin", "--skip-checks"),
            _manage("ensure_bot_token", "--skip-checks"),
        ],
        site=[_web(config), *(_worker(queue) for queue in QUEUES), beat, *_bot(config)],
        afterwards=[_manage("demo_event", "--skip-checks")] if config.demo else [],
    )


def _web(config: Config) -> Process:
    serve = ("photofinder.wsgi", "--bind", config.bind, "--no-control-socket", "--log-level=warning")
    threads = ("-w", "1", "-k", "gthread", "--threads", "8")
    return Process(name="web", argv=(sys.executable, "-m", "gunicorn", *serve, *threads))


def _bot(config: Config) -> list[Process]:
    return [replace(_manage("run_bot"), name="bot")] if config.has_bot else []


def _worker(queue: str) -> Process:
    """One process per queue, so that a slow stage never waits behind another; few run several at once."""
    concurrency = max(1, len(os.sched_getaffinity(0)) - 1) if queue in PARALLEL else 1
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return _celery(queue, "worker", "-Q", queue, "-n", f"{queue}@%h", "-c", str(concurrency), "-P", "prefork", *alone)


def _celery(name: str, *arguments: str) -> Process:
    python = (sys.executable, "-W", "ignore:You're running the worker with superuser privileges")
    return Process(name=name, argv=(*python, "-m", "celery", "--quiet", "-A", "photofinder.celery", *arguments))


def _manage(command: str, *arguments: str) -> Process:
    return Process(name=command, argv=(sys.executable, "manage.py", command, *arguments))
