"""What the environment says reaches the libraries, and what it says wrongly is refused with a sentence."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from photofinder.tests.configured import configured

ALWAYS = "-c hnsw.iterative_scan=strict_order -c hnsw.ef_search=100 -c max_parallel_workers_per_gather=0"


def test_it_keeps_the_options_of_the_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgres://me:secret@db/site?sslmode=verify-full&options=-c%20statement_timeout%3D5000"
    options = configured(monkeypatch, DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]
    assert options.pop("pool")["max_size"] == 8
    assert options == {"sslmode": "verify-full", "options": f"-c statement_timeout=5000 {ALWAYS}"}


@pytest.mark.parametrize(
    ("url", "broker", "cache"),
    [
        ("redis://host:6379", "redis://host:6379/0", "redis://host:6379/1"),
        ("redis://host:6379/", "redis://host:6379/0", "redis://host:6379/1"),
        ("redis://:p%40ss@host:6379/0", "redis://:p%40ss@host:6379/0", "redis://:p%40ss@host:6379/1"),
        (
            "rediss://host/7?ssl_cert_reqs=required",
            "rediss://host/0?ssl_cert_reqs=required",
            "rediss://host/1?ssl_cert_reqs=required",
        ),
    ],
)
def test_the_queue_and_the_cache_are_two_databases_of_one_redis(
    monkeypatch: pytest.MonkeyPatch, url: str, broker: str, cache: str
) -> None:
    found = configured(monkeypatch, REDIS_URL=url, BROKER_URL="")
    assert (found["CELERY_BROKER_URL"], found["CACHES"]["default"]["LOCATION"]) == (broker, cache)


@pytest.mark.parametrize("broker", ["", "amqp://me:secret@host:5672/films"])
def test_no_broker_gives_a_message_away_that_a_worker_still_works_on(
    monkeypatch: pytest.MonkeyPatch, broker: str
) -> None:
    found = configured(monkeypatch, BROKER_URL=broker)
    patience = found["CELERY_BROKER_TRANSPORT_OPTIONS"].get("visibility_timeout", 30 * 60)  # RabbitMQ's by default
    assert found["VIDEO_SLICE_SECONDS"] + 120 < found["CELERY_TASK_TIME_LIMIT"] < patience - 120


@pytest.mark.parametrize(
    ("broker", "listing", "reading"), [("", None, 9), ("amqp://host", 1, 0), ("amqps://host/films", 1, 0)]
)
def test_folders_are_listed_before_files_are_read_on_either_broker(
    monkeypatch: pytest.MonkeyPatch, broker: str, listing: int | None, reading: int
) -> None:
    found = configured(monkeypatch, BROKER_URL=broker)
    routes = found["CELERY_TASK_ROUTES"]
    priorities = [routes[found[name]].get("priority") for name in ("SOURCE_LISTING", "SOURCE_READING")]
    assert priorities == [listing, reading]
    assert found["CELERY_TASK_QUEUE_MAX_PRIORITY"] == listing


@pytest.mark.parametrize(
    ("size", "providers", "sides", "names"),
    [
        ("", "", (640, 1280, 1920), None),
        ("1280", "CPUExecutionProvider", (1280, 1920), ["CPUExecutionProvider"]),
        ("2048", "A, B", (2048,), ["A", "B"]),
    ],
)
def test_it_steers_insightface(
    monkeypatch: pytest.MonkeyPatch, size: str, providers: str, sides: tuple[int, ...], names: list[str] | None
) -> None:
    found = configured(monkeypatch, INSIGHTFACE_DET_SIZE=size, INSIGHTFACE_PROVIDERS=providers)
    options = found["FACE_ENGINES"]["insightface"]["OPTIONS"]
    assert (options["sides"], options["providers"]) == (sides, names)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("FACE_CHUNK", "0", "a whole number of at least 1"),
        ("FACE_CHUNK", "-3", "a whole number of at least 1"),
        ("DB_POOL_MAX", "1", "a whole number of at least 2"),
        ("PROXIES", "one", "a whole number of at least 0"),
        ("UPLOAD_MAX_MB", "1.5", "a whole number of at least 1"),
        ("URL_SECONDS", "59", "a whole number of at least 60"),
        ("PIPELINE_STALLED_SECONDS", "0", "a whole number of at least 1"),
        ("INSIGHTFACE_DET_SIZE", "64", "a whole number of at least 160"),
        ("DISPLAY_TIME_ZONE", "Moskau", "an IANA time zone"),
        ("DISPLAY_TIME_ZONE", "/etc/passwd", "an IANA time zone"),
        ("DISPLAY_TIME_ZONE", "Europe", "an IANA time zone"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("SEARCH_RATE", "many", "such as 120/min"),
        ("SEARCH_RATE", "0/min", "such as 120/min"),
        ("SEARCH_RATE", "5/week", "such as 120/min"),
    ],
)
def test_it_says_what_a_setting_must_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        configured(monkeypatch, **{name: value})
    assert str(refusal.value).startswith(f"{name} is {value!r}; it must be ")
    assert wanted in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://me:secret@db/site"),
        ("DATABASE_URL", "postgres://me:secret@db:port/site"),
        ("DATABASE_URL", "secret"),
        ("REDIS_URL", "amqp://me:secret@host"),
        ("REDIS_URL", "redis://:secret#1@host:6379"),
        ("REDIS_URL", "secret:6379"),
        ("BROKER_URL", "secret:5672"),
        ("BROKER_URL", "sqs://me:secret@host"),
        ("BROKER_URL", "amqp://me:secret#1@host"),
    ],
)
@pytest.mark.filterwarnings("ignore:Engine not recognized")
def test_it_says_what_a_url_must_look_like_but_not_the_password(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        configured(monkeypatch, **{name: value})
    assert str(refusal.value).startswith(name)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("command", ["check", "ensure_admin"])
def test_manage_ends_with_the_sentence_alone(command: str) -> None:
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), command]
    ended = subprocess.run(argv, env=os.environ | {"FACE_CHUNK": "0"}, capture_output=True, text=True)
    sentence = "PhotoFinder cannot start: FACE_CHUNK is '0'; it must be a whole number of at least 1.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", sentence)
