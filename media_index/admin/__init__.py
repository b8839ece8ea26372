"""Admin of the media index."""

from media_index.admin import images  # noqa: F401
