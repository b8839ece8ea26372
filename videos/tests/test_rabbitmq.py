"""Over RabbitMQ instead of Redis the same films are indexed by the same task."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings

from faces.services.uploads import event_create
from photofinder.tests.rabbitmq import rabbitmq
from photofinder.tests.workers import database_url, wait_until, worker
from videos.models import Video
from videos.tests.filming import crossing, film
from videos.tests.portraits import a_film

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 700  # far longer than what a worker does before it is killed
SPANS = [(float(start), float(start + 8)) for start in range(6, SECONDS - 8, 16)]
SEND = "from photofinder.celery import enqueue; enqueue('videos.tasks.index_videos', [{}])"
RESUME = "from videos.tasks import resume_videos; resume_videos()"
LOOK = """
from django.test import Client
answers = {path: Client().get(path) for path in ("/healthz", "/metrics")}
lines = answers["/metrics"].content.decode().splitlines()
waiting = [line for line in lines if line.startswith("photofinder_queue_length")]
print(json.dumps([answers["/healthz"].json()["parts"], sorted(waiting)]))
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as url:
        yield url


def site(code: str, broker: str) -> str:
    """What a process of the site prints that has this broker: ours has another one."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "BROKER_URL": broker,
        "ALLOWED_HOSTS": "testserver",
        "PIPELINE_STALLED_SECONDS": "4",
    }
    setup = "import json, django; django.setup()\n"
    command = [sys.executable, "-c", setup + code]
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def looked(broker: str) -> tuple[dict[str, str], dict[str, float]]:
    """The parts of /healthz, and how many messages wait by queue."""
    parts, lines = json.loads(site(LOOK, broker))
    pairs = (line.rpartition(" ") for line in lines)
    return parts, {name.partition('"')[2].partition('"')[0]: float(value) for name, _, value in pairs}


def is_past(video: Video, seconds: float) -> bool:
    video.refresh_from_db()
    return video.position_s >= seconds


def is_ready(video: Video, broker: str) -> bool:
    """Does meanwhile what beat does."""
    site(RESUME, broker)
    video.refresh_from_db()
    return video.state == Video.State.READY


def test_a_film_is_indexed(broker: str, tmp_path: Path) -> None:
    path = film(tmp_path / "crossed.mp4", crossing((6, 9), (20, 24)), seconds=32)
    video = a_film(event_create(name="Gala"), path.read_bytes(), seconds=0)
    site(SEND.format(video.pk), broker)
    parts, waiting = looked(broker)
    assert (parts["broker"], parts["worker:videos"]) == ("ok", "no worker answers")
    assert waiting == dict.fromkeys(settings.QUEUES, 0.0) | {"videos": 1.0}
    with worker(tmp_path / "worker.log", BROKER_URL=broker):
        wait_until(lambda: is_past(video, 31) and video.state == Video.State.READY)
        parts, waiting = looked(broker)
    assert set(parts.values()) == {"ok"}
    assert not any(waiting.values())
    assert video.state == Video.State.READY
    spans = [(round(event.start_s), round(event.end_s)) for event in video.events.order_by("start_s")]
    assert len(spans) == 2 and spans[0][0] in (6, 7) and spans[1][0] in (20, 21)


def test_the_message_of_a_killed_worker_comes_back_and_the_film_goes_on(broker: str, tmp_path: Path) -> None:
    path = film(tmp_path / "busy.mp4", crossing(*SPANS), seconds=SECONDS)
    video = a_film(event_create(name="Evening"), path.read_bytes())
    site(SEND.format(video.pk), broker)
    hasty = {"DJANGO_SETTINGS_MODULE": "videos.tests.hasty_settings"}
    with worker(tmp_path / "killed.log", BROKER_URL=broker, **hasty) as doomed:
        wait_until(partial(is_past, video, 20))
        doomed.kill()
    video.refresh_from_db()
    reached = video.position_s
    assert video.state == Video.State.INDEXING, "the worker was killed too late to prove anything"
    assert looked(broker)[1]["videos"] == 1, "its message is lost"
    with worker(tmp_path / "survivor.log", BROKER_URL=broker):
        wait_until(lambda: is_ready(video, broker), seconds=120)
    assert 20 <= reached < SECONDS - 20
    starts = list(video.events.order_by("start_s").values_list("start_s", flat=True))
    assert len(starts) == len({round(start) for start in starts})
    assert video.run >= 2


def test_health_does_not_wait_for_a_broker_that_is_away() -> None:
    parts, waiting = looked("amqp://guest:guest@127.0.0.1:9//")
    assert parts["broker"] == "does not answer"
    assert {name: state for name, state in parts.items() if name.startswith("worker")} == dict.fromkeys(
        (f"worker:{queue}" for queue in settings.QUEUES), "no worker answers"
    )
    assert waiting == {}


def test_listings_overtake_files(broker: str) -> None:
    site("from photofinder.celery import app; app.send_task('media_index.tasks.read_files', [[]])", broker)
    site("from photofinder.celery import app; app.send_task('media_index.tasks.list_sources', [[]])", broker)
    take = """
from photofinder.celery import app
with app.connection_for_read() as link, link.channel() as channel:
    taken = [channel.basic_get("sources", no_ack=True).headers["task"] for _ in range(2)]
print(json.dumps(taken))
"""
    assert json.loads(site(take, broker)) == ["media_index.tasks.list_sources", "media_index.tasks.read_files"]
