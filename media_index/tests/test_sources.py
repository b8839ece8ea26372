"""Which folders and prefixes become sources, and how far they are."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from media_index.models import Source, SourceFile
from media_index.services.sources import source_add, source_progress
from media_index.tests.library import added, catalogue, fill, listed, states
from photofinder.errors import Problem

pytestmark = pytest.mark.django_db


def _refused(location: Path | str, **options: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        source_add(location=str(location), **({"trusted": True} | options))
    assert not Source.objects.filter(location=str(location)).exists()
    return caught.value


def test_a_location_is_kept_without_links_and_detours(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    for location in (f"{tmp_path}/link/", f"{tmp_path}/./photos/../photos"):
        assert added(location).location == str(tmp_path / "photos")
    assert Source.objects.count() == 1


@pytest.mark.parametrize(
    ("location", "normal"),
    [
        ("s3://photos", "s3://photos"),
        ("s3://photos/", "s3://photos"),
        ("s3://photos//2026/may/", "s3://photos/2026/may"),
    ],
)
def test_a_prefix_is_kept_in_one_spelling(location: str, normal: str) -> None:
    assert added(location).location == normal


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("photos", "bad_location"),
        ("", "bad_location"),
        ("s3://", "bad_location"),
        ("s3:///prefix", "bad_location"),
        ("s3://bucket/a?b", "bad_location"),
        ("/nul\0byte", "bad_location"),
        ("/nowhere/at/all", "no_such_folder"),
        ("/etc/hostname", "no_such_folder"),
        ("s3://bucket/" + "x" * 1000, "bad_location"),
    ],
)
def test_what_is_no_location_is_refused(location: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        added(location)
    assert caught.value.code == code


def test_a_folder_whose_own_path_is_not_utf8_is_refused_with_a_way_out(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    Path(folder).mkdir()
    with pytest.raises(Problem, match="the folder above"):
        added(folder)


def test_admin_and_api_add_only_what_lies_below_the_roots(tmp_path: Path, settings: Any) -> None:
    for name in ("open/inner", "opener"):
        (tmp_path / name).mkdir(parents=True)
    settings.MEDIA_ROOTS = [str(tmp_path / "open"), "s3://shared/photos/"]
    for location in (tmp_path / "open/inner", "s3://shared/photos/2026"):
        assert source_add(location=str(location))
    for location in (tmp_path / "opener", tmp_path, "s3://shared/photos2", "s3://shared"):
        problem = _refused(location, trusted=False)
        assert problem.code == "not_allowed"
        assert "MEDIA_ROOTS" in problem.detail and "index_media" in problem.detail


def test_a_link_leads_nobody_out_of_the_roots(tmp_path: Path, settings: Any) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
    (tmp_path / "open/link").symlink_to(tmp_path / "closed")
    settings.MEDIA_ROOTS = [str(tmp_path / "open")]
    assert _refused(tmp_path / "open/link", trusted=False).code == "not_allowed"


def test_without_roots_admin_and_api_add_nothing(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOTS = []
    assert _refused(tmp_path, trusted=False).code == "not_allowed"


def test_sources_that_overlap_are_refused_with_the_other_ones_name(tmp_path: Path) -> None:
    for name in ("a/b", "ab"):
        (tmp_path / name).mkdir(parents=True)
    added(tmp_path / "a")
    added("s3://bucket/a")
    for location in (f"{tmp_path}/a/b", str(tmp_path), "s3://bucket", "s3://bucket/a/b"):
        problem = _refused(location)
        assert problem.code == "overlapping_source"
        assert "the source s3://bucket/a" in problem.detail or f"the source {tmp_path}/a" in problem.detail
    assert added(tmp_path / "ab") and added("s3://bucket/ab")


def test_the_sites_own_files_are_no_source(tmp_path: Path, settings: Any) -> None:
    options = {"location": tmp_path / "media", "base_url": "/media/"}
    default = {"BACKEND": "photofinder.storage.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": default}
    fill(tmp_path, "media/thumbs/a.webp", "b.jpg")
    assert _refused(tmp_path / "media").code == "own_storage"
    assert _refused(tmp_path / "media/thumbs").code == "own_storage"
    assert states(catalogue(tmp_path)) == {"b.jpg": "indexed"}


@pytest.mark.parametrize(("location", "is_own"), [("", True), ("/thumbs/ab", True), ("/images", True), ("/old", False)])
def test_the_sites_own_bucket_is_a_source_only_beside_its_files(settings: Any, location: str, is_own: bool) -> None:
    settings.S3_BUCKET = "site"
    default = {"BACKEND": "photofinder.s3.JoiningS3Storage", "OPTIONS": settings.S3_OPTIONS | {"bucket_name": "site"}}
    settings.STORAGES = settings.STORAGES | {"default": default}
    if is_own:
        assert _refused(f"s3://site{location}").code == "own_storage"
    else:
        assert added(f"s3://site{location}")


def test_progress_is_counted_from_the_files(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    source = catalogue(tmp_path)
    (tmp_path / "a.jpg").unlink()
    listed(added(tmp_path))
    SourceFile.objects.filter(name="b.jpg").update(state="queued")
    progress = source_progress(source)
    counts = (progress.total, progress.indexed, progress.failed, progress.gone, progress.queued)
    assert counts == (4, 2, 1, 1, 1)
    done = [tmp_path / name for name in ("bad.jpg", "c.jpg", "d.jpg")]
    assert progress.bytes_done == sum(path.stat().st_size for path in done)


def test_rate_and_time_left_are_those_of_the_last_minutes(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{number}.jpg" for number in range(30)))
    source = added(tmp_path)
    listed(source)
    assert (source_progress(source).rate, source_progress(source).eta_s) == (0, None)
    ids = list(source.files.values_list("pk", flat=True))
    now = timezone.now()
    source.files.filter(pk__in=ids[:5]).update(state="indexed", changed_at=now - timedelta(hours=1))
    source.files.filter(pk__in=ids[5:15]).update(state="indexed", changed_at=now - timedelta(seconds=5))
    progress = source_progress(source)
    assert progress.rate == pytest.approx(2, rel=0.1)
    assert progress.eta_s == pytest.approx(7.5, abs=1)
