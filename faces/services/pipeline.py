"""A photo's way from upload to ready. Every stage can be killed anywhere and run twice.

A stage works on the photos that are in its state and that it can lock, writes what it found and moves them on in the
same transaction; the message for the next stage goes out when that commits. A message that is lost with a worker is
sent again by `photos_resume`, and one that comes twice finds nothing to do.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from faces.engines.base import DetectedFace
from faces.models import Event, Face, FaceVector, Photo
from faces.quality import QualityGates, assess
from faces.services.detections import faces_write
from faces.services.erasure import faces_suppress
from faces.services.files import files_drop, files_keep
from faces.services.people import current_contract, faces_assign
from faces.services.suppression import kept
from faces.services.turns import take_turn
from media_index.services import image_ingest
from photofinder import storage
from photofinder.celery import enqueue, queue_length
from photofinder.engines import get_engine
from photofinder.errors import Problem, RefusedFile
from photofinder.images import Picture, webp
from photofinder.vectors import padded

State = Photo.State
_SAVING_THREADS = 4


def photos_ingest(*, photo_ids: Sequence[int]) -> None:
    """Make the thumbnails of these photos."""
    with _stage(photo_ids, State.QUEUED, State.INGESTED) as stage:
        for photo in stage.photos:
            with stage.failing(photo):
                image_ingest(image=photo.image)


def photos_detect(*, photo_ids: Sequence[int]) -> None:
    """Find the faces of these photos; an image whose faces another event knows is not analysed again."""
    with _stage(photo_ids, State.INGESTED, State.ANALYSED) as stage, stage.failing(*stage.photos):
        contract = current_contract()
        elsewhere = _known_elsewhere(stage.photos, contract)
        fresh = [photo for photo in stage.photos if photo.image_id not in elsewhere]
        seen = [(_face(photo, face, contract), face) for photo, faces in _analyse(stage, fresh) for face in faces]
        copies = _copies(stage, [photo for photo in stage.photos if photo.image_id in elsewhere], contract)
        found = kept([*(row for row, _face in seen), *copies], contract=contract)
        chosen = {id(row) for row in found}
        _save_cutouts([(row.crop_key, face) for row, face in seen if id(row) in chosen])
        faces_write(photos=stage.photos, found=found)
        Photo.objects.filter(pk__in=stage.finished).update(analysed_with=contract)


def photos_assign(*, photo_ids: Sequence[int]) -> None:
    """Give the faces of these photos to people."""
    with _stage(photo_ids, State.ANALYSED, State.READY) as stage:
        for event in {photo.event for photo in stage.photos}:
            photos = [photo for photo in stage.photos if photo.event == event]
            waiting = event.photos.unfinished().exclude(pk__in=[photo.pk for photo in photos])
            with stage.failing(*photos):
                faces_suppress(photos=photos)
                faces_assign(event=event, photos=photos, is_complete=not waiting.exists())


@transaction.atomic
def photos_retry(*, photo_ids: Sequence[int]) -> int:
    """Send failed photos through the pipeline again; how many there were."""
    photos = Photo.objects.filter(pk__in=photo_ids, state=State.FAILED)
    ids = list(photos.values_list("pk", flat=True))
    photos.update(state=State.QUEUED, attempts=0, error="", error_code="", changed_at=timezone.now())
    enqueue(settings.PIPELINE[State.QUEUED], ids, chunk=settings.FACE_CHUNK)
    return len(ids)


@transaction.atomic
def photos_reembed(*, event: Event | None = None) -> int:
    """Let the engine in use look at photos, of one event or of all, that only another one has looked at; how many.

    Faces that it finds where another engine found them stay who they are: every decision about them holds.
    """
    photos = Photo.objects.filter(state=State.READY) if event is None else event.photos.filter(state=State.READY)
    photos = photos.exclude(event__biometrics_deleted_at__gt=F("batch__created_at"))
    ids = list(photos.exclude(analysed_with=current_contract()).values_list("pk", flat=True))
    Photo.objects.filter(pk__in=ids).update(state=State.INGESTED, changed_at=timezone.now())
    enqueue(settings.PIPELINE[State.INGESTED], ids, chunk=settings.FACE_CHUNK)
    return len(ids)


def photos_resume() -> None:
    """Send the messages of photos again that wait although their queue is empty: a worker or the broker lost them."""
    stalled = timezone.now() - timedelta(seconds=settings.PIPELINE_STALLED_SECONDS)
    for state, path in settings.PIPELINE.items():
        if queue_length(settings.CELERY_TASK_ROUTES[path]["queue"]):
            continue
        with transaction.atomic():
            photos = Photo.objects.filter(state=state, changed_at__lt=stalled).select_for_update(skip_locked=True)
            enqueue(path, list(photos.values_list("pk", flat=True)), chunk=settings.FACE_CHUNK)


class _Stage:
    """The photos that a stage may work on, and those that failed in it."""

    def __init__(self, photos: list[Photo]) -> None:
        self.photos = photos
        self.failed: set[int] = set()

    @property
    def finished(self) -> list[int]:
        """Those that the stage is done with."""
        return [photo.pk for photo in self.photos if photo.pk not in self.failed]

    def put_off(self, photo: Photo) -> None:
        """Let the stage look at the photo once more, later."""
        self.failed.add(photo.pk)
        enqueue(settings.PIPELINE[photo.state], [photo.pk])

    @contextmanager
    def failing(self, *photos: Photo) -> Iterator[None]:
        """Turn what goes wrong with these photos into their error."""
        try:
            yield
        except Problem as problem:
            self._fail(photos, problem.code, problem.detail)

    def _fail(self, photos: Sequence[Photo], code: str, detail: str) -> None:
        ids = {photo.pk for photo in photos}
        self.failed |= ids
        _photos_fail(ids, code, detail)


@contextmanager
def _stage(photo_ids: Sequence[int], state: str, done: str) -> Iterator[_Stage]:
    """Lock the photos that are in `state`, and afterwards move those that did not fail to `done`."""
    ids = _attempt(photo_ids, state)
    with transaction.atomic():
        stage = _Stage(list(Photo.objects.claimed(ids, state)))
        yield stage
        Photo.objects.filter(pk__in=stage.finished).update(state=done, attempts=0, changed_at=timezone.now())
        if done in settings.PIPELINE:
            enqueue(settings.PIPELINE[done], stage.finished)


@transaction.atomic
def _attempt(photo_ids: Sequence[int], state: str) -> list[int]:
    """Count an attempt, committed before the work so that it survives a crash; the ids to work on now.

    A photo that was tried before is sent on alone, so that one which crashes its worker takes no other with it, and
    fails after settings.PIPELINE_ATTEMPTS.
    """
    photos = list(Photo.objects.claimed(photo_ids, state))
    spent = {photo.pk for photo in photos if photo.attempts >= settings.PIPELINE_ATTEMPTS}
    _photos_fail(spent, "crashed", f"Processing stopped {settings.PIPELINE_ATTEMPTS} times; see the worker's log.")
    again = {photo.pk for photo in photos if photo.attempts and len(photo_ids) > 1} - spent
    enqueue(settings.PIPELINE[state], sorted(again), chunk=1)
    now = [photo for photo in photos if photo.pk not in spent | again]
    if state == State.INGESTED:  # what killed attempts cut out: no row may ever name it
        files_drop(keys=[key for photo in photos if photo.attempts for key in storage.crop_keys(photo.image.sha256)])
    for photo in now:
        photo.attempts += 1
    Photo.objects.bulk_update(now, ["attempts"])
    return [photo.pk for photo in now]


def _photos_fail(ids: set[int], code: str, detail: str) -> None:
    values = {"state": State.FAILED, "error_code": code, "error": detail, "changed_at": timezone.now()}
    Photo.objects.filter(pk__in=ids).update(**values)
    if ids:  # one of them may be the last that its event waited for
        events = Event.objects.unsettled().filter(photos__in=ids)
        enqueue(settings.CONSOLIDATION, sorted(events.values_list("pk", flat=True).distinct()), chunk=1)


def _known_elsewhere(photos: Sequence[Photo], contract: str) -> dict[int, int]:
    """Of those of these images in which an engine of this contract found faces in another event a photo there."""
    images = [photo.image_id for photo in photos]
    others = Photo.objects.filter(image__in=images, faces__contract=contract).exclude(pk__in=[p.pk for p in photos])
    return dict(others.values_list("image", "pk"))


def _copies(stage: _Stage, photos: Sequence[Photo], contract: str) -> list[Face]:
    """Copies, unsaved, of the faces that are known of the images of these photos. A photo whose image's faces were
    deleted meanwhile is looked at later.
    """
    if not photos:
        return []
    take_turn()  # until they are written nobody deletes what they are copied from, and not them
    elsewhere = _known_elsewhere(photos, contract)
    copies: list[Face] = []
    for photo in photos:
        if photo.image_id in elsewhere:
            copies += _copied(elsewhere[photo.image_id], photo, contract)
        else:
            stage.put_off(photo)
    return copies


def _copied(known: int, photo: Photo, contract: str) -> list[Face]:
    faces = list(Face.objects.filter(photo=known, contract=contract).select_related("vector"))
    for face in faces:
        face.pk, face.photo, face.assigned_by, face.dismissed = None, photo, "", False
        face.person = face.engine_person = None
    return faces


def _analyse(stage: _Stage, photos: list[Photo]) -> Iterator[tuple[Photo, list[DetectedFace]]]:
    """The faces of each photo; one that cannot be read fails alone."""
    with ExitStack() as files:
        pictures: dict[Photo, Picture] = {}
        for photo in photos:
            with stage.failing(photo):
                stream = files.enter_context(storage.open_file(photo.image.key))
                pictures[photo] = Picture(stream, max_pixels=settings.IMAGE_MAX_PIXELS)
        engine = get_engine("face")
        try:
            yield from zip(pictures, engine.analyse(list(pictures.values())), strict=True)
        except RefusedFile:  # raised while decoding one of them: find out which
            for photo, picture in pictures.items():
                with stage.failing(photo):
                    yield photo, engine.analyse([picture])[0]


def _save_cutouts(found: Sequence[tuple[str, DetectedFace]]) -> None:
    """Store cut-outs by their keys, several at a time: encoding leaves other threads alone, and S3 answers slowly."""

    def save(key: str, face: DetectedFace) -> None:
        storage.save(key, webp(face.cutout))

    files_keep(keys=[key for key, _face in found])
    with ThreadPoolExecutor(_SAVING_THREADS) as pool:
        for saved in [pool.submit(save, key, face) for key, face in found]:
            saved.result()


def _face(photo: Photo, face: DetectedFace, contract: str) -> Face:
    """The row of a detected face, with its vector."""
    row = Face(
        photo=photo,
        box=list(face.box),
        landmarks=face.landmarks.ravel().tolist(),
        det_score=face.det_score,
        size_px=face.size_px,
        sharpness=face.sharpness,
        yaw=face.yaw,
        pitch=face.pitch,
        roll=face.roll,
        quality=assess(face, QualityGates(**settings.FACE_QUALITY_GATES)).value,
        contract=contract,
    )
    row.vector = FaceVector(embedding=padded(face.embedding))
    return row
