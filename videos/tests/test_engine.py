"""The engine as an asyncio backend uses it: in a process of its own, with a URL of the database and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from photofinder.tests.workers import database_url
from videos.config import IndexerConfig
from videos.models import Video, VideoEvent
from videos.tests.filming import crossing, film
from videos.tests.happenings import happening

pytestmark = pytest.mark.django_db(transaction=True)
Backend = Callable[[str], Any]
PROGRAM = """
import asyncio, dataclasses, json, os, sys, time
from videos.config import IndexerConfig
from videos.engine import VideoSearchEngine

DSN = sys.argv[1]

async def main():
    engine = VideoSearchEngine(IndexerConfig(db_dsn=DSN, frame_skip=15))
    await engine.initialize_db()
{body}

print(json.dumps(asyncio.run(main()), default=dataclasses.asdict))
"""


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return tmp_path / "films"


@pytest.fixture
def backend(films: Path, tmp_path: Path) -> Backend:
    """Runs a body of `main` with `engine` ready; what it returns comes back by way of JSON."""
    films.mkdir()
    hidden = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"VIDEO_ROOTS": str(films), "VAR_DIR": str(tmp_path / "var")}

    def run(body: str) -> Any:
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        command = [sys.executable, "-c", PROGRAM.format(body=lines), database_url()]
        done = subprocess.run(
            command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def crossed(path: Path, *spans: tuple[float, float]) -> Path:
    return film(path, crossing(*(spans or ((6, 9), (20, 24)))), seconds=32)


def test_a_film_is_indexed_and_indexed_again_in_its_place(backend: Backend, films: Path) -> None:
    path = crossed(films / "crossed.mp4")
    first, again = backend(f"return [await engine.run_indexing({str(path)!r}, 42) for _ in range(2)]")
    assert (first["state"], first["events"], first["error_code"]) == ("ready", 2, "")
    assert again == first
    video = Video.objects.get()
    assert (video.pk, video.owner, video.edition) == (first["video_id"], "42", 2)
    assert VideoEvent.objects.count() == 2


def test_moments_are_found_by_words_and_of_one_user_alone(backend: Backend) -> None:
    ours, theirs = (Video.objects.create(name=f"{owner}.mp4", owner=owner) for owner in ("42", "7"))
    for video in (ours, theirs):
        happening(video, 3, 8, "Two people dance on a stage.", object_counts={"person": 2})
        happening(video, 20, 25, "A bottle stands on a table.")
    everybody, mine, few, empty = backend(
        "return [await engine.search('people dancing'), await engine.search('people dancing', user_id=42),"
        " await engine.search('people dancing', 1), await engine.search('an aeroplane in the clouds')]"
    )
    assert {moment["video_id"] for moment in everybody} == {ours.pk, theirs.pk}
    (moment,) = mine
    assert (moment["film"], moment["start_s"], moment["timestamp_s"], moment["end_s"]) == ("42.mp4", 3, 5.5, 8)
    assert (moment["caption"], moment["object_counts"]) == ("Two people dance on a stage.", {"person": 2})
    assert 0.5 <= moment["similarity"] <= 1
    assert moment["frame_url"].startswith("/media/frames/")
    assert (len(few), empty) == (1, [])


def test_a_path_that_may_not_be_read_is_a_problem(backend: Backend, films: Path, tmp_path: Path) -> None:
    outside = crossed(tmp_path / "outside.mp4")
    refused = backend(f"""
from photofinder.errors import Problem
found = []
for path in ({str(outside)!r}, {str(films / "none.mp4")!r}, "film.mp4"):
    try:
        await engine.run_indexing(path, 42)
    except Problem as problem:
        found.append(problem.code)
return found""")
    assert refused == ["outside_roots", "missing", "outside_roots"]
    assert not Video.objects.exists()


def test_a_broken_film_is_told_in_the_answer_and_the_next_one_is_indexed(backend: Backend, films: Path) -> None:
    (films / "broken.mp4").write_bytes(b"no film at all" * 100)
    good = crossed(films / "good.mp4")
    broken, fine = backend(
        f"return [await engine.run_indexing(path, 42) for path in ({str(films / 'broken.mp4')!r}, {str(good)!r})]"
    )
    assert (broken["state"], broken["error_code"], broken["events"]) == ("failed", "not_a_video", 0)
    assert broken["error"]
    assert fine["state"] == "ready"


def test_films_at_once_hold_up_neither_searches_nor_the_event_loop(backend: Backend, films: Path) -> None:
    happening(Video.objects.create(name="film.mp4"), 3, 8, "Two people dance on a stage.")
    paths = [str(crossed(films / f"{name}.mp4")) for name in ("one", "two")]
    indexed, found, is_first, pauses = backend(f"""
await engine.search("people dancing")  # loads the model
pauses = []

async def tick():
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        pauses.append(time.monotonic() - before)

ticker = asyncio.create_task(tick())
indexing = asyncio.gather(*(engine.run_indexing(path, 42) for path in {paths!r}))
found = await asyncio.gather(*(engine.search("people dancing") for _ in range(3)))
is_first = not indexing.done()
indexed = await indexing
ticker.cancel()
return [indexed, [len(moments) for moments in found], is_first, pauses]""")
    assert [(film["state"], film["events"]) for film in indexed] == [("ready", 2)] * 2
    assert len({film["video_id"] for film in indexed}) == 2
    assert found == [1] * 3
    assert is_first, "searches waited for the films"
    # Loading models and a busy machine may cost a second; standing still would leave next to no ticks of 10 ms.
    assert len(pauses) > 50 and sum(pauses) / len(pauses) < 0.1, "the event loop stood still"


def test_a_film_that_is_being_indexed_is_not_indexed_twice(backend: Backend, films: Path) -> None:
    path = crossed(films / "crossed.mp4")
    Video.objects.create(path=str(path.resolve()), name="crossed.mp4", owner="42", state=Video.State.INDEXING)
    code = backend(f"""
from photofinder.errors import Problem
try:
    await engine.run_indexing({str(path)!r}, 42)
except Problem as problem:
    return problem.code""")
    assert code == "busy"


def test_a_connection_that_the_database_closed_is_made_again(backend: Backend) -> None:
    happening(Video.objects.create(name="film.mp4"), 3, 8, "Two people dance on a stage.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(pid) FROM pg_stat_activity WHERE datname = current_database()")
        ours = cursor.fetchone()[0]
    found = backend(f"""
import psycopg
first = await engine.search("people dancing")
with psycopg.connect(DSN, autocommit=True) as other:
    other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE datname = current_database() AND pid <> ALL(%s) AND pid <> pg_backend_pid()", [{ours}])
again = await engine.search("people dancing")
return [len(first), len(again)]""")
    assert found == [1, 1]


def test_a_site_that_is_set_up_needs_no_url_of_a_database() -> None:
    assert IndexerConfig(db_dsn=None, frame_skip=15) == IndexerConfig()


@pytest.mark.parametrize("wrong", [{"frame_skip": 0}, {"batch_size": 0}, {"motion_threshold": 1.5}, {"min_area": 0.0}])
def test_a_config_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        IndexerConfig(**wrong)
