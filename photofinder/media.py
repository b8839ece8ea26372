"""Stored files behind signed URLs that expire, while they lie on a disk; S3 serves its own."""

import time
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from photofinder.storage import SignedFileSystemStorage, is_signed

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
    response = FileResponse(file, content_type=content_type)
    # Keys are made of the content, so what is behind a URL never changes.
    patch_cache_control(response, private=True, immutable=True, max_age=seconds_left(expires))
    return response


def seconds_left(expires: str) -> int:
    """How long a signed URL still works."""
    return max(int(expires) - int(time.time()), 0)


def problem_json(status: int, code: str, detail: str) -> JsonResponse:
    """What is wrong, as the API says it."""
    return JsonResponse({"code": code, "detail": detail}, status=status)
