"""What happens in films of tests: events with captions that are embedded by the site's own engine."""

from typing import Any

import numpy as np

from photofinder import storage
from photofinder.images import thumbnails
from videos.engines.base import Caption
from videos.models import Video, VideoEvent
from videos.services.seeing import captions_embed
from videos.tests.filming import room

FRAME = thumbnails(room(), [320])[320]


def happening(video: Video, start_s: float, end_s: float, caption: str, **fields: Any) -> VideoEvent:
    """An event of the film, with a frame."""
    contract, vectors = captions_embed([Caption(caption)])
    key = storage.frame_key(video.pk, start_s)
    storage.save(key, FRAME)
    event: VideoEvent = VideoEvent.objects.create(
        video=video,
        start_s=start_s,
        end_s=end_s,
        timestamp_s=(start_s + end_s) / 2,
        caption=caption,
        frame_key=key,
        embedding=np.asarray(vectors[0]),
        **{"edition": video.edition, "object_counts": {}, "contract": contract} | fields,
    )
    return event
