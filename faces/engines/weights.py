"""Files of weights: which version of a model they are."""

from functools import cache
from hashlib import file_digest
from pathlib import Path


@cache
def version_of(path: Path) -> str:
    """The first 12 hex digits of the file's SHA-256; read once per process."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:12]
