"""Files that are to go. They are written down in the transaction that makes them needless, so that a process that is
killed between the rows and the files leaves none behind: what is left, beat deletes.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from faces.models import Face, PendingDeletion, Photo, Portrait
from faces.services.deliveries import preview_keys
from media_index.models import Image
from photofinder import storage

log = logging.getLogger(__name__)
_CHUNK = 200  # files whose rows are locked while they are deleted
_ADOPTION = timedelta(hours=1)  # far longer than a request lives


def files_condemn(*, keys: Collection[str]) -> list[int]:
    """Write down that these files are to go; the ids for `files_delete`, once the transaction is committed."""
    rows = [PendingDeletion(key=key) for key in sorted(keys) if key]
    # An update waits for whoever is deleting the file already and may find it needed: then it is written down anew.
    PendingDeletion.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["key"], update_fields=["due_at"], batch_size=5000
    )
    return [row.pk for row in rows]


def files_drop(*, keys: Collection[str]) -> None:
    """Delete these files once the transaction is committed, but those that are needed then."""
    if ids := files_condemn(keys=keys):
        transaction.on_commit(lambda: files_delete(ids=ids), robust=True)


def files_keep(*, keys: Collection[str]) -> None:
    """Do not delete these files: said before they are written, in the transaction that makes the rows which need them.

    Waits for whoever is deleting one of them.
    """
    PendingDeletion.objects.filter(key__in=keys).delete()


@contextmanager
def file_adopted(*, key: str, content: bytes) -> Iterator[None]:
    """Store a file that a row will have: the row is made inside, in one transaction. Without it the file goes again."""
    pending = PendingDeletion.objects.create(key=key, due_at=timezone.now() + _ADOPTION)
    storage.save(key, content)
    try:
        with transaction.atomic():
            files_keep(keys=[key])
            yield
    except BaseException:
        files_delete(ids=[pending.pk])
        raise


def files_delete(*, ids: Collection[int]) -> None:
    """Delete these files that were written down, but those that are needed by now and those that somebody else is
    deleting; what the storage refuses stays written down.
    """
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        _part_delete(ordered[start : start + _CHUNK])


def files_resume() -> None:
    """Delete the files that killed processes left, and those that the storage refused to delete before."""
    files_delete(ids=PendingDeletion.objects.filter(due_at__lte=timezone.now()).values_list("pk", flat=True))


def files_sweep(*, keys: Collection[str]) -> None:
    """Delete these files, but those that are needed."""
    for key in set(keys) - _needed(keys):
        storage.delete(key)


@transaction.atomic
def _part_delete(ids: Collection[int]) -> None:
    rows = PendingDeletion.objects.filter(pk__in=ids).select_for_update(skip_locked=True)
    pending = {row.key: row.pk for row in rows}
    left = {key for key in pending.keys() - _needed(pending) if not _is_deleted(key)}
    PendingDeletion.objects.filter(pk__in=[pk for key, pk in pending.items() if key not in left]).delete()


def _is_deleted(key: str) -> bool:
    try:
        storage.delete(key)
    except Exception:  # whatever the storage raises, the other files must go
        log.exception("The file %s could not be deleted", key)
        return False
    return True


def _needed(keys: Collection[str]) -> set[str]:
    """Those that an image, the look of an event, a face (of another event, at the same place) or a portrait has."""
    digests = {storage.digest_in(key) for key in keys}
    needed = set(Portrait.objects.filter(crop_key__in=keys).values_list("crop_key", flat=True))
    for image in Image.objects.filter(sha256__in=digests):
        needed |= {image.key, *map(image.thumbnail_key, settings.THUMBNAIL_SIZES_PX)}
    for photo in Photo.objects.filter(image__sha256__in=digests).select_related("image", "event"):
        needed |= preview_keys(photo)
    faces = Face.objects.filter(photo__image__sha256__in=digests).select_related("photo__image")
    return (needed | {face.crop_key for face in faces}) & set(keys)
