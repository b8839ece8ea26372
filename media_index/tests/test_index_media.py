"""The command `index_media`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from kombu.exceptions import OperationalError

from media_index.management.commands import index_media
from media_index.models import Image, Source
from media_index.services import listing, reading, sources
from media_index.tests.library import catalogue, fill, recording, states
from photofinder.health import workers
from photofinder.tests.workers import empty_broker, worker

pytestmark = pytest.mark.django_db
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; what it prints, and what it prints as errors."""

    def run(root: Path | str, *options: str) -> tuple[str, str]:
        call_command("index_media", str(root), *options)
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are worked on as they are sent, in this process."""
    monkeypatch.setattr(sources, "enqueue", lambda path, ids: listing.sources_list(source_ids=ids))
    monkeypatch.setattr(listing, "enqueue", lambda path, ids, *, chunk=None: reading.files_read(file_ids=ids))


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No worker; after three looks the person gives up, with Ctrl-C. How long it slept."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(index_media, "_PATIENCE_SECONDS", -1)
    monkeypatch.setattr(workers, "ask", lambda: {"sources"})
    return slept


@pytest.mark.usefixtures("at_once")
def test_it_ends_with_a_summary(tmp_path: Path, run: Run) -> None:
    fill(tmp_path, "a.jpg", "deep/b.jpg")
    out, _ = run(tmp_path)
    assert out.startswith(f"{tmp_path}: 2 catalogued, 0 failed, 0 gone; ")


@pytest.mark.usefixtures("at_once")
def test_it_takes_a_relative_folder(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "photos/a.jpg")
    monkeypatch.chdir(tmp_path)
    run("photos")
    assert Source.objects.get().location == str(tmp_path / "photos")


@pytest.mark.usefixtures("at_once")
def test_it_names_the_files_that_failed_and_what_it_did_not_look_into(tmp_path: Path, run: Run) -> None:
    for number in range(25):
        (tmp_path / f"{number:02d}.jpg").write_bytes(b"no image")
    (tmp_path / "loop").symlink_to(tmp_path)
    out, _ = run(tmp_path)
    assert "0 catalogued, 25 failed" in out
    assert out.count("  failed: ") == 20 and "  and 5 more" in out
    assert ".jpg: This is not a photo" in out
    assert "  not looked into: loop: a symbolic link" in out


@pytest.mark.usefixtures("at_once")
def test_the_second_time_only_what_is_new_is_read(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    run(tmp_path)
    fill(tmp_path, "c.jpg")
    read: list[tuple[int]] = []
    monkeypatch.setattr(reading, "_read", recording(reading._read, read))
    out, _ = run(tmp_path)
    assert len(read) == 1
    assert "3 catalogued" in out


@pytest.mark.usefixtures("at_once")
def test_it_copies_when_asked(tmp_path: Path, run: Run) -> None:
    fill(tmp_path, "a.jpg")
    run(tmp_path, "--copy")
    assert Image.objects.get().key


@pytest.mark.usefixtures("at_once")
def test_the_bar_shows_rates_and_quiet_hides_it(tmp_path: Path, run: Run) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    _, err = run(tmp_path)
    assert "2/2" in err and "files/s" in err and "MB/s" in err
    _, err = run(tmp_path, "--quiet")
    assert err == ""


@pytest.mark.usefixtures("at_once")
def test_a_listing_that_failed_is_an_error(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = fill(tmp_path, "a.jpg")
    catalogue(tmp_path)
    path.unlink()
    with pytest.raises(CommandError, match="could not be listed: It is empty"):
        run(tmp_path)


@pytest.mark.parametrize("root", ["/nowhere/at/all", "s3://", ""])
def test_what_cannot_be_a_source_is_an_error(run: Run, root: str) -> None:
    with pytest.raises(CommandError):
        run(root)
    assert not Source.objects.exists()


def test_it_returns_at_once_when_asked(tmp_path: Path, run: Run) -> None:
    out, _ = run(tmp_path, "--no-wait")
    assert "is being catalogued" in out
    assert Source.objects.get().state == Source.State.QUEUED


def test_it_says_that_no_worker_answers_and_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], nobody: list[float]
) -> None:
    with pytest.raises(SystemExit):
        call_command("index_media", str(tmp_path))
    said = capsys.readouterr()
    assert "No worker of the queue `sources` answers" in said.out + said.err
    assert "celery -A photofinder.celery worker -Q sources" in said.out + said.err


def test_it_leaves_the_work_to_the_workers_when_it_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], nobody: list[float]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("index_media", str(tmp_path), "--quiet")
    assert ended.value.code == 130
    assert "The workers go on." in capsys.readouterr().err
    assert Source.objects.get().state == Source.State.QUEUED


def test_a_queue_that_does_not_answer_is_an_error(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**options: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(index_media, "source_add", fail)
    with pytest.raises(CommandError, match="connection refused"):
        run(tmp_path)


@pytest.mark.django_db(transaction=True)
def test_workers_do_it(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "library", *(f"{number}.jpg" for number in range(40)))
    (tmp_path / "library/bad.jpg").write_bytes(b"no image")
    empty_broker()
    deadline, real = time.monotonic() + 60, time.sleep

    def sleep(seconds: float) -> None:
        assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()[-2000:]
        real(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    with worker(tmp_path / "worker.log"):
        out, _ = run(tmp_path / "library")
    assert "40 catalogued, 1 failed, 0 gone" in out
    assert set(states(Source.objects.get()).values()) == {"indexed", "failed"}
