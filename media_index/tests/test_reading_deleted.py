"""Files are read while an image with the same bytes is being deleted."""

import hashlib
import io
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction

from faces.services.deletion import _images_drop
from faces.services.files import files_condemn, files_delete
from media_index.models import Image
from media_index.services import image_ingest, image_store, images, reading
from media_index.tests.library import added, fill, listed, one_file, photo, read, states
from photofinder import storage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reading_engine")]


def elsewhere(act: Callable[[], Any]) -> Future[Any]:
    """Do it as another process would; whether it has to wait shows in the future."""

    def act_and_close() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with_own_connection = ThreadPoolExecutor(1)
    future = with_own_connection.submit(act_and_close)
    with_own_connection.shutdown(wait=False)
    return future


def test_thumbnails_that_were_to_go_stay_for_who_needs_them_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = photo(7)
    sha256 = hashlib.sha256(data).hexdigest()
    keys = [storage.thumbnail_key(sha256, side) for side in settings.THUMBNAIL_SIZES_PX]
    file, ids, ingest = one_file(tmp_path, data), files_condemn(keys=keys), images._ingest

    def interrupted(image: Image, stream: Any) -> None:
        ingest(image, stream)
        elsewhere(lambda: files_delete(ids=ids)).result(timeout=20)

    monkeypatch.setattr(images, "_ingest", interrupted)
    read([file])
    assert Image.objects.get().ingested_at
    files_delete(ids=ids)
    assert all(map(storage.exists, keys))


def test_an_original_that_was_to_go_stays_for_who_uploads_it_now(monkeypatch: pytest.MonkeyPatch) -> None:
    data = photo(9)
    key = storage.image_key(hashlib.sha256(data).hexdigest(), "jpg")
    ids, save = files_condemn(keys=[key]), storage.save

    def interrupted(key: str, content: Any) -> None:
        save(key, content)
        elsewhere(lambda: files_delete(ids=ids)).result(timeout=20)

    monkeypatch.setattr(storage, "save", interrupted)
    image_store(stream=io.BytesIO(data))
    assert storage.exists(key)


def test_a_copy_that_was_to_go_stays_for_a_source_that_copies_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = photo(10)
    key = storage.image_key(hashlib.sha256(data).hexdigest(), "jpg")
    (path,) = fill(tmp_path, "a.jpg")
    path.write_bytes(data)
    source = added(tmp_path, copies=True)
    listed(source)
    ids, save = files_condemn(keys=[key]), storage.save

    def interrupted(key: str, content: Any) -> None:
        save(key, content)
        elsewhere(lambda: files_delete(ids=ids)).result(timeout=20)

    monkeypatch.setattr(storage, "save", interrupted)
    read(source.files.all())
    assert Image.objects.get().key == key
    assert storage.exists(key)


def test_an_image_that_is_dropped_while_a_file_of_it_is_read_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = photo(8)
    image, _is_new = image_store(stream=io.BytesIO(data))
    image_ingest(image=image)
    first, _second = fill(tmp_path, "a.jpg", "b.jpg")
    first.write_bytes(data)
    source = added(tmp_path)
    listed(source)
    dropped: list[Future[int]] = []
    catalogue = images.image_catalogue

    def interrupted(**options: Any) -> Any:
        found = catalogue(**options)
        if found[0] == image:
            dropped.append(elsewhere(transaction.atomic(lambda: _images_drop([image.pk]))))
            time.sleep(0.3)
        return found

    monkeypatch.setattr(reading, "image_catalogue", interrupted)
    reading.files_read(file_ids=list(source.files.order_by("name").values_list("pk", flat=True)))
    assert dropped[0].result(timeout=20) == 0
    assert states(source) == {"a.jpg": "indexed", "b.jpg": "indexed"}
    assert source.files.get(name="a.jpg").image == image
