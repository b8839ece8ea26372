"""Files behind signed URLs."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from photofinder import storage

KEY = "images/ab/cd/abcd.jpg"


@pytest.fixture(autouse=True)
def disk(settings: Any, tmp_path: Path) -> Path:
    backend = {
        "BACKEND": "photofinder.storage.SignedFileSystemStorage",
        "OPTIONS": {"location": tmp_path, "base_url": "/media/"},
    }
    settings.STORAGES = settings.STORAGES | {"default": backend}
    storage.save(KEY, b"pixels")
    return tmp_path


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        (KEY, "image/jpeg"),
        ("thumbs/ab_512.webp", "image/webp"),
        ("images/ab.heic", "image/heic"),
        ("images/ab.avif", "image/avif"),
        ("other/page.html", "application/octet-stream"),
    ],
)
def test_it_opens_a_signed_file(client: Client, key: str, content_type: str) -> None:
    storage.save(key, b"content of it")
    answer = client.get(storage.signed_url(key))
    assert answer.status_code == 200
    assert b"".join(answer) == b"content of it"
    assert answer["Content-Type"] == content_type
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_browsers_keep_it_as_long_as_the_url_works(client: Client, settings: Any) -> None:
    directives = dict(
        part.partition("=")[::2] for part in client.get(storage.signed_url(KEY))["Cache-Control"].split(", ")
    )
    assert {"private", "immutable"} < set(directives)
    assert settings.URL_SECONDS / 2 - 5 <= int(directives["max-age"]) <= settings.URL_SECONDS


def test_it_refuses_what_is_not_signed(client: Client) -> None:
    storage.save("images/other.jpg", b"secret")
    signed = storage.signed_url(KEY)
    query = signed.partition("?")[2]
    for url in (
        f"/media/{KEY}",
        f"{signed}0",
        signed.replace("expires=", "expires=9"),
        f"/media/images/other.jpg?{query}",
        f"/media/{KEY}?expires=soon&signature=none",
        f"/media/{quote('../settings.py')}?{query}",
    ):
        answer = client.get(url)
        assert (answer.status_code, answer.json()["code"]) == (403, "link_expired"), url


def test_it_refuses_an_expired_url(client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url, later = storage.signed_url(KEY), time.time() + settings.URL_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(url).status_code == 403


def test_it_says_when_the_file_is_gone(client: Client, disk: Path) -> None:
    url = storage.signed_url(KEY)
    (disk / KEY).unlink()
    answer = client.get(url)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_it_serves_no_files_of_another_storage(client: Client, settings: Any) -> None:
    url = storage.signed_url(KEY)
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": memory}
    assert client.get(url).status_code == 404


def test_it_only_reads(client: Client) -> None:
    assert client.head(storage.signed_url(KEY)).status_code == 200
    assert client.post(storage.signed_url(KEY)).status_code == 405


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-2", b"pix", "bytes 0-2/6"),
        ("bytes=4-", b"ls", "bytes 4-5/6"),
        ("bytes=-1", b"s", "bytes 5-5/6"),
        ("bytes=-99", b"pixels", "bytes 0-5/6"),
        ("bytes=3-999", b"els", "bytes 3-5/6"),
    ],
)
def test_players_jump_to_a_part_of_it(client: Client, asked: str, part: bytes, said: str) -> None:
    answer = client.get(storage.signed_url(KEY), headers={"range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (206, said)
    assert b"".join(answer) == part
    assert answer["Content-Length"] == str(len(part))


def test_a_part_behind_its_end_is_refused(client: Client) -> None:
    answer = client.get(storage.signed_url(KEY), headers={"range": "bytes=6-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */6")


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=x-1"])
def test_what_it_does_not_understand_is_answered_with_all(client: Client, asked: str) -> None:
    answer = client.get(storage.signed_url(KEY), headers={"range": asked})
    assert (answer.status_code, answer["Accept-Ranges"]) == (200, "bytes")
    assert b"".join(answer) == b"pixels"
