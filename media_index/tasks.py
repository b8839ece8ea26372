"""The media index as Celery tasks: ids in, one service call out."""

from celery import shared_task

from media_index.services import consolidating, contracts, describing, indexing, listing, reading

_DAY_SECONDS = 24 * 3600  # millions of files on a slow disk take hours


@shared_task(time_limit=_DAY_SECONDS)
def list_sources(source_ids: list[int]) -> None:
    """Which files the sources hold."""
    listing.sources_list(source_ids=source_ids)


@shared_task
def read_files(file_ids: list[int]) -> None:
    """Catalogue files of sources."""
    reading.files_read(file_ids=file_ids)


@shared_task
def index_images(image_ids: list[int]) -> None:
    """Hashes, embeddings, categories and duplicates."""
    indexing.images_index(image_ids=image_ids)


@shared_task
def describe_images(image_ids: list[int]) -> None:
    """The words that images are found by."""
    describing.images_describe(image_ids=image_ids)


@shared_task
def consolidate_categories() -> None:
    """Split categories that drifted, merge those that met."""
    consolidating.categories_consolidate()


@shared_task
def resume_index() -> None:
    """Send again what was lost with a worker or a broker."""
    reading.files_resume()
    indexing.images_resume()


@shared_task
def complete_index() -> None:
    """Send again what was indexed without the chosen engine."""
    contracts.images_complete()
