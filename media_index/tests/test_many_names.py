"""One image in very many files."""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_index.facts import MOST_NAMES
from media_index.models import Image, Source, SourceFile
from media_index.services import reading
from media_index.services.describing import facts_of, images_describe
from media_index.tests.indexed import bare
from media_index.tests.library import added as source_of
from media_index.tests.library import fill, listed, read

pytestmark = pytest.mark.django_db


def copies(image: Image, count: int) -> Source:
    """A source in which so many files are of the image."""
    source = Source.objects.create(location="/photos")
    paths = [f"folder{number}/cover.jpg" for number in range(count)]
    SourceFile.objects.bulk_create(
        SourceFile(
            **{"source": source, "path": path.encode(), "path_digest": hashlib.sha256(path.encode()).digest()},
            **{"name": path, "size": 1, "changed_ns": 1, "image": image, "state": "indexed", "seen_in": 1},
        )
        for path in paths
    )
    return source


def test_the_first_names_are_read_and_no_more() -> None:
    image = bare()
    copies(image, MOST_NAMES + 50)
    with CaptureQueriesContext(connection) as queries:
        names = facts_of([image.pk])[image.pk].names
    assert names == [f"folder{number}/cover.jpg" for number in range(MOST_NAMES)]
    assert sum("sourcefile" in query["sql"] for query in queries.captured_queries) == 1
    images_describe(image_ids=[image.pk])
    assert Image.objects.filter(words="folder7").exists()


def test_an_image_with_names_enough_is_not_described_for_each_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described: list[list[int]] = []

    def record(path: str, ids: list[int], *, chunk: int | None = None) -> None:
        if path == settings.IMAGE_DESCRIBING and ids:
            described.append(list(ids))

    monkeypatch.setattr(reading, "MOST_NAMES", 3)
    monkeypatch.setattr(reading, "enqueue", record)
    first, *others = fill(tmp_path, *(f"{number}.jpg" for number in range(6)))
    for other in others:
        other.write_bytes(first.read_bytes())
    source = source_of(tmp_path)
    listed(source)
    read(source.files.order_by("pk"))
    image = Image.objects.get()
    assert image.files.count() == 6
    assert described == [[image.pk]] * 2, "the first one's words are made when it is indexed"
