"""Real Celery workers for tests, on the test database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from photofinder.brokers import is_redis
from photofinder.celery import app


class Worker:
    """A worker process and its children, in a process group of their own."""

    def __init__(self, log: Path, **environment: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "photofinder.celery", "worker", "-c", "1", "-P", "prefork"]
        command += ["-Q", ",".join(settings.QUEUES), "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        env = os.environ | {"DATABASE_URL": database_url()} | environment
        self._log = log.open("a")
        self.process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=env, start_new_session=True, stdout=self._log, stderr=self._log
        )

    def kill(self) -> None:
        """SIGKILL to the worker and its children, as a power cut would."""
        self._signal(signal.SIGKILL)

    def children(self) -> list[int]:
        """The process ids of the pool."""
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [int(pid) for pid in out.stdout.split()]

    def stop(self) -> None:
        """A warm stop: the task at hand is finished. What does not end by itself is killed, as by the supervisor."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            if number == signal.SIGTERM:
                self.process.terminate()
                return
            os.killpg(self.process.pid, number)
            self.process.wait(30)
        self._log.close()


@contextmanager
def worker(log: Path, **environment: str) -> Iterator[Worker]:
    """A worker of all queues that is gone at the end, with the broker emptied before."""
    running = Worker(log, **environment)
    try:
        yield running
    finally:
        running.stop()


def empty_broker() -> None:
    """Forget every message, those that dead workers hold included."""
    with app.connection_for_write() as link:
        channel: Any = link.channel()
        if is_redis(settings.CELERY_BROKER_URL):
            channel.client.flushdb()
            return
        for queue in settings.QUEUES:  # RabbitMQ has back what dead workers held
            app.amqp.queues[queue](channel).declare()
            channel.queue_purge(queue)


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Return once the condition holds. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition} did not become true in {seconds} s")
        time.sleep(0.05)


def database_url() -> str:
    """The URL of the test database, for processes of their own."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
