"""Sources in Admin: added, watched, tried again."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from faces.tests.desk import address, signed_in, text
from media_index.models import Source, SourceFile
from media_index.services import sources
from media_index.tests.library import catalogue, fill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static", "empty_cache")]


@pytest.fixture
def archive(tmp_path: Path, settings: Any) -> Path:
    """A folder that may be catalogued."""
    folder = tmp_path / "archive"
    folder.mkdir()
    settings.MEDIA_ROOTS = [str(folder)]
    return folder


@pytest.fixture
def organiser() -> Client:
    return signed_in("organiser")


@pytest.fixture
def half_read(archive: Path) -> Source:
    """A source of which one file was read and one could not be."""
    fill(archive, "one.jpg")
    (archive / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    source = catalogue(archive)
    Source.objects.filter(pk=source.pk).update(unreadable=[["secret", "Permission denied"]])
    return source


def _add(browser: Client, **fields: Any) -> Any:
    return browser.post(address("media_index_source_changelist"), fields)


def test_a_folder_is_added_by_an_organiser(organiser: Client, archive: Path) -> None:
    answer = _add(organiser, location=str(archive), copies="on")
    source = Source.objects.get()
    assert answer.url == address("media_index_source_change", source.pk)
    assert (source.location, source.copies, str(source.by)) == (str(archive), True, "the-organiser")


@pytest.mark.parametrize("location", ["", "/etc", "/no/such/folder", "archive", "s3://", "x" * 1001, "/\0"])
def test_a_location_that_is_none_is_refused_beside_the_field(organiser: Client, archive: Path, location: str) -> None:
    answer = _add(organiser, location=location)
    assert answer.context["form"].errors["location"]
    assert 'role="alert"' in text(answer)
    assert not Source.objects.exists()


def test_it_says_how_to_allow_folders_where_none_are(organiser: Client, settings: Any) -> None:
    settings.MEDIA_ROOTS = []
    page = text(organiser.get(address("media_index_source_changelist")))
    assert "MEDIA_ROOTS" in page
    assert 'name="location"' not in page


def test_the_list_says_how_far_each_is(organiser: Client, half_read: Source) -> None:
    answer = organiser.get(address("media_index_source_changelist"))
    [(source, figures)] = answer.context["rows"]
    assert (source, figures["processed"], figures["total"], figures["failed"]) == (half_read, 2, 2, 1)
    page = text(answer)
    assert "1 failed file" in page
    assert "1 place not looked into" in page
    assert "data-progress" not in page  # nothing goes on


def test_the_page_of_one_names_what_failed_and_why(organiser: Client, half_read: Source) -> None:
    page = text(organiser.get(address("media_index_source_change", half_read.pk)))
    failed = SourceFile.objects.get(state="failed")
    assert "bad.jpg" in page
    assert failed.error in page
    assert "Permission denied" in page


def test_progress_is_told_as_json(organiser: Client, half_read: Source) -> None:
    figures = organiser.get(address("media_index_source_progress", half_read.pk)).json()
    assert {name: figures[name] for name in ("total", "processed", "failed", "gone", "unfinished", "settled")} == {
        "total": 2, "processed": 2, "failed": 1, "gone": 0, "unfinished": 0, "settled": True,
    }  # fmt: skip
    assert organiser.get(address("media_index_source_progress", 4711)).status_code == 404


def test_failed_files_are_tried_again_all_or_one(organiser: Client, half_read: Source) -> None:
    failed = SourceFile.objects.get(state="failed")
    retry = address("media_index_source_retry", half_read.pk)
    organiser.post(retry, {"file": failed.pk + 1000})
    assert SourceFile.objects.get(pk=failed.pk).state == "failed"
    organiser.post(retry, {"file": failed.pk})
    assert SourceFile.objects.get(pk=failed.pk).state == "queued"
    SourceFile.objects.filter(pk=failed.pk).update(state="failed")
    organiser.post(retry)
    assert SourceFile.objects.get(pk=failed.pk).state == "queued"


def test_a_source_is_listed_again(organiser: Client, half_read: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(sources, "enqueue", lambda path, ids, **options: sent.append(list(ids)))
    organiser.post(address("media_index_source_rescan", half_read.pk))
    assert Source.objects.get().state == "queued"
    assert sent == [[half_read.pk]]


def test_a_moderator_looks_and_changes_nothing(half_read: Source, archive: Path) -> None:
    moderator = signed_in("moderator")
    page = text(moderator.get(address("media_index_source_changelist")))
    assert str(archive) in page
    assert 'name="location"' not in page
    assert "Try all again" not in text(moderator.get(address("media_index_source_change", half_read.pk)))
    assert _add(moderator, location=str(archive)).status_code == 403
    for name in ("rescan", "retry"):
        assert moderator.post(address(f"media_index_source_{name}", half_read.pk)).status_code == 403


def test_others_see_nothing(half_read: Source) -> None:
    stranger = signed_in("")
    assert stranger.get(address("media_index_source_changelist")).status_code == 403
    assert stranger.get(address("media_index_source_change", half_read.pk)).status_code == 403
    assert stranger.get(address("media_index_source_progress", half_read.pk)).status_code == 403


def test_changes_need_a_form(organiser: Client, half_read: Source) -> None:
    for name in ("rescan", "retry"):
        assert organiser.get(address(f"media_index_source_{name}", half_read.pk)).status_code == 405
