"""Sources on S3."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests
from django.test import Client
from django.utils import timezone
from moto.server import ThreadedMotoServer

from media_index.models import Image, Source
from media_index.services import places
from media_index.services.originals import original_open, original_url
from media_index.tests.library import added, catalogue, listed, photo, read, states
from photofinder.errors import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, settings: Any) -> Iterator[Any]:
    """A client of a new bucket `archive`."""
    options = {"endpoint_url": endpoint, "region_name": "us-east-1", "access_key": "key", "secret_key": "secret"}
    settings.S3_OPTIONS = settings.S3_OPTIONS | options
    client = boto3.Session("key", "secret", region_name="us-east-1").client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="archive")
    yield client
    boto3.Session("key", "secret").resource("s3", endpoint_url=endpoint).Bucket("archive").objects.delete()
    client.delete_bucket(Bucket="archive")


def _put(s3: Any, *keys: str) -> list[bytes]:
    data = [photo() for _ in keys]
    for key, content in zip(keys, data, strict=True):
        s3.put_object(Bucket="archive", Key=key, Body=content)
    return data


def test_a_prefix_is_catalogued_without_its_neighbours(s3: Any) -> None:
    _put(s3, "2026/a.jpg", "2026/deep/имя b.jpg", "2026/notes.txt", "2026b/c.jpg", "d.jpg")
    source = catalogue("s3://archive/2026")
    assert states(source) == {"a.jpg": "indexed", "deep/имя b.jpg": "indexed"}
    assert source.state == Source.State.LISTED
    assert not Image.objects.exclude(key="").exists()


def test_a_whole_bucket_is_catalogued_once(s3: Any) -> None:
    _put(s3, "a.jpg", "deep/b.jpg")
    before = catalogue("s3://archive").files.order_by("pk").values_list("pk", "image", "changed_at")
    rows = list(before)
    listed(added("s3://archive"))
    assert list(before.all()) == rows


def test_what_changed_is_read_again_and_what_is_deleted_is_gone(s3: Any) -> None:
    _put(s3, "a.jpg", "b.jpg")
    source = catalogue("s3://archive")
    s3.put_object(Bucket="archive", Key="a.jpg", Body=photo(size=(100, 80)))
    s3.delete_object(Bucket="archive", Key="b.jpg")
    listed(added("s3://archive"))
    assert states(source) == {"a.jpg": "queued", "b.jpg": "gone"}


def test_an_object_that_vanished_is_gone(s3: Any) -> None:
    _put(s3, "a.jpg")
    source = added("s3://archive")
    listed(source)
    s3.delete_object(Bucket="archive", Key="a.jpg")
    read(source.files.all())
    assert states(source) == {"a.jpg": "gone"}


def test_more_than_a_page_of_keys(s3: Any, settings: Any) -> None:
    settings.SOURCE_BATCH = 400
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: s3.put_object(Bucket="archive", Key=f"{number}.jpg", Body=b""), range(1010)))
    source = added("s3://archive")
    listed(source)
    assert source.files.count() == 1010


def test_copies_are_made_of_objects_too(s3: Any) -> None:
    (data,) = _put(s3, "a.jpg")
    catalogue("s3://archive", copies=True)
    image = Image.objects.get()
    assert image.key
    s3.delete_object(Bucket="archive", Key="a.jpg")
    with original_open(image) as stream:
        assert stream.read() == data


def test_an_original_is_fetched_from_s3_itself(s3: Any, client: Client) -> None:
    (data,) = _put(s3, "deep/a.jpg")
    catalogue("s3://archive")
    image = Image.objects.get()
    with original_open(image) as stream:
        assert stream.read() == data
    answer = client.get(original_url(image))
    assert answer.status_code == 302
    assert requests.get(answer["Location"], timeout=10).content == data
    s3.put_object(Bucket="archive", Key="deep/a.jpg", Body=photo(size=(100, 80)))
    assert client.get(original_url(image)).status_code == 404


def test_a_bucket_that_is_not_there_fails_the_listing(s3: Any) -> None:
    source = added("s3://nowhere")
    listed(source)
    assert source.state == Source.State.FAILED
    assert "nowhere" in source.error


def test_a_server_that_does_not_answer_fails_the_listing_and_keeps_files_waiting(s3: Any, settings: Any) -> None:
    _put(s3, "a.jpg")
    source = added("s3://archive")
    listed(source)
    settings.S3_OPTIONS = settings.S3_OPTIONS | {"endpoint_url": "http://127.0.0.1:9"}
    read(source.files.all())
    assert source.files.get().error_code == "source_unavailable"
    assert states(source) == {"a.jpg": "queued"}
    Source.objects.update(state=Source.State.QUEUED)
    listed(source)
    assert source.state == Source.State.FAILED


def test_a_large_object_waits_on_the_disk(s3: Any, settings: Any) -> None:
    settings.S3_OPTIONS = settings.S3_OPTIONS | {"max_memory_size": 1000}
    (data,) = _put(s3, "a.jpg")
    catalogue("s3://archive")
    with original_open(Image.objects.get()) as stream:
        assert not isinstance(getattr(stream, "_file", None), io.BytesIO)
        assert stream.read() == data


def _answering(monkeypatch: pytest.MonkeyPatch, said: int, sent: int) -> list[str]:
    """S3 says that an object has so many megabytes, and sends so many; what it was asked for."""
    asked: list[str] = []

    class Body:
        def iter_chunks(self, size: int) -> Iterator[bytes]:
            for _ in range(sent):
                asked.append("chunk")
                yield b"x" * size

        def close(self) -> None:
            asked.append("close")

    answer = {"Body": Body(), "ContentLength": said * 2**20, "LastModified": timezone.now()}
    monkeypatch.setattr(places, "_s3", lambda: SimpleNamespace(get_object=lambda **_: answer))
    return asked


@pytest.mark.parametrize(("said", "code", "chunks"), [(400, "too_large", 0), (3, "changing", 4)])
def test_no_more_is_copied_of_an_object_than_it_may_have(
    monkeypatch: pytest.MonkeyPatch, said: int, code: str, chunks: int
) -> None:
    asked = _answering(monkeypatch, said, sent=400)
    with pytest.raises(Problem) as caught:
        places.place_of("s3://archive").opened(b"a.jpg")
    assert caught.value.code == code
    assert asked == ["chunk"] * chunks + ["close"]
