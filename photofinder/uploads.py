"""Uploaded files on their way in, before any view sees them."""

import io
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload, TemporaryFileUploadHandler

_PATIENCE = 4  # so many times the largest selfie is read and forgotten, for the sender to read the answer


class BoundedUploads(TemporaryFileUploadHandler):
    """Spools files to the disk: none of callers who have not signed in, and of each no more than shows it too large.

    The API reads a body only after it has checked the token. Django's protection of forms reads it before any view,
    but knows the session by then; pages that take files of anybody say so with `SelfieUploads`.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Raises StopUpload for the anonymous: neither this file nor what follows it is read."""
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)
        self._most = self.most_bytes() + 1

    def most_bytes(self) -> int:
        """The largest file that any view takes through this handler."""
        return int(max(settings.UPLOAD_MAX_BYTES, settings.SELFIE_MAX_BYTES))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep of a chunk what lies below the limit; the rest is read and forgotten."""
        super().receive_data_chunk(raw_data[: max(self._most - start, 0)], start)

    def file_complete(self, file_size: int) -> Any:
        """The file; where it was cut, one byte larger than anything that is taken."""
        return super().file_complete(min(file_size, self._most))


class FilmUploads(BoundedUploads):
    """Spools whole films to the disk, of callers who have signed in."""

    def most_bytes(self) -> int:
        """The largest film."""
        return int(settings.VIDEO_MAX_BYTES)


class SelfieUploads(FileUploadHandler):
    """Holds files of anybody in memory, and of each no more than shows it too large: a selfie is on no disk."""

    def __init__(self, request: Any = None, *, most_files: int = 1) -> None:
        super().__init__(request)
        self._left = most_files

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803 - Django's name
        """Remember how long the request is."""
        self._is_endless = content_length > _PATIENCE * settings.SELFIE_MAX_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Raises SkipFile for a file too many, and StopUpload for what is out of all proportion."""
        if self._is_endless:
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)
        if not self._left:
            raise SkipFile
        self._left -= 1
        self._held = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what lies below the limit."""
        self._held.write(raw_data[: max(settings.SELFIE_MAX_BYTES + 1 - start, 0)])

    def file_complete(self, file_size: int) -> Any:
        """The file; where it was cut, one byte larger than anything that is taken."""
        size = min(file_size, settings.SELFIE_MAX_BYTES + 1)
        self._held.seek(0)
        about = (self.field_name, self.file_name, self.content_type, size, self.charset, self.content_type_extra)
        return InMemoryUploadedFile(self._held, *about)
