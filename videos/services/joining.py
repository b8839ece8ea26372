"""The parts of a film that was sent become one file."""

from collections.abc import Iterator

from photofinder import storage
from photofinder.errors import Problem
from videos.models import Video
from videos.services.films import film_extension, storing
from videos.services.recording import Superseded, run_go_on, run_of


def film_join(*, video: Video) -> None:
    """Make one file of a film that was sent in parts, in the name of the run that is about to index it.

    Killed anywhere it can be run again: the parts go after the film is written down. Raises Superseded, and Problem
    `missing`, `storage_full`, `storage_failed`.
    """
    if not video.path and not video.key:
        key = storage.film_key(video.pk, film_extension(video.name))
        with storing():
            storage.join(key, _parts(video))
            size = storage.size(key)
        if size != video.bytes:
            raise Problem("missing", "Parts of this film are missing; delete it and send it again.")
        if not run_of(video).update(key=key):
            raise Superseded
        video.key = key
    if video.chunks.exists():
        _parts_drop(video)


def _parts(video: Video) -> Iterator[str]:
    """The keys of the parts, in their order; before each the run is said to go on. Raises Superseded."""
    for start in list(video.chunks.order_by("start").values_list("start", flat=True)):
        run_go_on(video)
        yield storage.chunk_key(video.pk, start)


def _parts_drop(video: Video) -> None:
    for key in storage.film_keys(video.pk):
        if storage.is_film(key) and key != video.key:  # what a killed worker joined half, too
            storage.delete(key)
    video.chunks.all().delete()
