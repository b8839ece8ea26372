"""What is in frames, by the engines of the site; and what scenes look like in words and numbers."""

from collections.abc import Sequence

from photofinder.engines import get_engine
from photofinder.images import Picture, jpeg
from videos.config import IndexerConfig
from videos.engines.base import Caption, Detection, Frame, Scene, Vectors
from videos.grouping import FACE, Group

STILL_QUALITY = 90  # of the JPEG that faces are looked for in


def frames_see(frames: Sequence[Frame], config: IndexerConfig) -> list[list[Detection]]:
    """Things and faces in each frame. A face where no person was seen is a person, too: only the head is in the
    picture.
    """
    things = get_engine("object", config.object_engine).detect(frames)
    faces = _faces(frames)
    return [_together(seen, found) for seen, found in zip(things, faces, strict=True)]


def scenes_describe(groups: Sequence[Group], config: IndexerConfig) -> list[Caption]:
    """A sentence for each group."""
    engine = get_engine("caption", config.caption_engine)
    scenes = [Scene(group.best.frame, group.best.detections, group.counts(), tuple(group.path)) for group in groups]
    size = config.caption_batch_size
    return [caption for at in range(0, len(scenes), size) for caption in engine.describe(scenes[at : at + size])]


def captions_embed(captions: Sequence[Caption]) -> tuple[str, Vectors]:
    """The contract of the text engine, and unit vectors (n, dim) of the English sentences."""
    engine = get_engine("text")
    return engine.spec.contract, engine.embed([caption.english for caption in captions])


def still_jpeg(frame: Frame) -> bytes:
    """The frame as a photo of it is kept: the same frame makes the same bytes."""
    return jpeg(frame.pixels, quality=STILL_QUALITY)


def _faces(frames: Sequence[Frame]) -> list[list[Detection]]:
    pictures = [Picture.from_bytes(still_jpeg(frame)) for frame in frames]
    found = get_engine("face").analyse(pictures)
    return [[Detection(FACE, face.det_score, face.box) for face in faces] for faces in found]


def _together(things: Sequence[Detection], faces: Sequence[Detection]) -> list[Detection]:
    people = [thing.box for thing in things if thing.label == "person"]
    alone = [face for face in faces if not any(_holds(box, face.box) for box in people)]
    heads = [Detection("person", face.score, face.box) for face in alone]
    return [*things, *heads, *faces]


def _holds(box: tuple[float, float, float, float], face: tuple[float, float, float, float]) -> bool:
    x, y = face[0] + face[2] / 2, face[1] + face[3] / 2
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]
