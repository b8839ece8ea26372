"""Where things are stored: the only place that spells a key, and the URLs that open one for a while."""

import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.signing import BadSignature, Signer

from photofinder.errors import Problem

# What keys begin with; all else in a bucket that the site shares is not its own.
FOLDERS = ("images", "thumbs", "previews", "logos", "crops", "portraits", "films", "frames", "health")
_signer = Signer(salt="photofinder.storage")


def image_key(sha256: str, extension: str) -> str:
    """The key of an original."""
    return f"images/{_shard(sha256)}.{extension}"


def thumbnail_key(sha256: str, long_side: int) -> str:
    """The key of the copy whose long side is at most `long_side` pixels."""
    return f"thumbs/{_shard(sha256)}_{long_side}.webp"


def preview_key(sha256: str, long_side: int, look: str) -> str:
    """The key of the copy for attendees whose long side is at most `long_side` pixels, in an event's `look`."""
    return f"previews/{_shard(sha256)}_{long_side}_{look}.jpg"


def preview_keys(sha256: str) -> set[str]:
    """The keys of all copies for attendees that are stored of an image, in whatever look."""
    return _stored(f"previews/{_shard(sha256)}")


def digest_in(key: str) -> str:
    """The SHA-256 of the image that a key is of; of a portrait's its random name."""
    return re.split("[_.]", key.rpartition("/")[2])[0]


def logo_key(sha256: str) -> str:
    """The key of a logo, by the content of its file."""
    return f"logos/{_shard(sha256)}.png"


def crop_key(sha256: str, box: tuple[float, float, float, float]) -> str:
    """The key of the cut-out around a face's box: the same place of the same image has the same key."""
    place = "-".join(f"{round(side * 10_000):d}" for side in box)
    return f"crops/{_shard(sha256)}_{place}.webp"


def crop_keys(sha256: str) -> set[str]:
    """The keys of all cut-outs that are stored of an image, whether a face has them or not."""
    return _stored(f"crops/{_shard(sha256)}")


def portrait_key() -> str:
    """A new key for the aligned face of a portrait; it says nothing of whose it is."""
    name = secrets.token_hex(16)
    return f"portraits/{name[:2]}/{name}.webp"


def chunk_key(video_id: int, start: int) -> str:
    """The key of a part of a film that is being sent, by where it begins in bytes."""
    return f"films/{video_id}/{start:015d}.part"


def is_film(key: str) -> bool:
    """Whether the key is of a film, of a part of one, or of what a killed worker left of it."""
    return key.startswith("films/")


def film_key(video_id: int, extension: str) -> str:
    """The key of a film."""
    return f"films/{video_id}/film.{extension}"


def frame_key(video_id: int, timestamp_s: float) -> str:
    """The key of a film's frame at that time."""
    return f"frames/{video_id}/{round(timestamp_s * 1000):010d}.webp"


def poster_key(video_id: int) -> str:
    """The key of the frame that stands for a film in lists."""
    return f"frames/{video_id}/poster.webp"


def film_keys(video_id: int) -> set[str]:
    """The keys of all that is stored of a film."""
    return _stored(f"films/{video_id}/") | _stored(f"frames/{video_id}/")


def save(key: str, content: bytes | BinaryIO) -> None:
    """Write `content` under `key`, whole or not at all; what was there is replaced."""
    file = ContentFile(content) if isinstance(content, bytes) else File(content)
    default_storage.save(key, file)


def join(key: str, parts: Iterable[str]) -> None:
    """Make one file of those under the keys `parts`, in their order, whole or not at all; what was there is replaced.

    On S3, whose server does it, all but the last are of 5 MiB or more. Raises Problem `missing`.
    """
    default_storage.join(key, parts)  # type: ignore[attr-defined] # both storages of settings.STORAGES have it


def join_drop(key: str) -> None:
    """Delete what a `join` that was killed left of `key` without a key of its own."""
    default_storage.join_drop(key)  # type: ignore[attr-defined] # as above


def size(key: str) -> int:
    """How many bytes are under `key`."""
    return default_storage.size(key)


def exists(key: str) -> bool:
    """Whether there is a file under `key`."""
    return default_storage.exists(key)


def delete(key: str) -> None:
    """Delete the file under `key`, if there is one."""
    default_storage.delete(key)


def open_file(key: str) -> closing[BinaryIO]:
    """The stored file, seekable; a context manager. Raises Problem `missing`."""
    try:
        return closing(default_storage.open(key))  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise Problem("missing", "The file is not in the storage any more.") from error


def source(key: str) -> Path | str:
    """Where a library that opens files by itself finds the stored file: its path, or a signed URL."""
    return Path(default_storage.path(key)) if isinstance(default_storage, FileSystemStorage) else signed_url(key)


def probe() -> None:
    """Write and read a few bytes. Raises what the storage raises when it cannot."""
    save("health/probe", b"ok")
    with open_file("health/probe") as file:
        file.read()


def signed_url(key: str) -> str:
    """A URL that opens the file for at least half of `settings.URL_SECONDS`, then expires."""
    return default_storage.url(key)


class SignedFileSystemStorage(FileSystemStorage):
    """Files on a disk, written atomically, opened by signed URLs that expire."""

    def _save(self, name: str, content: Any) -> str:
        """Write beside the target and rename: a reader or a kill never meets half a file."""
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return name

    def join(self, name: str, parts: Iterable[str]) -> None:
        """One file of others: `join` of this module."""
        self.save(name, _Joined(parts))

    def join_drop(self, name: str) -> None:
        """`join_drop` of this module: on a disk all that is left has keys."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Keys are made of the content, so a key that exists is written again."""
        return name

    def url(self, name: str | None) -> str:
        """The file's URL."""
        return f"{self.base_url}{quote(name or '')}?{signed_query(name or '')}"


class _Joined(File):  # type: ignore[type-arg] # generic for mypy only
    """Stored files, one behind the other; each is read when its turn comes."""

    def __init__(self, parts: Iterable[str]) -> None:
        super().__init__(None)
        self._parts = parts

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """What is in each."""
        for key in self._parts:
            with open_file(key) as file:
                yield file.read()


def signed_query(key: str) -> str:
    """What makes a URL open that key until it expires; the same for half of the period so that browsers cache it."""
    half = settings.URL_SECONDS // 2
    expires = (int(time.time()) // half + 2) * half
    return urlencode({"expires": expires, "signature": _signature(key, expires)})


def is_signed(key: str, expires: str, signature: str) -> bool:
    """Whether the signature opens that key now."""
    try:
        _signer.unsign(f"{key}:{expires}:{signature}")
    except BadSignature:
        return False
    return int(expires) > time.time()


def _signature(key: str, expires: int) -> str:
    return _signer.signature(f"{key}:{expires}")


def _stored(start: str) -> set[str]:
    """The keys that begin so."""
    folder, _slash, name = start.rpartition("/")
    try:
        _folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return set()
    return {f"{folder}/{file}" for file in files if file.startswith(name)}


def _shard(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
