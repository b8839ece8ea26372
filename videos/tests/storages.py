"""A storage on a disk that is full."""

from pathlib import Path
from typing import Any

from photofinder.storage import SignedFileSystemStorage


class FullStorage(SignedFileSystemStorage):
    """Writes what goes to `folder` where there is never any room; all else as ever."""

    def __init__(self, *, folder: str, **options: Any) -> None:
        super().__init__(**options)
        self._folder = folder

    def _save(self, name: str, content: Any) -> str:
        if name.startswith(self._folder):
            with Path("/dev/full").open("wb", buffering=0) as full:
                full.write(b"x")
        return super()._save(name, content)


def no_room_for(settings: Any, folder: str) -> None:
    """Let the disk of the site's storage be full for what goes to that folder."""
    default = settings.STORAGES["default"]
    options = default["OPTIONS"] | {"folder": folder}
    full = {"BACKEND": "videos.tests.storages.FullStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": full}
