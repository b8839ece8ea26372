"""The stages of the pipeline as Celery tasks: ids in, one service call out."""

from celery import shared_task

from faces.services import consolidation, deletion, erasure, files, notifications, pipeline, retention, stills


@shared_task
def ingest_photos(photo_ids: list[int]) -> None:
    """Thumbnails."""
    pipeline.photos_ingest(photo_ids=photo_ids)


@shared_task
def detect_faces(photo_ids: list[int]) -> None:
    """Faces."""
    pipeline.photos_detect(photo_ids=photo_ids)


@shared_task
def assign_people(photo_ids: list[int]) -> None:
    """People."""
    pipeline.photos_assign(photo_ids=photo_ids)


@shared_task
def consolidate_people(event_ids: list[int]) -> None:
    """People of whole events."""
    consolidation.events_consolidate(event_ids=event_ids)


@shared_task
def resume_photos() -> None:
    """Send again what was lost with a worker or a broker."""
    pipeline.photos_resume()
    consolidation.events_resume()
    notifications.events_with_news_resume()


@shared_task
def notify_subscribers(event_ids: list[int]) -> None:
    """Notifications of new photos."""
    notifications.events_notify(event_ids=event_ids)


@shared_task
def expire() -> None:
    """What is over: results, and the faces of events whose retention has ended."""
    files.files_resume()
    erasure.results_drop()
    erasure.opt_outs_apply()
    retention.events_expire()
    deletion.events_delete_resume()
    stills.stills_resume()


@shared_task
def delete_events(event_ids: list[int]) -> None:
    """The next part of events that are to go."""
    deletion.events_delete_on(event_ids=event_ids)


@shared_task
def delete_files(ids: list[int]) -> None:
    """Files of photos that were deleted."""
    files.files_delete(ids=ids)


@shared_task
def sweep_previews(photo_ids: list[int]) -> None:
    """Copies in an old look."""
    deletion.previews_sweep(photo_ids=photo_ids)


@shared_task
def drop_stills(photo_ids: list[int]) -> None:
    """Frames of films in which somebody was who was forgotten."""
    stills.stills_drop(photo_ids=photo_ids)
