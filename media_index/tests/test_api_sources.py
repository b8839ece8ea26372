"""Sources over HTTP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Caller
from media_index.models import Source
from media_index.tests.library import catalogue, fill

Callers = Callable[[str], Caller]
pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(tmp_path: Path, settings: Any) -> Path:
    """A folder that may be catalogued."""
    folder = tmp_path / "archive"
    folder.mkdir()
    settings.MEDIA_ROOTS = [str(folder)]
    return folder


def test_a_folder_below_an_allowed_one_becomes_a_source(caller: Callers, archive: Path) -> None:
    (archive / "2026").mkdir()
    organiser = caller("organiser")
    answer = organiser.send("media/sources/", {"location": str(archive / "2026"), "copy": True})
    assert (answer.status_code, answer.json()["state"], answer.json()["copy"]) == (202, "queued", True)
    assert Source.objects.get().by == organiser.user
    [row] = organiser.read("media/sources/").json()["results"]
    assert (row["location"], row["id"]) == (str(archive / "2026"), answer.json()["id"])


def test_it_tells_how_far_a_source_is(caller: Callers, archive: Path) -> None:
    fill(archive, "one.jpg", "two.jpg")
    (archive / "notes.jpg").write_text("no picture")
    source = catalogue(archive)
    shown = caller("organiser").read(f"media/sources/{source.pk}/").json()
    assert (shown["state"], shown["unreadable"]) == ("listed", [])
    progress = {name: shown["progress"][name] for name in ("total", "indexed", "failed", "gone")}
    assert progress == {"total": 3, "indexed": 2, "failed": 1, "gone": 0}
    assert caller("organiser").read("media/sources/0/").status_code == 404


@pytest.mark.parametrize(
    ("location", "code"),
    [("/", "not_allowed"), ("relative", "bad_location"), ("/nowhere at all", "not_allowed"), ("", "invalid")],
)
def test_it_refuses_other_places(caller: Callers, archive: Path, location: str, code: str) -> None:
    answer = caller("organiser").send("media/sources/", {"location": location})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Source.objects.exists()


def test_a_refusal_does_not_tell_what_lies_elsewhere(caller: Callers, archive: Path) -> None:
    (archive.parent / "secret").mkdir()
    for name in ("link", "archive/link"):
        (archive.parent / name).symlink_to(archive.parent / "secret")
    answers = [
        caller("organiser").send("media/sources/", {"location": str(archive.parent / name)}).json()
        for name in ("secret", "nothing", "link", "archive/../secret", "archive/link")
    ]
    assert {answer["code"] for answer in answers} == {"not_allowed"}
    assert ["secret" in answer["detail"] for answer in answers] == [True, False, False, True, False]
    inside = caller("organiser").send("media/sources/", {"location": str(archive / "nothing")}).json()
    assert inside["code"] == "no_such_folder"


@pytest.mark.parametrize("role", ["moderator", "client", "bot", ""])
def test_only_organisers_may(caller: Callers, archive: Path, role: str) -> None:
    source = catalogue(archive)
    assert caller(role).read("media/sources/").status_code == 403
    assert caller(role).read(f"media/sources/{source.pk}/").status_code == 403
    assert caller(role).send("media/sources/", {"location": str(archive)}).status_code == 403
