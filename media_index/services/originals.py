"""Originals, wherever they lie: in the storage, or in the sources where they were found."""

from contextlib import closing, suppress
from dataclasses import dataclass
from typing import BinaryIO

from django.db.models import QuerySet
from django.urls import reverse

from media_index.folders import Found
from media_index.models import Image, SourceFile
from media_index.services.places import place_of
from photofinder import storage
from photofinder.errors import Problem

_TRIED = 20  # files of an image that are looked for before it counts as missing


@dataclass(frozen=True)
class Original:
    """An original to hand out: its name, and either an address that has it or a stream."""

    name: str
    url: str = ""
    stream: BinaryIO | None = None


def original_open(image: Image) -> closing[BinaryIO]:
    """The original, seekable; a context manager. Raises Problem `missing`."""
    if image.key:
        with suppress(Problem):
            return storage.open_file(image.key)
    for file in _files(image):
        if stream := _stream(file):
            return closing(stream)
    raise _missing()


def original_url(image: Image) -> str:
    """A URL that opens the original for at least half of `settings.URL_SECONDS`; asks neither database nor disk."""
    if image.key:
        return storage.signed_url(image.key)
    address = reverse("original", args=[image.sha256])
    return f"{address}?{storage.signed_query(original_key(image.sha256))}"


def original_key(sha256: str) -> str:
    """What the signature of an original's URL is made for; no key of the storage begins like this."""
    return f"originals/{sha256}"


def original_find(*, image: Image) -> Original:
    """The original as the storage, or else the first source that has it unchanged, hands it out.

    Raises Problem `missing`.
    """
    if image.key:
        return Original("", url=storage.signed_url(image.key))
    for file in _files(image):
        name = file.name.rpartition("/")[2]
        if url := place_of(file.source.location).url(_found(file)):
            return Original(name, url=url)
        if stream := _stream(file):
            return Original(name, stream=stream)
    raise _missing()


def _files(image: Image) -> QuerySet[SourceFile]:
    """Some that were read as this image and not changed since, as far as is known."""
    files = SourceFile.objects.filter(image=image, state=SourceFile.State.INDEXED)
    return files.select_related("source").order_by("pk")[:_TRIED]


def _stream(file: SourceFile) -> BinaryIO | None:
    """The file's content; None when it is not the file that was read."""
    try:
        opened = place_of(file.source.location).opened(bytes(file.path))
    except Problem:
        return None
    if (opened.size, opened.changed_ns) == (file.size, file.changed_ns):
        return opened.stream
    opened.stream.close()
    return None


def _found(file: SourceFile) -> Found:
    return Found(bytes(file.path), file.size, file.changed_ns)


def _missing() -> Problem:
    return Problem("missing", "No source has the file any more, or it was changed there.")
