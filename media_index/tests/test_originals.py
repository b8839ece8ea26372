"""Originals, wherever they lie."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from media_index.models import Image, SourceFile
from media_index.services import image_store
from media_index.services.originals import original_open, original_url
from media_index.tests.library import catalogue, fill, photo
from photofinder import storage
from photofinder.errors import Problem

pytestmark = pytest.mark.django_db


def _found(folder: Path, *names: str) -> Image:
    """One image, found under these names."""
    data = photo()
    for path in fill(folder, *names):
        path.write_bytes(data)
    catalogue(folder)
    return Image.objects.get()


def test_an_original_is_read_where_it_lies(tmp_path: Path) -> None:
    image = _found(tmp_path, "a.jpg")
    with original_open(image) as stream:
        assert stream.read() == (tmp_path / "a.jpg").read_bytes()
        assert stream.seek(0) == 0


def test_the_next_copy_serves_when_the_first_is_gone_or_changed(tmp_path: Path) -> None:
    image = _found(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    paths = [tmp_path / file.name for file in SourceFile.objects.order_by("pk")]
    data = paths[2].read_bytes()
    paths[0].unlink()
    paths[1].write_bytes(b"x")
    with original_open(image) as stream:
        assert stream.read() == data
    paths[2].unlink()
    with pytest.raises(Problem, match="No source") as caught:
        original_open(image)
    assert caught.value.code == "missing"


def test_the_storage_comes_first_and_a_source_steps_in(tmp_path: Path) -> None:
    image = _found(tmp_path, "a.jpg")
    with (tmp_path / "a.jpg").open("rb") as stream:
        image, _ = image_store(stream=stream)
    storage.delete(image.key)
    with original_open(image) as stream:
        assert stream.read() == (tmp_path / "a.jpg").read_bytes()


def test_its_address_opens_it_under_its_name(tmp_path: Path, client: Client) -> None:
    image = _found(tmp_path, "deep/имя.JPG")
    answer = client.get(original_url(image))
    assert b"".join(answer) == (tmp_path / "deep/имя.JPG").read_bytes()
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Length"] == str(image.bytes)
    assert answer["Content-Disposition"] == "inline; filename*=utf-8''%D0%B8%D0%BC%D1%8F.JPG"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"] and "immutable" in answer["Cache-Control"]


@pytest.mark.parametrize("name", [b'"; evil="\n.jpg', b"a\r\nSet-Cookie: x=1.jpg", b"\xff\xfe.jpg", b"\x1b[31m\\.jpg"])
def test_odd_names_break_no_header(tmp_path: Path, client: Client, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(photo())
    catalogue(tmp_path)
    answer = client.get(original_url(Image.objects.get()))
    assert answer.status_code == 200
    assert not answer.has_header("Set-Cookie")
    assert not set(answer["Content-Disposition"]) & set("\r\n\x1b")


def test_no_query_and_no_disk_is_asked_for_an_address(tmp_path: Path, django_assert_num_queries: Any) -> None:
    image = _found(tmp_path, "a.jpg")
    (tmp_path / "a.jpg").unlink()
    with django_assert_num_queries(0):
        assert original_url(image)


def test_what_is_stored_has_the_address_of_the_storage(tmp_path: Path) -> None:
    (path,) = fill(tmp_path, "a.jpg")
    with path.open("rb") as stream:
        image, _ = image_store(stream=stream)
    assert original_url(image) == storage.signed_url(image.key)


def test_an_old_address_leads_to_the_storage_once_it_is_there(tmp_path: Path, client: Client) -> None:
    image = _found(tmp_path, "a.jpg")
    url = original_url(image)
    with (tmp_path / "a.jpg").open("rb") as stream:
        image, _ = image_store(stream=stream)
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, storage.signed_url(image.key))


def test_an_address_that_is_not_signed_or_expired_opens_nothing(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    image = _found(tmp_path, "a.jpg")
    url = original_url(image)
    other = url.replace(image.sha256, "0" * 64)
    for wrong in (url.partition("?")[0], f"{url}0", other, url.replace("expires=", "expires=9")):
        assert client.get(wrong).status_code == 403, wrong
    later = time.time() + settings.URL_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(url).status_code == 403


def _changed(path: Path) -> None:
    path.write_bytes(b"something else")


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _touched(path: Path) -> None:
    os.utime(path, ns=(0, 1))


@pytest.mark.parametrize("spoil", [_changed, _linked, _touched, Path.unlink])
def test_what_is_not_the_file_that_was_read_is_not_served(tmp_path: Path, client: Client, spoil: Any) -> None:
    image = _found(tmp_path, "a.jpg")
    spoil(tmp_path / "a.jpg")
    answer = client.get(original_url(image))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_address_of_an_image_that_was_deleted_is_not_found(tmp_path: Path, client: Client) -> None:
    image = _found(tmp_path, "a.jpg")
    url = original_url(image)
    SourceFile.objects.all().delete()
    image.delete()
    assert client.get(url).status_code == 404


def test_the_page_of_an_image_in_admin_links_it(tmp_path: Path, admin_client: Client, plain_static: None) -> None:
    image = _found(tmp_path, "a.jpg")
    page = admin_client.get(f"/admin/media_index/image/{image.pk}/change/")
    assert f"/media/originals/{image.sha256}?" in page.content.decode()
