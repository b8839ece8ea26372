"""Catalogue a folder or an S3 prefix where it lies."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from kombu.exceptions import OperationalError
from tqdm import tqdm

from media_index.models import Source, SourceFile
from media_index.services.places import S3
from media_index.services.sources import Progress, source_add, source_progress
from photofinder.errors import Problem
from photofinder.health import workers

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 15
_NAMED = 20
_LISTING = (Source.State.QUEUED, Source.State.LISTING)
_INTERRUPTED = 130  # as a shell says of what Ctrl-C ended


class Command(BaseCommand):
    """Add a source, or list it again, and watch the workers."""

    help = (
        "Catalogue the images of a folder, or of s3://bucket/prefix, where they lie. The workers of the queue "
        f"`{settings.CELERY_TASK_ROUTES[settings.SOURCE_READING]['queue']}` do it: this command starts them and shows "
        "how far they are; it can be stopped and run again at any time. What is known and unchanged is not read again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, and how much to say."""
        parser.add_argument("root", help="a folder, or s3://bucket/prefix")
        parser.add_argument("--copy", action="store_true", help="keep the files in the storage too")
        parser.add_argument("--no-wait", action="store_true", help="return at once")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, *args: Any, root: str, **options: Any) -> None:
        """Raises CommandError when the source cannot be added or listed."""
        location = root if not root or root.startswith(S3) else str(Path(root).absolute())
        try:
            source = source_add(location=location, copies=options["copy"], trusted=True)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        except OperationalError as error:
            raise CommandError(f"The queue does not answer: {error}. The source is listed once it does.") from error
        if options["no_wait"]:
            self.stdout.write(f"{source} is being catalogued; the same command shows how far that is.")
            return
        self._watch(source, is_quiet=options["quiet"])

    def _watch(self, source: Source, *, is_quiet: bool) -> None:
        started = time.monotonic()
        try:
            with _Bar(is_quiet) as bar:
                progress = self._until_done(source, bar)
        except KeyboardInterrupt:
            self.stderr.write("The workers go on. Run the same command again to see how far they are.")
            raise SystemExit(_INTERRUPTED) from None
        self._summarise(source, progress, time.monotonic() - started)
        if source.state == Source.State.FAILED:
            raise CommandError(f"{source} could not be listed: {source.error}")

    def _until_done(self, source: Source, bar: "_Bar") -> Progress:
        """Look often, but let the database count no more than a fifth of the time."""
        moved, before = time.monotonic(), None
        while True:
            began = time.monotonic()
            source.refresh_from_db()
            progress = source_progress(source)
            bar.show(progress, is_listing=source.state in _LISTING)
            if source.state not in _LISTING and not progress.queued:
                return progress
            if (seen := (source.changed_at, progress.queued, progress.bytes_done)) != before:
                moved, before = time.monotonic(), seen
            elif time.monotonic() > moved + _PATIENCE_SECONDS:
                moved = time.monotonic()
                self._complain(bar)
            time.sleep(max(_LOOK_SECONDS, 4 * (time.monotonic() - began)))

    def _complain(self, bar: "_Bar") -> None:
        """Say why nothing moves, if that is known."""
        queue = settings.CELERY_TASK_ROUTES[settings.SOURCE_READING]["queue"]
        try:
            is_served = queue not in workers.ask()
        except Exception as error:  # noqa: BLE001 - whatever a driver of a broker raises
            bar.say(f"The queue does not answer: {error}")
            return
        if not is_served:
            bar.say(
                f"No worker of the queue `{queue}` answers. Start one: celery -A photofinder.celery worker -Q {queue}"
            )

    def _summarise(self, source: Source, progress: Progress, seconds: float) -> None:
        counts = f"{progress.indexed} catalogued, {progress.failed} failed, {progress.gone} gone"
        self.stdout.write(f"{source}: {counts}; {seconds:.0f} s")
        for folder, why in source.unreadable[:_NAMED]:
            self.stdout.write(f"  not looked into: {folder}: {why}")
        if (more := len(source.unreadable) - _NAMED) > 0:
            self.stdout.write(f"  and {more} more")
        failed = source.files.filter(state=SourceFile.State.FAILED).order_by("pk")
        for file in failed[:_NAMED]:
            self.stdout.write(f"  failed: {file.name}: {file.error}")
        if progress.failed > _NAMED:
            self.stdout.write(f"  and {progress.failed - _NAMED} more")


class _Bar:
    """A progress bar with files and megabytes per second, or nothing."""

    def __init__(self, is_quiet: bool) -> None:
        self._bar = tqdm(unit=" files", disable=is_quiet, dynamic_ncols=True)
        self._began: tuple[int, float, int] | None = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def show(self, progress: Progress, *, is_listing: bool) -> None:
        """What is done since the command began counts for the rate."""
        done = progress.indexed + progress.failed
        if self._began is None:
            self._began = done, time.monotonic(), progress.bytes_done
            self._bar.initial = done
        seconds = max(time.monotonic() - self._began[1], 1e-3)
        megabytes = (progress.bytes_done - self._began[2]) / 1e6 / seconds
        self._bar.total = progress.total
        self._bar.n = done
        self._bar.set_description("listing and reading" if is_listing else "reading", refresh=False)
        self._bar.set_postfix_str(f"{megabytes:.1f} MB/s, {progress.failed} failed", refresh=True)

    def say(self, line: str) -> None:
        """A line above the bar."""
        tqdm.write(line)
