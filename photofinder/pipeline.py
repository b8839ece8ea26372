"""Who starts whom, on which queue, and what is started by the clock: part of the settings, which read it."""

from datetime import timedelta
from typing import Any

QUEUES = ("ingest", "sources", "faces", "people", "index", "videos", "notify")
PIPELINE = {  # the task that a photo in this state waits for
    "queued": "faces.tasks.ingest_photos",
    "ingested": "faces.tasks.detect_faces",
    "analysed": "faces.tasks.assign_people",
}
CONSOLIDATION = "faces.tasks.consolidate_people"  # started when the last photo of an event is ready
NOTIFICATION = "faces.tasks.notify_subscribers"  # started when an event may have news for its subscribers
EVENT_DELETION = "faces.tasks.delete_events"  # started when an event is to go, and again until it is gone
FILE_DELETION = "faces.tasks.delete_files"  # started when photos were deleted
FILE_KEEPING = "faces.services.files.files_keep"  # said before files are written that may be about to be deleted
PREVIEW_SWEEP = "faces.tasks.sweep_previews"  # started when an event looks otherwise
STILL_DELETION = "faces.tasks.drop_stills"  # started when somebody was forgotten who was in frames of films
IMAGE_INDEXING = "media_index.tasks.index_images"  # started when an image was ingested
IMAGE_DESCRIBING = "media_index.tasks.describe_images"  # started when what is written of an image changed
VIDEO_INDEXING = "videos.tasks.index_videos"  # started when a film is there, and again until it is indexed
SOURCE_LISTING = "media_index.tasks.list_sources"
SOURCE_READING = "media_index.tasks.read_files"

CELERY_TASK_ROUTES: dict[str, dict[str, Any]] = {
    "faces.tasks.ingest_photos": {"queue": "ingest"},
    "faces.tasks.detect_faces": {"queue": "faces"},
    "faces.tasks.assign_people": {"queue": "people"},
    "faces.tasks.consolidate_people": {"queue": "people"},
    "faces.tasks.resume_photos": {"queue": "people"},
    "faces.tasks.notify_subscribers": {"queue": "notify"},
    "faces.tasks.expire": {"queue": "notify"},
    "faces.tasks.delete_events": {"queue": "notify"},
    "faces.tasks.delete_files": {"queue": "notify"},
    "faces.tasks.sweep_previews": {"queue": "notify"},
    "faces.tasks.drop_stills": {"queue": "notify"},
    # A queue of their own: its workers run where the disks are, and a million files keep no uploaded photo waiting.
    "media_index.tasks.list_sources": {"queue": "sources"},
    "media_index.tasks.read_files": {"queue": "sources", "priority": 9},  # the last, as Redis counts: listings go first
    "media_index.tasks.index_images": {"queue": "index"},
    "media_index.tasks.describe_images": {"queue": "index"},
    "media_index.tasks.consolidate_categories": {"queue": "index"},
    "media_index.tasks.resume_index": {"queue": "index"},
    "media_index.tasks.complete_index": {"queue": "index"},
    "videos.tasks.index_videos": {"queue": "videos"},
    "videos.tasks.resume_videos": {"queue": "notify"},  # a film must not keep it waiting
}

CELERY_BEAT_SCHEDULE = {
    "resume": {"task": "faces.tasks.resume_photos", "schedule": timedelta(seconds=30)},
    "expire": {"task": "faces.tasks.expire", "schedule": timedelta(minutes=10)},
    "resume-videos": {"task": "videos.tasks.resume_videos", "schedule": timedelta(seconds=30)},
    "resume-index": {"task": "media_index.tasks.resume_index", "schedule": timedelta(seconds=30)},
    # By looking at every image: it takes seconds of a million.
    "complete-index": {"task": "media_index.tasks.complete_index", "schedule": timedelta(hours=1)},
    "consolidate-categories": {"task": "media_index.tasks.consolidate_categories", "schedule": timedelta(hours=1)},
}
