"""Several workers on the same files, and on the same content."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from media_index.models import Image, SourceFile
from media_index.services import images
from media_index.services.reading import files_read
from media_index.tests.library import added, listed, one_file, photo, recording, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_on_the_same_file_read_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = one_file(tmp_path)
    looked: list[Any] = []
    monkeypatch.setattr(images, "_ingest", recording(images._ingest, looked))
    _at_once(*(lambda: files_read(file_ids=[file.pk]),) * 4)
    assert (len(looked), Image.objects.count()) == (1, 1)
    assert SourceFile.objects.get().state == "indexed"


def test_the_same_content_at_once_is_one_image(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number}.jpg").write_bytes(photo(number % 3, size=(300, 200)))
    source = added(tmp_path)
    listed(source)
    ids = list(source.files.values_list("pk", flat=True))
    _at_once(*(lambda part=ids[start::4]: files_read(file_ids=part) for start in range(4)))
    assert set(states(source).values()) == {"indexed"}
    assert Image.objects.count() == 3


def test_a_file_at_hand_keeps_a_new_listing_waiting_but_breaks_nothing(tmp_path: Path) -> None:
    file = one_file(tmp_path)
    with transaction.atomic():
        SourceFile.objects.claimed(file.pk)
        listing = Thread(target=_closing(lambda: listed(added(tmp_path))))
        listing.start()
        listing.join(0.5)
        assert listing.is_alive()
    listing.join(20)
    assert SourceFile.objects.get().seen_in == 2


def _at_once(*works: Callable[[], object]) -> None:
    threads = [Thread(target=_closing(work)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def _closing(work: Callable[[], object]) -> Callable[[], None]:
    """The work with a database connection of its own that is given back."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run
