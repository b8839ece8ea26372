"""Films on their way in: sent in parts, so that a lost connection costs one part only, sent whole, or named by a path.

Parts lie in the storage until all are there; the worker that is about to index the film joins them. Whatever is killed
in between, the next one does it again from what is there.
"""

from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from faces.models import Event
from photofinder import storage
from photofinder.celery import enqueue
from photofinder.errors import Problem, RefusedFile
from videos.decoding import Film
from videos.models import Video, VideoChunk
from videos.services.deletion import leavings_drop, video_delete
from videos.services.films import EXTENSIONS, film_extension, film_name, film_path, storing

_PATH_LENGTH, _OWNER_LENGTH = 1000, 64
_MOST_TOLD = 20  # missing parts that a refusal names


def video_begin(*, name: str, bytes: int, event: Event | None, by: User | None) -> Video:
    """A film of so many bytes that will be sent in parts. Raises RefusedFile `not_a_video`, `empty`, `too_large`."""
    video: Video = Video.objects.create(name=film_name(name), bytes=_checked_size(bytes), event=event, by=by)
    return video


def video_begun(*, name: str, bytes: int, event: Event | None, by: User) -> Video | None:
    """The film of that name and size that the same user has begun to send to the same event, to go on with it."""
    same = Video.objects.filter(state=Video.State.SENDING, name=film_name(name), bytes=bytes, event=event, by=by)
    return same.order_by("-pk").first()


def video_take(*, name: str, content: BinaryIO, bytes: int, event: Event | None, by: User | None) -> Video:
    """A film that was sent as a whole, from a seekable stream, queued.

    Raises what `video_begin` raises, RefusedFile as videos.decoding.Film does, and Problem `storage_full`.
    """
    key_name, size = film_name(name), _checked_size(bytes)
    Film(content).__exit__()  # whoever sends a whole film is told at once that it is none
    content.seek(0)
    video = Video.objects.create(name=key_name, bytes=size, event=event, by=by)
    try:
        with storing():
            storage.save(_whole_key(video), content)
        Video.objects.filter(pk=video.pk).update(key=_whole_key(video))
        _queue(video)
    except BaseException:
        video_delete(video=video)
        raise
    return video


def chunk_write(*, video: Video, start: int, content: BinaryIO) -> None:
    """Keep the part of a film that begins at byte `start`; the same one again takes the place of the first.

    All are settings.VIDEO_CHUNK_BYTES long, but the last. Raises Problem `wrong_part`, `wrong_size`, `storage_full`;
    `not_sending` for a film that is complete.
    """
    size = _part_size(video, start)
    body = _read(content, size + 1)
    if len(body) != size:
        raise Problem("wrong_size", f"The part that begins at byte {start} has {size} bytes; send it again.")
    if not _heard(video):
        raise Problem("not_sending", "All parts of this film are here already, or sending it was cancelled.")
    with storing():
        storage.save(storage.chunk_key(video.pk, start), body)
    if not _chunk_note(video, start, size):
        leavings_drop(video=video)
        raise Problem("not_sending", "All parts of this film are here already, or sending it was cancelled.")


def missing_parts(video: Video) -> list[int]:
    """Where the parts begin that are not here yet; nothing for a film that is not being sent."""
    if video.state != Video.State.SENDING:
        return []
    sent = set(video.chunks.values_list("start", flat=True))
    return [start for start in range(0, video.bytes, settings.VIDEO_CHUNK_BYTES) if start not in sent]


def sent_bytes(video: Video) -> int:
    """How much of a film that is being sent is here."""
    return int(video.chunks.aggregate(total=Sum("bytes"))["total"] or 0)


def video_complete(*, video: Video) -> None:
    """Queue a film all of whose parts are here; one that is queued already stays as it is.

    Raises Problem `parts_missing`, which names some of them in `missing`.
    """
    if missing := missing_parts(video):
        detail = f"{len(missing)} parts of this film are missing; send them, then complete it again."
        raise Problem("parts_missing", detail, missing=missing[:_MOST_TOLD])
    _queue(video)


@transaction.atomic
def video_add_path(*, path: str, event: Event | None, by: User | None) -> tuple[Video, bool]:
    """The film at an absolute path within settings.VIDEO_ROOTS, queued where it lies, and whether it is new.

    Raises what `path_note` raises.
    """
    video, is_new = path_note(path=path, event=event, by=by)
    if is_new:
        _queue(video)
    return video, is_new


@transaction.atomic
def path_note(*, path: str, event: Event | None, by: User | None, owner: str = "") -> tuple[Video, bool]:
    """The film at an absolute path within settings.VIDEO_ROOTS, queued by nobody yet, and whether it is new.

    The same file again in the same event, of the same owner, is the film that is there. Raises Problem `outside_roots`,
    `missing`, `invalid` (an owner of more than 64 letters), and RefusedFile `not_a_video`, `empty`.
    """
    if len(owner) > _OWNER_LENGTH:
        raise Problem("invalid", f"Names of users have at most {_OWNER_LENGTH} letters.")
    found = film_path(path)
    name, where = film_name(found.name), _writable(found)
    _path_turn(where)
    known = Video.objects.filter(path=where, event=event, owner=owner).first()
    if known:
        return known, False
    size = found.stat().st_size
    if not size:
        raise RefusedFile("empty", "The file is empty.")
    return Video.objects.create(path=where, name=name, bytes=size, event=event, by=by, owner=owner), True


def folder_films(path: str) -> list[Path]:
    """The films in a folder within settings.VIDEO_ROOTS, by name. Raises Problem `outside_roots`, `missing`."""
    folder = film_path(path, is_folder=True)
    return sorted(file for file in folder.iterdir() if film_extension(file.name) in EXTENSIONS and file.is_file())


def sendings_expire() -> None:
    """Delete films of which nothing was sent for long."""
    for video in Video.objects.abandoned():
        video_delete(video=video)


def _queue(video: Video) -> None:
    """Once, however often it is asked for."""
    with transaction.atomic():
        sending = Video.objects.filter(pk=video.pk, state=Video.State.SENDING)
        if sending.update(state=Video.State.QUEUED, changed_at=timezone.now()):
            enqueue(settings.VIDEO_INDEXING, [video.pk])
    video.refresh_from_db(fields=["state", "key"])


@transaction.atomic
def _chunk_note(video: Video, start: int, size: int) -> bool:
    """Write down that a part is here; no, if the film is gone, or one already: then the part came twice."""
    row = Video.objects.select_for_update().filter(pk=video.pk).first()
    if row is None or row.state != Video.State.SENDING:
        if row and row.key:
            storage.delete(storage.chunk_key(video.pk, start))
        return False
    VideoChunk.objects.get_or_create(video=video, start=start, defaults={"bytes": size})
    return True


def _heard(video: Video) -> bool:
    """Say that it is still being sent; no, if it is not."""
    sending = Video.objects.filter(pk=video.pk, state=Video.State.SENDING)
    return bool(sending.update(changed_at=timezone.now()))


def _checked_size(size: int) -> int:
    if size < 1:
        raise RefusedFile("empty", "The file is empty.")
    if size > settings.VIDEO_MAX_BYTES:
        raise RefusedFile("too_large", f"Films of more than {settings.VIDEO_MAX_BYTES // 1024**2} MB are not taken.")
    return size


def _part_size(video: Video, start: int) -> int:
    """How long the part that begins there has to be. Raises Problem `wrong_part`."""
    step = settings.VIDEO_CHUNK_BYTES
    if not 0 <= start < video.bytes or start % step:
        raise Problem(
            "wrong_part", f"Parts begin at multiples of {step} bytes, before the film's end at {video.bytes}."
        )
    return int(min(step, video.bytes - start))


def _read(content: BinaryIO, most: int) -> bytes:
    """Up to so many bytes of a stream that may give fewer at a time than it is asked for."""
    parts, left = [], most
    while left and (part := content.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _writable(path: Path) -> str:
    """The path as the database can hold it. Raises Problem `missing`."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise Problem("missing", "The name of this file is not in UTF-8; rename it.") from error
    if len(str(path)) > _PATH_LENGTH:
        raise Problem("missing", f"Paths of more than {_PATH_LENGTH} characters are not taken; move the film.")
    return str(path)


def _path_turn(path: str) -> None:
    """Let nobody else add the same path until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [path])


def _whole_key(video: Video) -> str:
    return storage.film_key(video.pk, film_extension(video.name))
