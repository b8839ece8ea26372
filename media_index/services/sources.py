"""Sources: which folders and S3 prefixes are catalogued, and how far that is."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection, transaction
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from media_index.models import Source, SourceFile
from media_index.services.places import S3
from photofinder import storage
from photofinder.celery import enqueue
from photofinder.errors import Problem

_SOURCES_LOCK = 0x50CE
_RATE_OVER = timedelta(minutes=2)
_LONGEST = Source._meta.get_field("location").max_length or 0
State = SourceFile.State


@dataclass(frozen=True)
class Progress:
    """How far a source is: numbers of files, bytes of those that are done, files per second, seconds that are left."""

    total: int  # of what is there: neither gone nor never listed
    indexed: int
    failed: int
    gone: int
    queued: int
    bytes_done: int
    rate: float  # over the last two minutes
    eta_s: int | None  # None while nothing moves


@transaction.atomic
def source_add(*, location: str, copies: bool = False, by: User | None = None, trusted: bool = False) -> Source:
    """Catalogue what lies at `location`, an absolute folder or s3://bucket/prefix; one that is known is listed anew.

    With `copies` its files are kept in the storage too. Unless the caller is `trusted` the location must lie below one
    of settings.MEDIA_ROOTS. Raises Problem `no_such_folder`, `bad_location`, `not_allowed`, `own_storage`,
    `overlapping_source`.
    """
    asked, location = location, _spelt(location)
    if not trusted:  # before the disk is asked: its answer would tell what lies elsewhere on it
        _require_allowed(location, asked)
    location = location if location.startswith(S3) else _without_links(location)
    if not trusted:
        _require_allowed(location, asked)
    _require_foreign(location)
    with connection.cursor() as cursor:  # two that overlap, added at the same time, would not see each other
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SOURCES_LOCK])
    _require_apart(location)
    source, _is_new = Source.objects.get_or_create(location=location, defaults={"copies": copies, "by": by})
    if copies and not source.copies:
        _copy_from_now_on(source)
    source_rescan(source=source)
    return source


@transaction.atomic
def source_rescan(*, source: Source) -> None:
    """List the source again: what is new or changed is read, and what failed for reasons that may have passed."""
    source.state, source.error = Source.State.QUEUED, ""
    source.save(update_fields=["state", "error", "changed_at"])
    enqueue(settings.SOURCE_LISTING, [source.pk])


def source_progress(source: Source) -> Progress:
    """Counted from the rows of its files: a third of a second for a million."""
    now = timezone.now()
    done = Q(state__in=(State.INDEXED, State.FAILED))
    lately = done & Q(changed_at__gt=now - _RATE_OVER)
    counts = {state: Count("pk", filter=Q(state=state)) for state in State.values}
    row = source.files.aggregate(
        **counts,
        bytes_done=Sum("size", filter=done, default=0),
        lately=Count("pk", filter=lately),
        since=Min("changed_at", filter=lately),
    )
    rate = _rate(row["lately"], row["since"], now)
    return Progress(
        total=row["indexed"] + row["failed"] + row["queued"],
        **{name: row[name] for name in ("indexed", "failed", "gone", "queued", "bytes_done")},
        rate=rate,
        eta_s=round(row["queued"] / rate) if rate else None,
    )


def _spelt(location: str) -> str:
    """The one way to spell it, as far as its text tells. Raises Problem `bad_location`."""
    normal = _normal_bucket(location) if location.startswith(S3) else os.path.normpath(location)
    if not normal.startswith((S3, "/")):
        raise Problem("bad_location", _("A location is an absolute path or s3://bucket/prefix."))
    if len(normal) > _LONGEST:
        raise Problem("bad_location", _("The location is longer than %d characters.") % _LONGEST)
    return normal


def _without_links(folder: str) -> str:
    """The folder itself. Only its own name must be UTF-8, not those of what lies in it. Raises Problem
    `no_such_folder`, `bad_location`.
    """
    try:
        real = str(Path(folder).resolve(strict=True))
        real.encode()
        os.scandir(real).close()
    except ValueError as error:  # no UTF-8, or a NUL
        detail = _("The path of a source must be UTF-8 (what lies in it need not be); add the folder above it.")
        raise Problem("bad_location", detail) from error
    except (OSError, RuntimeError) as error:  # the latter by links in a circle
        reason = getattr(error, "strerror", None) or error
        detail = _("The folder %(folder)s cannot be read: %(reason)s.") % {"folder": folder, "reason": reason}
        raise Problem("no_such_folder", detail) from error
    return _spelt(real)


def _normal_bucket(location: str) -> str:
    parts = urlsplit(location)
    if not parts.netloc or parts.query or parts.fragment:
        raise Problem("bad_location", _("A location on S3 looks like s3://bucket/prefix."))
    return f"{S3}{parts.netloc}/{parts.path.strip('/')}".rstrip("/")


def _require_allowed(location: str, asked: str) -> None:
    """Whether it lies below one of settings.MEDIA_ROOTS, which may be links themselves. A refusal names what was asked
    for, not where its links lead.
    """
    roots = {os.path.normpath(root) if root.startswith("/") else root.rstrip("/") for root in settings.MEDIA_ROOTS}
    roots |= {str(Path(root).resolve()) for root in roots if root.startswith("/")}
    if any(_is_within(location, root) for root in roots):
        return
    detail = _(
        "%(location)s lies below none of the folders that may be catalogued from here. Name it, or one above it, in the"
        " setting MEDIA_ROOTS, or run manage.py index_media %(location)s on the server."
    )
    raise Problem("not_allowed", detail % {"location": asked})


def _require_foreign(location: str) -> None:
    """Thumbnails are no images to catalogue: each would get thumbnails of its own."""
    if isinstance(default_storage, FileSystemStorage):
        is_own = _is_within(location, str(Path(default_storage.location).resolve()))
    else:
        own = f"{S3}{settings.S3_BUCKET}"
        is_own = location == own or any(_is_within(location, f"{own}/{folder}") for folder in storage.FOLDERS)
    if is_own:
        raise Problem("own_storage", _("%s is where the site keeps its own files.") % location)


def _require_apart(location: str) -> None:
    for other in Source.objects.exclude(location=location).values_list("location", flat=True):
        if _is_within(location, other):
            detail = _("%(location)s is a part of the source %(other)s already.")
        elif _is_within(other, location):
            detail = _("%(location)s holds the source %(other)s; delete that one first.")
        else:
            continue
        raise Problem("overlapping_source", detail % {"location": location, "other": other})


def _copy_from_now_on(source: Source) -> None:
    """Read again what was only read where it lies."""
    source.copies = True
    source.save(update_fields=["copies"])
    lying = source.files.filter(state=State.INDEXED, image__key="")
    lying.update(state=State.QUEUED, attempts=0, changed_at=timezone.now())


def _is_within(inner: str, outer: str) -> bool:
    return f"{inner}/".startswith(f"{outer.rstrip('/')}/")


def _rate(count: int, since: datetime | None, now: datetime) -> float:
    """Files per second; of a single one nothing is known."""
    seconds = (now - since).total_seconds() if since else 0
    return count / max(seconds, 1) if count > 1 else 0.0
