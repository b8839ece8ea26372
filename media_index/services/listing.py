"""Which files a source holds. A listing can be killed anywhere, and is then done again from its start."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from media_index.folders import Found, Notes
from media_index.models import Source, SourceFile
from media_index.querysets import SourceQuerySet
from media_index.services.places import place_of
from photofinder.celery import enqueue
from photofinder.errors import Problem

_HEARTBEAT_SECONDS = 5.0  # at least so often a listing says that it goes on
_NAMED = 1000  # folders and links that a source names as not looked into
# What lies in the content of a file: as long as that stays the same, reading it again finds the same.
CONTENT_CODES = ("empty", "not_an_image", "damaged")
# Of a file that is as it was, only that it was seen is written down. One that is new, changed, or came back without
# having been read, and one that failed for reasons that may have passed, is to be read.
_WRITE = """
INSERT INTO media_index_sourcefile AS old
    (source_id, path, path_digest, name, size, changed_ns, state, attempts, error_code, error, seen_in, changed_at)
SELECT %(source)s, new.path, new.digest, new.name, new.size, new.ns, 'queued', 0, '', '', %(run)s, now()
FROM unnest(%(paths)s::bytea[], %(digests)s::bytea[], %(names)s::text[], %(sizes)s::bigint[], %(times)s::bigint[])
    AS new (path, digest, name, size, ns)
ON CONFLICT (source_id, path_digest) DO UPDATE SET
    seen_in = excluded.seen_in, size = excluded.size, changed_ns = excluded.changed_ns,
    (state, attempts, error_code, error, changed_at) = (
        SELECT CASE WHEN is_to_be_read THEN 'queued' WHEN old.state = 'gone' THEN 'indexed' ELSE old.state END,
            CASE WHEN is_to_be_read THEN 0 ELSE old.attempts END,
            CASE WHEN is_to_be_read OR old.state = 'gone' THEN '' ELSE old.error_code END,
            CASE WHEN is_to_be_read OR old.state = 'gone' THEN '' ELSE old.error END,
            CASE WHEN is_to_be_read THEN now() ELSE old.changed_at END
        FROM (
            SELECT (old.size, old.changed_ns) <> (excluded.size, excluded.changed_ns)
                OR old.state = 'gone' AND old.image_id IS NULL
                OR old.state = 'failed' AND old.error_code <> ALL(%(final)s) AS is_to_be_read
        ) AS judged
    )
RETURNING id, state
"""


def sources_list(*, source_ids: Sequence[int]) -> None:
    """Write down the files of these sources, have the new and changed ones read, and mark those that are gone."""
    for source_id in source_ids:
        if source := _begin(source_id):
            _list(source)


def sources_resume() -> None:
    """Have sources listed whose listing, or the message for it, was lost."""
    stalled = Source.objects.stalled().select_for_update(skip_locked=True, no_key=True)
    with transaction.atomic():
        lost = list(stalled.filter(state__in=(Source.State.QUEUED, Source.State.LISTING)).values_list("pk", flat=True))
        Source.objects.filter(pk__in=lost, state=Source.State.QUEUED).update(changed_at=timezone.now())
        enqueue(settings.SOURCE_LISTING, lost, chunk=1)


@transaction.atomic
def _begin(source_id: int) -> Source | None:
    """The source with its next run begun; None when it waits for none, or another worker is at it."""
    source = Source.objects.select_for_update(no_key=True).filter(pk=source_id).first()
    is_waiting = source and source.state == Source.State.QUEUED
    is_lost = source and source.state == Source.State.LISTING and Source.objects.stalled().filter(pk=source_id).exists()
    if source is None or not (is_waiting or is_lost):
        return None
    source.run += 1
    source.state = Source.State.LISTING
    source.save(update_fields=["run", "state", "changed_at"])
    return source


def _list(source: Source) -> None:
    notes = Notes()
    try:
        for batch in _batches(place_of(source.location).listed(notes)):
            if not _batch_write(source, batch):
                return
        if not notes.looked_at and source.files.exclude(state=SourceFile.State.GONE).exists():
            raise Problem("source_unavailable", "It is empty, but files were found in it before: is its disk there?")
        if not _gone_mark(source, notes):
            return
    except Problem as problem:
        _current(source).update(state=Source.State.FAILED, error=problem.detail, changed_at=timezone.now())
    else:
        unread = list(_unread(notes))
        _current(source).update(state=Source.State.LISTED, unreadable=unread, changed_at=timezone.now())


def _batches(entries: Iterable[Found | None]) -> Iterator[list[Found]]:
    """What was found in parts, each path once; after some seconds without enough of it, what there is, or nothing."""
    batch: dict[bytes, Found] = {}
    since = time.monotonic()
    for entry in entries:
        if entry:
            batch[entry.path] = entry
        if len(batch) >= settings.SOURCE_BATCH or time.monotonic() > since + _HEARTBEAT_SECONDS:
            yield list(batch.values())
            batch, since = {}, time.monotonic()
    yield list(batch.values())


@transaction.atomic
def _batch_write(source: Source, batch: Sequence[Found]) -> bool:
    """False when the listing is not the source's current one any more."""
    if not _current(source).update(changed_at=timezone.now()):
        return False
    if batch:
        enqueue(settings.SOURCE_READING, _written(source, batch), chunk=settings.SOURCE_CHUNK)
    return True


def _written(source: Source, batch: Sequence[Found]) -> list[int]:
    """Write the files down; the ids of those to be read."""
    parameters: dict[str, Any] = {
        "source": source.pk,
        "run": source.run,
        "paths": [file.path for file in batch],
        "digests": [hashlib.sha256(file.path).digest() for file in batch],
        "names": [_readable(file.path) for file in batch],
        "sizes": [file.size for file in batch],
        "times": [file.changed_ns for file in batch],
        "final": list(CONTENT_CODES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, parameters)
        return [file_id for file_id, state in cursor.fetchall() if state == SourceFile.State.QUEUED]


def _gone_mark(source: Source, notes: Notes) -> bool:
    """Mark the files that this listing did not see, unless they lie where it could not look; False when it is not the
    source's current one any more.
    """
    unseen = source.files.filter(seen_in__lt=source.run).exclude(state=SourceFile.State.GONE).order_by("pk")
    last = 0
    while part := list(unseen.filter(pk__gt=last).values_list("pk", "path")[: settings.SOURCE_BATCH]):
        last = part[-1][0]
        gone = [pk for pk, path in part if not notes.hides(bytes(path))]
        with transaction.atomic():
            if not _current(source).update(changed_at=timezone.now()):
                return False
            SourceFile.objects.filter(pk__in=gone, seen_in__lt=source.run).gone("It is not in its source any more.")
    return True


def _current(source: Source) -> SourceQuerySet:
    """The source while this listing is its current one, otherwise nothing."""
    return Source.objects.filter(pk=source.pk, run=source.run, state=Source.State.LISTING)


def _unread(notes: Notes) -> Iterator[tuple[str, str]]:
    """What was not looked into, and why; the first thousand."""
    for folder, why in list(notes.unreadable.items())[:_NAMED]:
        yield _readable(folder), why
    if (more := len(notes.unreadable) - _NAMED) > 0:
        yield "", f"and {more} more"
    for path in notes.some_links:
        yield _readable(path), "a symbolic link, which is not followed"
    if (more := notes.links - len(notes.some_links)) > 0:
        yield "", f"and {more} more symbolic links"


def _readable(path: bytes) -> str:
    """A path for people: what is not UTF-8 is a replacement character."""
    return path.decode(errors="replace")
