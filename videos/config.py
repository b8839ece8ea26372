"""What steers the indexing of a film: every figure once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IndexerConfig:
    """`frame_skip`: every n-th frame is looked at. `objects` and `captions` name engines of the site's settings, empty
    for the site's own choice; `db_dsn` a PostgreSQL URL, None for the site's.
    """

    db_dsn: str | None = None
    frame_skip: int = 15
    side_px: int = 1280  # the longer side of a frame that is looked at: faces of a tenth of it are well recognised
    # Chosen on two films with a still camera: at 25 sensor noise is background and a person in grey is not.
    motion_threshold: float = 25.0
    motion_least_area: float = 0.004  # of the frame: somebody 60 pixels high in a film of 1920 x 1080
    motion_absorb_s: float = 120.0  # who stands still for so long is part of the background
    gap_s: float = 3.0
    longest_s: float = 30.0
    objects: str = ""
    objects_batch: int = 16
    captions: str = ""
    captions_batch: int = 8
    segment_s: float = 30.0  # of film between two commits
    warm_up_s: float = 10.0  # of film from which the background is learnt when a worker takes over
    task_s: float = 300.0  # of work, after which other films have their turn
