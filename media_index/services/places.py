"""Where sources lie: folders and S3 prefixes, listed and opened alike."""

import errno
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from media_index.folders import Found, Notes, is_image_name, open_below, open_root, walk
from photofinder.errors import Problem, RefusedFile

S3 = "s3://"
_GONE = {"404", "NoSuchKey", "NotFound"}
_COPY_BYTES = 1024 * 1024
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class OpenFile:
    """A seekable stream of a file, and what the file was like when it was opened."""

    stream: BinaryIO
    size: int
    changed_ns: int
    is_live: bool  # the file itself, which somebody may write to while it is read; otherwise a copy

    def has_changed(self) -> bool:
        """Whether somebody wrote to the file since it was opened."""
        return self.is_live and _stamp(os.fstat(self.stream.fileno())) != (self.size, self.changed_ns)


class Place(Protocol):
    """Where the files of a source are."""

    def listed(self, notes: Notes) -> Iterator[Found | None]:
        """The images, and None for everything else that is met. Raises Problem `source_unavailable`."""
        ...

    def opened(self, path: bytes) -> OpenFile:
        """The file there, to be closed by the caller. Raises Problem `gone`, `unreadable`, `source_unavailable`."""
        ...

    def url(self, file: Found) -> str:
        """An address that opens the file for a while; empty where it has none of its own, or is not as found."""
        ...


def size_check(size: int) -> None:
    """Raise RefusedFile `too_large` for more bytes than settings.UPLOAD_MAX_BYTES."""
    if size > settings.UPLOAD_MAX_BYTES:
        megabytes = settings.UPLOAD_MAX_BYTES // 1024**2
        raise RefusedFile("too_large", f"The file is larger than {megabytes} MB.")


def place_of(location: str) -> Place:
    """The place that a source's location names."""
    if location.startswith(S3):
        parts = urlsplit(location)
        return Bucket(parts.netloc, parts.path.strip("/"))
    return Folder(location)


class Folder:
    """A folder and all below it, on this machine's disks."""

    def __init__(self, root: str) -> None:
        self._root = os.fsencode(root)

    def listed(self, notes: Notes) -> Iterator[Found | None]:
        """Without the folder where the site keeps its own files, should it lie below."""
        try:
            yield from walk(self._root, notes, without=_own_folders())
        except OSError as error:
            raise self._unavailable(error) from error

    def opened(self, path: bytes) -> OpenFile:
        """The file, if it is a regular one and no link leads there."""
        with self._top() as top:
            try:
                descriptor = open_below(top, path)
            except FileNotFoundError as error:
                raise Problem("gone", "The file is not there any more.") from error
            except OSError as error:
                raise _unopened(error) from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise Problem("gone", "It is no regular file any more.")
        return OpenFile(os.fdopen(descriptor, "rb"), *_stamp(status), is_live=True)

    def url(self, file: Found) -> str:
        """None: the site itself hands out what lies on its disks."""
        return ""

    @contextmanager
    def _top(self) -> Iterator[int]:
        try:
            top = open_root(self._root)
        except OSError as error:
            raise self._unavailable(error) from error
        try:
            yield top
        finally:
            os.close(top)

    def _unavailable(self, error: OSError) -> Problem:
        folder = self._root.decode(errors="replace")
        reason = "there is a symbolic link on the way now" if error.errno == errno.ELOOP else error.strerror or error
        detail = f"The folder {folder} cannot be read on {socket.gethostname()}: {reason}."
        return Problem("source_unavailable", detail)


class Bucket:
    """The objects of an S3 bucket whose keys begin with a prefix and a slash."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def listed(self, notes: Notes) -> Iterator[Found | None]:
        """A page of a thousand keys at a time."""
        pages = _s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        try:
            for page in pages:
                for item in page.get("Contents", []):
                    notes.looked_at += 1
                    yield self._found(item)
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def opened(self, path: bytes) -> OpenFile:
        """A copy, in memory while it is small. Raises RefusedFile `too_large` too."""
        try:
            answer = _s3().get_object(Bucket=self._bucket, Key=self._key(path))
            with closing(answer["Body"]) as body:
                stream = _copied(body.iter_chunks(_COPY_BYTES), answer["ContentLength"])
        except ClientError as error:
            raise self._unopened(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error) from error
        return OpenFile(stream, answer["ContentLength"], _nanoseconds(answer["LastModified"]), is_live=False)

    def url(self, file: Found) -> str:
        """A presigned one."""
        where = {"Bucket": self._bucket, "Key": self._key(file.path)}
        try:
            answer = _s3().head_object(**where)
        except (BotoCoreError, ClientError):
            return ""
        if (answer["ContentLength"], _nanoseconds(answer["LastModified"])) != (file.size, file.changed_ns):
            return ""
        return str(_s3().generate_presigned_url("get_object", Params=where, ExpiresIn=settings.URL_SECONDS))

    def _key(self, path: bytes) -> str:
        return self._prefix + path.decode()

    def _found(self, item: Any) -> Found | None:
        path = item["Key"].removeprefix(self._prefix).encode()
        return Found(path, item["Size"], _nanoseconds(item["LastModified"])) if is_image_name(path) else None

    def _unopened(self, error: ClientError) -> Problem:
        if error.response["Error"]["Code"] in _GONE:
            return Problem("gone", "The object is not there any more.")
        return Problem("unreadable", f"The object cannot be read: {error}")

    def _unavailable(self, error: Exception) -> Problem:
        return Problem("source_unavailable", f"The bucket {self._bucket} cannot be read: {error}")


def snapshot(file: OpenFile) -> OpenFile:
    """A copy that nobody writes to, in memory while it is small; the file is closed. Raises Problem `changing`,
    RefusedFile `too_large`.
    """
    with file.stream:
        copy = _copied(iter(lambda: file.stream.read(_COPY_BYTES), b""), file.size)
        if file.has_changed():
            copy.close()
            raise _changing()
    return OpenFile(copy, file.size, file.changed_ns, is_live=False)


def _copied(chunks: Iterator[bytes], size: int) -> BinaryIO:
    """The chunks, which make up `size` bytes; no more are read of one that grows, or of a server without end."""
    size_check(size)
    copy = tempfile.SpooledTemporaryFile(max_size=settings.S3_OPTIONS["max_memory_size"])  # noqa: SIM115 - the caller's
    try:
        for chunk in chunks:
            if copy.tell() + len(chunk) > size:
                raise _changing()
            copy.write(chunk)
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return cast(BinaryIO, copy)


def _changing() -> Problem:
    return Problem("changing", "The file changed while it was read.")


def _unopened(error: OSError) -> Problem:
    """A link or a file where a folder was have taken the place of what was listed."""
    if isinstance(error, NotADirectoryError) or error.errno == errno.ELOOP:
        return Problem("gone", "A symbolic link is in its place now, which is not followed.")
    return Problem("unreadable", f"The file cannot be read: {error.strerror or error}.")


def _own_folders() -> frozenset[tuple[int, int]]:
    """Device and inode of the folder where the site keeps its files: thumbnails are no images to catalogue."""
    if not isinstance(default_storage, FileSystemStorage):
        return frozenset()
    try:
        status = os.stat(default_storage.location)  # noqa: PTH116 - both numbers of one look
    except FileNotFoundError:
        return frozenset()
    return frozenset({(status.st_dev, status.st_ino)})


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _nanoseconds(moment: Any) -> int:
    """S3 knows whole seconds in listings."""
    return int(moment.timestamp()) * _NANOSECONDS


def _s3() -> Any:
    options = settings.S3_OPTIONS
    names = ("endpoint_url", "region_name", "access_key", "secret_key", "addressing_style", "signature_version")
    return _client(*(options[name] for name in names))


@lru_cache(maxsize=4)
def _client(endpoint: str, region: str, key: str, secret: str, addressing: str, signature: str) -> Any:
    """A client with the site's credentials; making one takes longer than most questions."""
    style: Any = {"addressing_style": addressing}
    config = Config(s3=style, signature_version=signature, retries={"mode": "standard"})
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
    return session.client("s3", endpoint_url=endpoint, config=config)
