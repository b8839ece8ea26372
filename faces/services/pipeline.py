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
from faces.services.people import current_contract, faces_assign
from faces.services.suppression import kept
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
        known = {photo.pk: _known_faces(photo, contract) for photo in stage.photos}
        fresh = [photo for photo in stage.photos if not known[photo.pk]]
        every = [(photo, face) for photo, faces in _analyse(stage, fresh) for face in faces]
        found = kept(every, contract=contract)
        _save_cutouts(found)
        for photo, face in [pair for pair in every if pair not in found]:  # of an attempt before they opted out
            storage.delete(storage.crop_key(photo.image.sha256, face.box))
        copies = [face for faces in known.values() for face in faces]
        faces_write(photos=stage.photos, found=[*copies, *(_face(photo, face, contract) for photo, face in found)])


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
    """Let the engine in use look again at photos, of one event or of all, in which it found no face yet; how many.

    Faces that it finds where another engine found them stay who they are: every decision about them holds.
    """
    photos = Photo.objects.filter(state=State.READY) if event is None else event.photos.filter(state=State.READY)
    photos = photos.exclude(event__biometrics_deleted_at__gt=F("batch__created_at"))
    ids = list(photos.exclude(faces__contract=current_contract()).values_list("pk", flat=True))
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
        finished = [photo.pk for photo in stage.photos if photo.pk not in stage.failed]
        Photo.objects.filter(pk__in=finished).update(state=done, attempts=0, changed_at=timezone.now())
        if done in settings.PIPELINE:
            enqueue(settings.PIPELINE[done], finished)


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


def _known_faces(photo: Photo, contract: str) -> list[Face]:
    """Copies, unsaved, of the faces that an engine of this contract found in the same image in another event."""
    known = Photo.objects.filter(image=photo.image_id, faces__contract=contract).exclude(pk=photo.pk).first()
    copies = list(known.faces.filter(contract=contract).select_related("vector")) if known else []
    for face in copies:
        face.pk, face.photo, face.assigned_by, face.dismissed = None, photo, "", False
        face.person = face.engine_person = None
    return copies


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


def _save_cutouts(found: Sequence[tuple[Photo, DetectedFace]]) -> None:
    """Store the faces' cut-outs, several at a time: encoding leaves other threads alone, and S3 answers slowly."""

    def save(photo: Photo, face: DetectedFace) -> None:
        storage.save(storage.crop_key(photo.image.sha256, face.box), webp(face.cutout))

    with ThreadPoolExecutor(_SAVING_THREADS) as pool:
        for saved in [pool.submit(save, photo, face) for photo, face in found]:
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
