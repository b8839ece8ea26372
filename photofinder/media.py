"""Stored files behind signed URLs that expire, while they lie on a disk; S3 serves its own."""

import re
import time
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from photofinder.storage import SignedFileSystemStorage, is_signed

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CHUNK_BYTES = 256 * 1024
# By suffix; not from the system's table: a bare machine has none that knows these.
CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".heic": "image/heic",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}


@require_safe
def media(request: HttpRequest, key: str) -> HttpResponseBase:
    """The file of that key, kept by browsers as long as its URL works."""
    expires = request.GET.get("expires", "")
    if not isinstance(default_storage, SignedFileSystemStorage):
        return problem_json(404, "not_found", "Files are not served from here.")
    if not is_signed(key, expires, request.GET.get("signature", "")):
        return problem_json(403, "link_expired", "This link is not valid any more; ask for a new one.")
    try:
        file = default_storage.open(key)
    except FileNotFoundError:
        return problem_json(404, "not_found", "The file is not in the storage any more.")
    content_type = CONTENT_TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")
    response = file_part(file, request.headers.get("Range", ""), content_type)
    # Keys are made of the content, so what is behind a URL never changes.
    patch_cache_control(response, private=True, immutable=True, max_age=seconds_left(expires))
    return response


def file_part(file: Any, asked: str, content_type: str) -> FileResponse:
    """The file, or the one part of it that is asked for: players of films jump by that."""
    size = file.size
    match = _RANGE.fullmatch(asked)
    if match is None or not any(match.groups()):
        response = FileResponse(file, content_type=content_type)
        response["Accept-Ranges"] = "bytes"
        return response
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        file.close()
        return FileResponse(iter(()), status=416, headers={"Content-Range": f"bytes */{size}"})
    file.seek(start)
    response = FileResponse(_chunks(file, end + 1 - start), status=206, content_type=content_type)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response["Content-Length"] = str(end + 1 - start)
    return response


def _chunks(file: Any, left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk


def seconds_left(expires: str) -> int:
    """How long a signed URL still works."""
    return max(int(expires) - int(time.time()), 0)


def problem_json(status: int, code: str, detail: str) -> JsonResponse:
    """What is wrong, as the API says it."""
    return JsonResponse({"code": code, "detail": detail}, status=status)
