"""The stages of the pipeline as Celery tasks: ids in, one service call out."""

from celery import shared_task

from faces.services import consolidation, erasure, notifications, pipeline, retention


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
    retention.files_resume()
    erasure.results_drop()
    retention.events_expire()
