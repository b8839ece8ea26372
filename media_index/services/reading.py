"""Cataloguing files where they lie. Every step can be killed anywhere and run twice.

A file is worked on by whoever holds the lock of its row. That an attempt began is committed before the work, file by
file, so only what was at hand when a worker died counts as tried; the rest of its message is simply read by the next.
"""

from collections.abc import Sequence
from contextlib import closing

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from media_index.facts import MOST_NAMES
from media_index.models import SourceFile
from media_index.services.images import image_catalogue
from media_index.services.listing import sources_resume
from media_index.services.places import place_of, size_check, snapshot
from photofinder.celery import enqueue, queue_length
from photofinder.errors import Problem

State = SourceFile.State
_PASSING = {"changing", "source_unavailable"}  # may be over in some minutes
_READ_FIELDS = ("image", "size", "changed_ns", "state", "attempts", "error_code", "error", "changed_at")
_RESUMED = 20_000  # files that are sent again at once


def files_read(*, file_ids: Sequence[int]) -> None:
    """Read these files, each by itself: one that cannot be read fails alone, or is gone."""
    for file_id in _first_tries(file_ids):
        if _attempt(file_id):
            _read(file_id)


def files_resume() -> None:
    """Have sources listed, and files read, that wait although nobody is at them: a worker or the broker lost them."""
    sources_resume()
    if queue_length(settings.CELERY_TASK_ROUTES[settings.SOURCE_READING]["queue"]):
        return
    with transaction.atomic():
        files = SourceFile.objects.queued().stalled().select_for_update(skip_locked=True, no_key=True)
        lost = list(files.order_by("changed_at").values_list("pk", flat=True)[:_RESUMED])
        enqueue(settings.SOURCE_READING, lost, chunk=settings.SOURCE_CHUNK)


@transaction.atomic
def files_retry(*, file_ids: Sequence[int]) -> int:
    """Have failed files read again; how many there were."""
    failed = SourceFile.objects.filter(pk__in=file_ids, state=State.FAILED)
    ids = list(failed.values_list("pk", flat=True))
    failed.update(state=State.QUEUED, attempts=0, error="", error_code="", changed_at=timezone.now())
    enqueue(settings.SOURCE_READING, ids, chunk=settings.SOURCE_CHUNK)
    return len(ids)


def _first_tries(file_ids: Sequence[int]) -> list[int]:
    """Those of several that nobody tried before; the others are sent on alone, so that one which crashes its worker
    takes no other with it.
    """
    if len(file_ids) == 1:
        return list(file_ids)
    waiting = SourceFile.objects.queued().filter(pk__in=file_ids).values_list("pk", "attempts")
    attempts = dict(waiting.order_by("pk"))
    enqueue(settings.SOURCE_READING, [pk for pk, count in attempts.items() if count], chunk=1)
    return [pk for pk, count in attempts.items() if not count]


@transaction.atomic
def _attempt(file_id: int) -> bool:
    """Count an attempt; False when there is nothing to do, or after settings.PIPELINE_ATTEMPTS, which fails it."""
    file = SourceFile.objects.claimed(file_id)
    if file is None:
        return False
    if file.attempts >= settings.PIPELINE_ATTEMPTS:
        _fail(file, "crashed", f"Reading it stopped {file.attempts} times; see the worker's log.")
        return False
    SourceFile.objects.filter(pk=file_id).update(attempts=F("attempts") + 1)
    return True


@transaction.atomic
def _read(file_id: int) -> None:
    file = SourceFile.objects.claimed(file_id)
    if file is None:
        return
    try:
        with transaction.atomic():  # what was made of a file that changed meanwhile is taken back
            _catalogue(file)
    except Problem as problem:
        _settle(file, problem)


def _catalogue(file: SourceFile) -> None:
    """Link the file to the image of its content. Raises Problem."""
    size_check(file.size)
    opened = place_of(file.source.location).opened(bytes(file.path))
    if file.source.copies and opened.is_live:
        opened = snapshot(opened)
    with closing(opened.stream) as stream:
        image, is_fresh = image_catalogue(stream=stream, copies=file.source.copies)
        if opened.has_changed():
            raise Problem("changing", "The file changed while it was read.")
    if file.image_id != image.pk:
        enqueue(settings.IMAGE_DESCRIBING, _renamed(file, None if is_fresh else image.pk))
    file.image, file.size, file.changed_ns = image, opened.size, opened.changed_ns
    file.state, file.attempts, file.error_code, file.error = State.INDEXED, 0, "", ""
    file.save(update_fields=_READ_FIELDS)


def _renamed(file: SourceFile, now: int | None) -> list[int]:
    """The images whose words change with the name of this file; a fresh one gets its words when it is indexed, and one
    that has very many names is described by the first of them.
    """
    images = [image_id for image_id in (file.image_id, now) if image_id is not None]
    before = SourceFile.objects.filter(pk__lt=file.pk)
    return [image_id for image_id in images if before.filter(image=image_id)[:MOST_NAMES].count() < MOST_NAMES]


def _settle(file: SourceFile, problem: Problem) -> None:
    """What becomes of a file that was not read: gone, later, or failed."""
    if problem.code == "gone":
        SourceFile.objects.filter(pk=file.pk).gone(problem.detail)
    elif problem.code in _PASSING and file.attempts < settings.PIPELINE_ATTEMPTS:
        values = {"error_code": problem.code, "error": problem.detail, "changed_at": timezone.now()}
        SourceFile.objects.filter(pk=file.pk).update(**values)  # files_resume sends it again in a while
    else:
        _fail(file, problem.code, problem.detail)


def _fail(file: SourceFile, code: str, detail: str) -> None:
    values = {"state": State.FAILED, "error_code": code, "error": detail, "changed_at": timezone.now()}
    SourceFile.objects.filter(pk=file.pk).update(**values)
