"""/healthz: whether everything that a photo needs on its way answers, part by part."""

import logging
import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from photofinder import storage
from photofinder.brokers import is_redis
from photofinder.celery import app

log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 3
_WORKER_SECONDS = 1.0  # how long workers are given to answer; each look takes this long
_REMEMBERED_SECONDS = 10
_OK, _SILENT = "ok", "does not answer"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503: `{"status": ..., "parts": {name: "ok" or what is wrong}}`."""
    parts = {
        "database": _tried("database", _ask_database),
        "broker": _tried("broker", _ask_broker),
        "storage": _tried("storage", stored.ask),
    }
    parts |= _worker_parts(is_broker_up=parts["broker"] == _OK)
    is_well = set(parts.values()) == {_OK}
    answer = JsonResponse({"status": "ok" if is_well else "failing", "parts": parts})
    answer.status_code = 200 if is_well else 503
    # Django would log an error for every 503 of a site that is only starting; the answer itself says what is wrong.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


class Remembered:
    """A question whose good answer is believed for some seconds; a bad one is asked again at once."""

    def __init__(self, question: Callable[[], Iterable[str]], seconds: float = _REMEMBERED_SECONDS) -> None:
        self._question = question
        self._seconds = seconds
        self._lock = Lock()
        self._until = 0.0

    def ask(self) -> set[str]:
        """What is missing; empty when all is well. Raises what the question raises."""
        with self._lock:
            if time.monotonic() < self._until:
                return set()
            missing = set(self._question())
            if not missing:
                self._until = time.monotonic() + self._seconds
            return missing

    def forget(self) -> None:
        """Ask again next time."""
        self._until = 0.0


def _tried(name: str, ask: Callable[[], object]) -> str:
    """`ok`, or that the part does not answer. Why stands in the log: the page needs no token."""
    try:
        ask()
    except Exception:  # whatever a driver raises, the part does not answer
        log.exception("/healthz: the %s does not answer", name)
        return _SILENT
    return _OK


def _worker_parts(*, is_broker_up: bool) -> dict[str, str]:
    """`worker:<queue>` of every queue."""
    missing = set(settings.QUEUES)
    if is_broker_up:
        try:
            missing = workers.ask()
        except Exception:
            log.exception("/healthz: the workers cannot be asked")
    return {f"worker:{queue}": "no worker answers" if queue in missing else _OK for queue in settings.QUEUES}


def _ask_database() -> None:
    """A connection beside the pool, since the pool would wait much longer for one."""
    parameters = connection.get_connection_params() | {"connect_timeout": _PATIENCE_SECONDS}
    parameters.pop("pool", None)
    with psycopg.connect(**parameters) as fresh:
        fresh.execute("SELECT 1")


def _ask_broker() -> None:
    with _impatient_broker() as broker, broker.channel():
        pass  # opening a channel asks the broker for an answer


def _queues_without_worker() -> set[str]:
    with _impatient_broker() as broker:
        answers = app.control.inspect(timeout=_WORKER_SECONDS, connection=broker).active_queues() or {}
    served = {queue["name"] for queues in answers.values() for queue in queues}
    return set(settings.QUEUES) - served


def _impatient_broker() -> Any:
    """A connection that gives up soon where Celery's would try again for ever."""
    options: dict[str, int] = {"max_retries": 1}
    if is_redis(settings.CELERY_BROKER_URL):
        options |= {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS}
    else:
        options |= {"read_timeout": _PATIENCE_SECONDS, "write_timeout": _PATIENCE_SECONDS}
    return app.connection_for_read(connect_timeout=_PATIENCE_SECONDS, transport_options=options)


def _write_and_read() -> tuple[()]:
    storage.probe()
    return ()


workers = Remembered(_queues_without_worker)
stored = Remembered(_write_and_read)
