"""Films and what happens in them."""

from videos.models.films import Video, VideoChunk
from videos.models.moments import VideoEvent, VideoStill

__all__ = ["Video", "VideoChunk", "VideoEvent", "VideoStill"]
