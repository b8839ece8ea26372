"""The search engine of films as an asyncio backend integrates it: thin over the services that the Celery task calls.

    engine = VideoSearchEngine(IndexerConfig(frame_skip=15))
    await engine.initialize_db()
    indexed = await engine.run_indexing("/films/party.mp4", user_id="42")
    moments = await engine.search("people dancing", top_k=5)

Where Django is not set up yet, `db_dsn` (a postgres:// URL, else the environment's DATABASE_URL) says which database it
is. Models are loaded once in a process. Films are indexed one after the other, in a thread of their own, so that
neither searches nor the event loop wait for them. docs/video.md tells the rest.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import django
from asgiref.sync import sync_to_async
from django.apps import apps
from django.core.management import call_command
from django.db import close_old_connections

from photofinder.errors import Problem
from videos.config import IndexerConfig

T = TypeVar("T")
_films = ThreadPoolExecutor(1, "films")


@dataclass(frozen=True)
class Indexed:
    """What became of a film: its id, `ready` or `failed` with the reason, and how many events it has."""

    video_id: int
    state: str
    events: int
    error_code: str = ""
    error: str = ""


@dataclass(frozen=True)
class Moment:
    """An event of a film that a search found: where in which film, what it shows, how well it matches (0-1, 0.5 and
    more), and the address of the frame that shows it best, which expires.
    """

    video_id: int
    film: str
    start_s: float
    timestamp_s: float
    end_s: float
    caption: str
    object_counts: dict[str, int]
    similarity: float
    frame_url: str


class VideoSearchEngine:
    """Indexes and searches films by a config, the site's own by default."""

    def __init__(self, config: IndexerConfig | None = None) -> None:
        self.config = config or IndexerConfig()

    async def initialize_db(self) -> None:
        """Make the database ready: its extension, tables and indexes. To be called once, before anything else."""
        await sync_to_async(self._set_up, thread_sensitive=False)()
        await _in_thread(call_command, "migrate", verbosity=0, interactive=False)

    async def run_indexing(self, video_path: str | Path, user_id: str | int) -> Indexed:
        """Index the film at an absolute path within settings.VIDEO_ROOTS, which `user_id` (a name of the caller's own)
        sent; one that was indexed before is indexed again and replaced. Raises Problem `outside_roots`, `missing`,
        `busy`, `invalid` (no user, or too long a name), and RefusedFile for a file that is empty or not called like a
        film; what is wrong with the film itself is told in the answer.
        """
        return await _in_thread(self._index, str(video_path), _owner(user_id), executor=_films)

    async def search(self, query: str, top_k: int = 10, *, user_id: str | int | None = None) -> list[Moment]:
        """The events that the words describe, best first, at most `top_k`; of that user's films when one is given."""
        if not query.strip():
            return []
        return await _in_thread(self._search, query, top_k, "" if user_id is None else _owner(user_id))

    def _set_up(self) -> None:
        if not apps.ready:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photofinder.settings")
            if self.config.db_dsn:
                os.environ["DATABASE_URL"] = self.config.db_dsn
            django.setup()

    def _index(self, path: str, owner: str) -> Indexed:
        from videos.services.indexing import path_index  # needs the models, which initialize_db loads

        video = path_index(path=path, owner=owner, config=self.config)
        return Indexed(video.pk, video.state, video.events.count(), video.error_code, video.error)

    def _search(self, query: str, top_k: int, owner: str) -> list[Moment]:
        from videos.services.filtering import Filters  # as above
        from videos.services.search import moments_search

        found = moments_search(words=query, filters=Filters(owner=owner), limit=top_k)
        return [_moment(hit.event, hit.similarity or 0.0) for hit in found.hits]


def _owner(user_id: str | int) -> str:
    """Raises Problem `invalid`: films of nobody are the site's own."""
    if not str(user_id):
        raise Problem("invalid", "Say whose films they are.")
    return str(user_id)


def _moment(event: Any, similarity: float) -> Moment:
    from photofinder.storage import signed_url

    return Moment(
        video_id=event.video_id,
        film=event.video.name,
        start_s=event.start_s,
        timestamp_s=event.timestamp_s,
        end_s=event.end_s,
        caption=event.caption,
        object_counts=event.object_counts,
        similarity=similarity,
        frame_url=signed_url(event.frame_key),
    )


async def _in_thread(
    function: Callable[..., T], *args: Any, executor: ThreadPoolExecutor | None = None, **options: Any
) -> T:
    return await sync_to_async(_connected, thread_sensitive=False, executor=executor)(function, *args, **options)


def _connected(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """What is done around each request elsewhere: a connection that the database closed meanwhile is not used."""
    close_old_connections()
    try:
        return function(*args, **options)
    finally:
        close_old_connections()
