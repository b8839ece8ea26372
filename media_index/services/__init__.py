"""Writing: taking images in."""

from media_index.services.images import image_ingest, image_store

__all__ = ["image_ingest", "image_store"]
