"""The screens of the media index in Admin, one module each."""

from media_index.admin import categories, duplicates, images, sources

__all__ = ["categories", "duplicates", "images", "sources"]
