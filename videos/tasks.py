"""The stages of films as Celery tasks: ids in, one service call out."""

from celery import shared_task

from videos.services import indexing


@shared_task
def index_videos(video_ids: list[int]) -> None:
    """What happens in films, and who is in them."""
    indexing.videos_index(video_ids=video_ids)


@shared_task
def resume_videos() -> None:
    """Send again what was lost with a worker or a broker."""
    indexing.videos_resume()
