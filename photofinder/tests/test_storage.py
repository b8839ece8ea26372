"""Files under keys made of their content, on a disk and on S3, behind URLs that expire."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from photofinder import storage

SHA = "ab" + "cd" + "0" * 60


@pytest.fixture
def disk(settings: Any, tmp_path: Path) -> Path:
    options = {"location": tmp_path, "base_url": "/media/"}
    default = {"BACKEND": "photofinder.storage.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": default}
    return tmp_path


@pytest.fixture
def s3(settings: Any) -> Iterator[None]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    session = boto3.Session("key", "secret", region_name="us-east-1")
    session.client("s3", endpoint_url=endpoint).create_bucket(Bucket="photos")
    options = settings.S3_OPTIONS | {
        "bucket_name": "photos",
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
    }
    default = {"BACKEND": "photofinder.s3.JoiningS3Storage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": default}
    yield
    server.stop()


def test_it_spells_keys_by_content() -> None:
    assert storage.image_key(SHA, "jpg") == f"images/ab/cd/{SHA}.jpg"
    assert storage.thumbnail_key(SHA, 512) == f"thumbs/ab/cd/{SHA}_512.webp"
    assert storage.preview_key(SHA, 1600, "plain") == f"previews/ab/cd/{SHA}_1600_plain.jpg"
    assert storage.logo_key(SHA) == f"logos/ab/cd/{SHA}.png"
    assert storage.crop_key(SHA, (0.5, 0.25, 0.1, 0.12345)) == f"crops/ab/cd/{SHA}_5000-2500-1000-1234.webp"


def test_it_writes_again_over_what_is_there(disk: Path) -> None:
    for content in (b"half", b"whole"):
        storage.save("a/b.bin", io.BytesIO(content))
    with storage.open_file("a/b.bin") as file:
        assert file.read() == b"whole"
    assert [path.name for path in (disk / "a").iterdir()] == ["b.bin"]


def test_it_leaves_nothing_behind_when_the_source_breaks_off(disk: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("connection lost")

    with pytest.raises(OSError, match="connection lost"):
        storage.save("a/b.bin", Broken(b"content"))
    assert list((disk / "a").iterdir()) == []


@pytest.mark.parametrize("key", ["../outside.txt", "/etc/passwd", "a/../../outside.txt"])
def test_it_never_writes_outside_its_folder(disk: Path, key: str) -> None:
    with pytest.raises(Exception, match=r"outside|Detected path traversal"):
        storage.save(key, b"content")


def test_it_deletes_what_is_there_and_does_not_mind_what_is_not(disk: Path) -> None:
    storage.save("a/b.bin", b"content")
    for _ in range(2):
        storage.delete("a/b.bin")
    assert not storage.exists("a/b.bin")


def test_it_signs_urls_that_expire(disk: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(storage.signed_url("a/b.webp")).query).items()}
    assert storage.is_signed("a/b.webp", **query)
    assert not storage.is_signed("a/c.webp", **query)
    assert not storage.is_signed("a/b.webp", str(int(query["expires"]) + 1), query["signature"])
    later = time.time() + settings.URL_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert not storage.is_signed("a/b.webp", **query)


def test_it_gives_one_url_for_a_while_so_that_browsers_cache(disk: Path) -> None:
    assert storage.signed_url("a/b.webp") == storage.signed_url("a/b.webp")


@pytest.mark.usefixtures("s3")
def test_it_keeps_files_on_s3_behind_signed_urls() -> None:
    content = os.urandom(300_000)
    for _ in range(2):
        storage.save("images/x.jpg", io.BytesIO(content))
    with storage.open_file("images/x.jpg") as file:
        assert file.read() == content
    assert default_storage.listdir("images")[1] == ["x.jpg"]
    url = storage.signed_url("images/x.jpg")
    assert requests.get(url, timeout=10).content == content
    assert "X-Amz-Expires" in url
