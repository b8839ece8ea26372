"""What was decided once and no environment changes: thresholds, limits, and who answers whom. Part of the settings."""

# --- faces ------------------------------------------------------------------------------------------------------------
FACE_QUALITY_GOOD = 0.5  # by definition: a quality of 0.5 passes every gate exactly
FACE_FALSE_JOINS = 0.001  # the accepted chance that a newcomer's face joins somebody else, at any size of the event
FACE_FALSE_SUGGESTIONS = 0.3  # the accepted number of wrong questions "same person?" per person
FACE_MOVE_MARGIN = 0.1  # by how much of the threshold a face must be nearer to somebody else to move there by itself
FACE_SEARCH_CANDIDATES = 1000  # nearest faces that a search looks at besides those of the people it found
# Among the faces of so many photos each one is compared: an index would give up where few faces are of these events.
FACE_EXACT_PHOTOS = 10_000
FACE_QUALITY_GATES = {
    "det_score": 0.5,
    "size_px": 40.0,
    "sharpness": 25.0,
    "yaw": 60.0,
    "pitch": 50.0,
    "roll": 60.0,
}
# A selfie is refused only when nothing can be found with it.
SELFIE_QUALITY_GATES = {"det_score": 0.4, "size_px": 30.0, "sharpness": 10.0, "yaw": 75.0, "pitch": 65.0, "roll": 90.0}
FACE_KNOWN_FACES = 3  # from so many faces on, the mean of a person's faces is trusted more than a single one

# --- the media index --------------------------------------------------------------------------------------------------
SOURCE_BATCH = 1000  # files that a listing writes down at once
SOURCE_CHUNK = 16  # files per task of reading: of 50 MB each from a slow disk they take a minute
# Searches among so many images compare each one: no index is faster then, and a narrow filter would starve it.
IMAGE_EXACT_ROWS = 10_000
IMAGE_HNSW = {"m": 16, "ef_construction": 200}  # of the indexes of vectors: docs/scaling.md
IMAGE_EF_SEARCH = 400  # how many vectors a search looks at in them at a time
IMAGE_DUPLICATE_CANDIDATES = 20  # that a picture is laid upon, nearest first: thousands may have the same hash
CATEGORY_CONSOLIDATION_SECONDS = 600  # then the rest waits for the next hour: below Celery's time limit
# What other rooms know of images, by dotted path: ids that a filter's value stands for, and names to find them by.
IMAGE_FILTERS = {
    "event": "faces.services.image_facts.images_of_event",
    "person": "faces.services.image_facts.images_of_person",
}
# The values that people choose from for some of these filters: functions that return (value, title).
IMAGE_CHOICES = {
    "event": "faces.services.image_facts.events_offered",
    "person": "faces.services.image_facts.people_offered",
}
IMAGE_TEXTS = ["faces.services.image_facts.texts_of_images"]
IMAGE_SEARCH_CANDIDATES = 1000  # images that a search ranks at most by each of its reasons

# --- videos -----------------------------------------------------------------------------------------------------------
VIDEO_CHUNK_BYTES = 8 * 1024 * 1024  # in which browsers send films
VIDEO_SENDING_SECONDS = 24 * 3600  # after which a film of which nothing more was sent is given up
VIDEO_CLIP_SECONDS = 600  # the longest part of a film that is handed out by itself
# What films say of faces and events, by dotted path: the moments of faces, what an event's page shows of
# its films, and what goes with an event.
MOMENTS = "videos.services.moments.moments_found"
EVENT_FILMS = "videos.admin.shown.films_of_event"
EVENT_LEAVERS = ["videos.services.deletion.event_videos_delete"]
VIDEO_SLICE_SECONDS = 600  # after which a worker passes a film on: below Celery's time limit
VIDEO_SEARCH_CANDIDATES = 1000  # events that a search ranks at most by each of its reasons
VIDEO_EXACT_EVENTS = 10_000  # among so many each is compared: an index would give up where a filter leaves few
VIDEO_COMMIT_SECONDS = 3  # of work after which all that has ended is committed
