"""Uploaded files on their way in, before any view sees them."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler


class BoundedUploads(TemporaryFileUploadHandler):
    """Spools files to the disk: none of callers who have not signed in, and of each no more than shows it too large.

    The API reads a body only after it has checked the token. Django's protection of forms reads it before any view,
    but knows the session by then; no page that works without one takes files.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Raises StopUpload for the anonymous: neither this file nor what follows it is read."""
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)
        self._most = max(settings.UPLOAD_MAX_BYTES, settings.SELFIE_MAX_BYTES) + 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep of a chunk what lies below the limit; the rest is read and forgotten."""
        super().receive_data_chunk(raw_data[: max(self._most - start, 0)], start)

    def file_complete(self, file_size: int) -> Any:
        """The file; where it was cut, one byte larger than anything that is taken."""
        return super().file_complete(min(file_size, self._most))
