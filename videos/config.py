"""What decides how a film is indexed. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class IndexerConfig:
    """How a film is indexed; the site's own stands in settings.VIDEO_INDEXER.

    `db_dsn` is a PostgreSQL URL for a backend without the site's settings, None for the site's database. Of every
    `frame_skip` frames one is looked at, more where frames come slower than one in `look_seconds`. It goes on to the
    object filter when at least `motion_threshold` of it moves, in spots of at least `min_area` (both shares of the
    frame), `batch_size` frames at once; sentences are made and embedded `caption_batch_size` at once. Engines are names
    of settings.OBJECT_ENGINES and settings.CAPTION_ENGINES, empty for the site's.
    """

    db_dsn: str | None = None
    frame_skip: int = 15
    look_seconds: float = 1.5
    motion_threshold: float = 0.002
    min_area: float = 0.001
    batch_size: int = 8
    caption_batch_size: int = 8
    object_engine: str = ""
    caption_engine: str = ""
    classes: dict[str, float] = field(default_factory=dict)
    hardware: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be."""
        if self.frame_skip < 1 or self.batch_size < 1 or self.caption_batch_size < 1:
            raise ValueError("frame_skip and batch sizes are at least 1")
        if not (0 < self.motion_threshold < 1 and 0 < self.min_area < 1):
            raise ValueError("motion_threshold and min_area are shares of the frame, between 0 and 1")
        if self.look_seconds <= 0:
            raise ValueError("look_seconds is above 0")
