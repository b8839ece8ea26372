"""The stages of the pipeline as Celery tasks: ids in, one service call out."""

from celery import shared_task

from faces.services import consolidation, pipeline


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
