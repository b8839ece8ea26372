"""Deleting films with everything that is kept of them: events, frames, stills with their faces, files.

First the film is taken from whoever indexes it, then its stills go, then its rows with its files, which are written
down in the same transaction. Whatever is killed in between leaves a film that can be deleted again.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from faces.models import Event, Photo, UploadBatch
from faces.services.files import files_drop
from faces.services.stills import stills_drop
from photofinder import storage
from videos.models import Video


def video_delete(*, video: Video) -> None:
    """Delete the film, with its files as far as they lie in the storage: one at a path stays where it is."""
    values = {"state": Video.State.FAILED, "error_code": "deleted", "error": "This film is being deleted."}
    Video.objects.filter(pk=video.pk).update(run=F("run") + 1, changed_at=timezone.now(), **values)
    batch = Video.objects.filter(pk=video.pk).values_list("batch", flat=True).first() or 0
    photos = list(video.stills.filter(photo__isnull=False).values_list("photo", flat=True))
    video.stills.all().delete()
    strays_drop(batch, photos)  # but frames that another film shows as well
    if not video.key and not video.path:
        storage.join_drop(storage.film_key(video.pk, ""))
    with transaction.atomic():
        files_drop(keys=storage.film_keys(video.pk))
        Video.objects.filter(pk=video.pk).delete()
    strays_drop(batch)  # what its worker took meanwhile
    UploadBatch.objects.filter(pk=batch, photos=None).delete()


def event_videos_delete(*, event: Event) -> None:
    """Delete the films of an event that is being deleted."""
    for video in event.videos.order_by("pk"):
        video_delete(video=video)


def leavings_drop(*, video: Video) -> None:
    """Delete what a worker wrote of a film that was deleted meanwhile; of one that is there nothing."""
    if Video.objects.filter(pk=video.pk).exists():
        return
    strays_drop(video.batch_id or 0)
    files_drop(keys=storage.film_keys(video.pk))


def strays_drop(batch: int, photos: Collection[int | None] = ()) -> None:
    """Delete the stills of a film's batch, and those `photos`, that are not written down as any film's."""
    strays = Photo.objects.stills().filter(Q(batch=batch) | Q(pk__in=photos), stills=None)
    stills_drop(photo_ids=list(strays.values_list("pk", flat=True)))
