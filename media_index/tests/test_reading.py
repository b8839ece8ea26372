"""Files become images where they lie, each once, whatever happens to them meanwhile."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from media_index.models import Image, SourceFile
from media_index.services import image_ingest, image_store, images, places, reading
from media_index.services.reading import files_read, files_resume, files_retry
from media_index.tests.library import added, catalogue, fill, listed, one_file, photo, read, states
from photofinder import storage
from photofinder.errors import Problem
from photofinder.images import Picture

pytestmark = pytest.mark.django_db
ASSETS = Path(os.environ.get("PHOTOFINDER_ASSETS", "/nonexistent"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """The messages that reading sends, as they are sent."""
    messages: list[tuple[str, list[int]]] = []

    def record(path: str, ids: list[int], *, chunk: int | None = None) -> None:
        size = chunk or max(len(ids), 1)
        messages.extend((path, list(ids[start : start + size])) for start in range(0, len(ids), size))

    monkeypatch.setattr(reading, "enqueue", record)
    monkeypatch.setattr(images, "enqueue", record)
    return messages


def test_a_file_becomes_an_image_that_lies_where_it_was_found(tmp_path: Path, sent: Any, settings: Any) -> None:
    data = photo(size=(640, 480))
    file = one_file(tmp_path, data)
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    image = Image.objects.get()
    assert (file.state, file.image, file.attempts) == ("indexed", image, 0)
    assert (image.key, image.bytes, image.format) == ("", len(data), "JPEG")
    assert (image.width, image.height) == (640, 480)
    assert image.ingested_at
    for side in settings.THUMBNAIL_SIZES_PX:
        with storage.open_file(image.thumbnail_key(side)) as stream:
            assert Picture(stream).long_side == min(side, 640)
    assert not storage.exists(storage.image_key(image.sha256, "jpg"))
    assert sent == [(settings.IMAGE_INDEXING, [image.pk])]


def test_a_source_that_copies_keeps_the_bytes(tmp_path: Path) -> None:
    source = catalogueone_file(tmp_path, copies=True)
    image = Image.objects.get()
    assert image.key == storage.image_key(image.sha256, "jpg")
    with storage.open_file(image.key) as stream:
        assert stream.read() == (tmp_path / "a.jpg").read_bytes()
    assert states(source) == {"a.jpg": "indexed"}


def test_what_lay_there_already_is_copied_once_the_source_copies(tmp_path: Path) -> None:
    catalogueone_file(tmp_path)
    assert not Image.objects.get().key
    catalogue(tmp_path, copies=True)
    image = Image.objects.get()
    assert storage.exists(image.key)


def test_copies_are_one_image(tmp_path: Path, sent: Any) -> None:
    for name in ("a.jpg", "b.jpg", "deep/c.JPG"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(photo(1))
    source = catalogue(tmp_path)
    assert Image.objects.get().files.count() == 3
    assert set(states(source).values()) == {"indexed"}
    assert [path for path, _ in sent].count("media_index.tasks.index_images") == 1


def test_an_image_under_a_new_name_is_described_anew(tmp_path: Path, sent: Any, settings: Any) -> None:
    catalogueone_file(tmp_path / "one")
    first = Image.objects.get()
    sent.clear()
    (tmp_path / "two").mkdir()
    (tmp_path / "two/b.jpg").write_bytes((tmp_path / "one/a.jpg").read_bytes())
    file = catalogue(tmp_path / "two").files.get()
    assert sent == [(settings.IMAGE_DESCRIBING, [first.pk])]
    sent.clear()
    (tmp_path / "two/b.jpg").write_bytes(photo())
    assert catalogue(tmp_path / "two").files.get() == file
    fresh = Image.objects.exclude(pk=first.pk).get()
    assert sorted(sent) == [(settings.IMAGE_DESCRIBING, [first.pk]), (settings.IMAGE_INDEXING, [fresh.pk])]


def test_an_uploaded_photo_is_recognised_and_keeps_its_bytes(tmp_path: Path) -> None:
    (path,) = fill(tmp_path, "a.jpg")
    with path.open("rb") as stream:
        image, _ = image_store(stream=stream)
    source = catalogue(tmp_path)
    assert source.files.get().image == image
    image.refresh_from_db()
    assert image.key and image.ingested_at


def test_an_image_that_lay_elsewhere_is_stored_when_it_is_uploaded(tmp_path: Path) -> None:
    catalogueone_file(tmp_path)
    with (tmp_path / "a.jpg").open("rb") as stream:
        image, is_new = image_store(stream=stream)
    assert not is_new
    assert Image.objects.get().key == image.key == storage.image_key(image.sha256, "jpg")
    with storage.open_file(image.key) as stored:
        assert stored.read() == (tmp_path / "a.jpg").read_bytes()


def test_an_uploaded_image_is_indexed_once_it_is_ingested(tmp_path: Path, sent: Any, settings: Any) -> None:
    (path,) = fill(tmp_path, "a.jpg")
    with path.open("rb") as stream:
        image, _ = image_store(stream=stream)
    assert sent == []
    for _ in range(2):
        image_ingest(image=image)
    assert sent == [(settings.IMAGE_INDEXING, [image.pk])]


def test_thumbnails_of_an_image_in_place_can_be_made_anew(tmp_path: Path) -> None:
    catalogueone_file(tmp_path)
    image = Image.objects.get()
    image.ingested_at = None
    storage.delete(image.thumbnail_key(512))
    image_ingest(image=image)
    assert storage.exists(image.thumbnail_key(512))


def test_a_message_that_comes_twice_does_nothing_the_second_time(tmp_path: Path, sent: Any) -> None:
    file = one_file(tmp_path)
    files_read(file_ids=[file.pk])
    before = SourceFile.objects.values().get()
    sent.clear()
    files_read(file_ids=[file.pk])
    assert (SourceFile.objects.values().get(), sent) == (before, [])


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty"), (b"this is no image", "not_an_image"), (photo(7)[:-400], "damaged")]
)
def test_a_bad_file_fails_alone_with_its_reason(tmp_path: Path, data: bytes, code: str) -> None:
    fill(tmp_path, "good.jpg", "fine.jpg")
    (tmp_path / "bad.jpg").write_bytes(data)
    source = catalogue(tmp_path)
    assert states(source) == {"good.jpg": "indexed", "fine.jpg": "indexed", "bad.jpg": "failed"}
    bad = source.files.get(name="bad.jpg")
    assert (bad.error_code, bad.image) == (code, None)
    assert bad.error
    assert Image.objects.count() == 2


def test_the_limits_are_those_of_uploads(tmp_path: Path, settings: Any) -> None:
    large, wide = fill(tmp_path, "large.jpg", "wide.jpg")
    large.write_bytes(photo(size=(200, 200)))
    wide.write_bytes(photo(size=(400, 10)))
    settings.UPLOAD_MAX_BYTES, settings.IMAGE_MAX_PIXELS = wide.stat().st_size, 3000
    source = catalogue(tmp_path)
    codes = dict(source.files.values_list("name", "error_code"))
    assert codes == {"large.jpg": "too_large", "wide.jpg": "too_many_pixels"}


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path: Path, settings: Any) -> None:
    file = one_file(tmp_path)
    (tmp_path / "a.jpg").unlink()
    settings.UPLOAD_MAX_BYTES = file.size - 1
    files_read(file_ids=[file.pk])
    assert SourceFile.objects.get().error_code == "too_large"


def test_a_file_that_vanished_is_gone(tmp_path: Path) -> None:
    file = one_file(tmp_path)
    (tmp_path / "a.jpg").unlink()
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error) == ("gone", "The file is not there any more.")


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("replace", [_link, _pipe, _folder])
def test_what_is_no_file_any_more_is_gone_and_not_read(tmp_path: Path, replace: Callable[[Path], None]) -> None:
    file = one_file(tmp_path)
    replace(tmp_path / "a.jpg")
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, Image.objects.count()) == ("gone", 0)


def test_a_folder_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    fill(root, "deep/a.jpg")
    fill(elsewhere, "a.jpg")
    source = added(root)
    listed(source)
    (root / "deep").rename(tmp_path / "away")
    (root / "deep").symlink_to(elsewhere)
    read(source.files.all())
    assert states(source) == {"deep/a.jpg": "gone"}


def test_a_file_that_changed_since_it_was_listed_is_taken_as_it_is(tmp_path: Path) -> None:
    file = one_file(tmp_path)
    (tmp_path / "a.jpg").write_bytes(photo(size=(100, 80)))
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    status = (tmp_path / "a.jpg").stat()
    assert (file.state, file.size, file.changed_ns) == ("indexed", status.st_size, status.st_mtime_ns)
    source = added(tmp_path)
    listed(source)
    assert states(source) == {"a.jpg": "indexed"}


def _writing_meanwhile(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Somebody writes to the file whenever its picture is looked at."""
    ingest = images._ingest

    def disturbed(image: Image, stream: Any) -> None:
        ingest(image, stream)
        with path.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(images, "_ingest", disturbed)


def test_a_file_that_changes_while_it_is_read_is_read_again_later(
    tmp_path: Path, sent: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    file = one_file(tmp_path)
    with monkeypatch.context() as patch:
        _writing_meanwhile(patch, tmp_path / "a.jpg")
        files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code, Image.objects.count()) == ("queued", "changing", 0)
    monkeypatch.setattr(reading, "queue_length", lambda queue: 0)
    files_resume()
    assert sent[-1][0] == settings.IMAGE_INDEXING, "not at once"
    SourceFile.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    files_resume()
    assert sent[-1] == (settings.SOURCE_READING, [file.pk])
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code, Image.objects.count()) == ("indexed", "", 1)


def test_a_file_that_never_rests_fails_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    file = one_file(tmp_path)
    _writing_meanwhile(monkeypatch, tmp_path / "a.jpg")
    for _ in range(settings.PIPELINE_ATTEMPTS):
        files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code, Image.objects.count()) == ("failed", "changing", 0)


def test_a_copy_is_what_was_read_though_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = fill(tmp_path, "a.jpg")
    before = path.read_bytes()
    _writing_meanwhile(monkeypatch, path)
    catalogue(tmp_path, copies=True)
    with storage.open_file(Image.objects.get().key) as stream:
        assert stream.read() == before


def test_a_copy_of_a_file_that_grows_for_ever_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_bytes: list[int] = []

    class Growing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            read_bytes.append(size or 0)
            return b"x" * (size or 0)

    monkeypatch.setattr(places.OpenFile, "has_changed", lambda file: True)
    with pytest.raises(Problem) as caught:
        places.snapshot(places.OpenFile(Growing(), size=5 * 2**20, changed_ns=1, is_live=True))
    assert (caught.value.code, sum(read_bytes)) == ("changing", 6 * 2**20)


def test_a_disk_that_is_away_marks_nothing_as_gone(tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "disk"
    file = one_file(folder)
    folder.rename(tmp_path / "away")
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code) == ("queued", "source_unavailable")
    for _ in range(settings.PIPELINE_ATTEMPTS - 1):
        files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code) == ("failed", "source_unavailable")
    assert str(folder) in file.error
    (tmp_path / "away").rename(folder)
    assert states(catalogue(folder)) == {"a.jpg": "indexed"}


def test_a_file_without_permission_fails_with_the_systems_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, real = one_file(tmp_path), os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if path == b"a.jpg":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code) == ("failed", "unreadable")
    assert "Permission denied" in file.error


def test_a_file_that_crashes_its_worker_fails_in_the_end(tmp_path: Path, settings: Any) -> None:
    file = one_file(tmp_path)
    SourceFile.objects.update(attempts=settings.PIPELINE_ATTEMPTS)
    files_read(file_ids=[file.pk])
    file.refresh_from_db()
    assert (file.state, file.error_code) == ("failed", "crashed")


def test_what_was_tried_before_goes_on_alone(tmp_path: Path, sent: Any, settings: Any) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    source = added(tmp_path)
    listed(source)
    tried = source.files.get(name="b.jpg")
    source.files.filter(pk=tried.pk).update(attempts=1)
    files_read(file_ids=list(source.files.values_list("pk", flat=True)))
    assert states(source) == {"a.jpg": "indexed", "b.jpg": "queued", "c.jpg": "indexed"}
    assert (settings.SOURCE_READING, [tried.pk]) in sent


def test_failed_files_are_read_again_when_asked(tmp_path: Path, sent: Any, settings: Any) -> None:
    source = catalogueone_file(tmp_path)
    file = source.files.get()
    source.files.update(state="failed", error_code="damaged", error="It was.", attempts=3)
    assert files_retry(file_ids=[file.pk]) == 1
    assert sent[-1] == (settings.SOURCE_READING, [file.pk])
    files_read(file_ids=[file.pk])
    assert states(source) == {"a.jpg": "indexed"}


def test_nothing_is_sent_again_while_messages_wait(tmp_path: Path, sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one_file(tmp_path)
    SourceFile.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    monkeypatch.setattr(reading, "queue_length", lambda queue: 1)
    files_resume()
    assert sent == []


@pytest.mark.assets
@pytest.mark.skipif(not ASSETS.is_dir(), reason="PHOTOFINDER_ASSETS names no folder with the event builder")
def test_each_hostile_file_gets_its_verdict(tmp_path: Path) -> None:
    few = ["--people", "5", "--photos", "2", "--size", "1500x1000", "--hostile"]
    subprocess.run(
        [sys.executable, ASSETS / "tools/make_event.py", ASSETS / "data/lfw_dev", tmp_path, *few], check=True
    )
    verdicts = json.loads((tmp_path / "hostile.json").read_text())
    source = catalogue(tmp_path / "hostile")
    expected = {
        name: "indexed" if verdict == "accepted" else "failed"
        for name, verdict in verdicts.items()
        if not name.endswith(".svg")  # by its name no image
    }
    assert states(source) == expected
    assert all(source.files.filter(state="failed").exclude(error="").values_list("error_code", flat=True))


def catalogueone_file(folder: Path, *, copies: bool = False) -> Any:
    """A source with one file, a.jpg, that was read."""
    fill(folder, "a.jpg")
    return catalogue(folder, copies=copies)
