"""What of an upload reaches the disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client, RequestFactory

from conftest import Caller
from faces.services.uploads import event_create

Spooled = list[str]


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> Spooled:
    """The names of the files that were begun on the disk."""
    names: Spooled = []

    class Noted(TemporaryUploadedFile):
        def __init__(self, name: str, *args: Any) -> None:
            names.append(name)
            super().__init__(name, *args)

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", Noted)
    return names


def _file(name: str, size: int) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"x" * size)


def _request(user: Any, *files: SimpleUploadedFile) -> Any:
    request = RequestFactory().post("/", {"files": files})
    request.user = user
    return request


def test_it_keeps_one_byte_more_than_is_taken_and_all_of_the_next_file(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = settings.SELFIE_MAX_BYTES = 100_000  # more than a chunk
    files = _request(User(), _file("large", 300_000), _file("most", 100_000)).FILES.getlist("files")
    assert [(file.name, file.size) for file in files] == [("large", 100_001), ("most", 100_000)]
    assert [Path(file.temporary_file_path()).stat().st_size for file in files] == [100_001, 100_000]


@pytest.mark.django_db
def test_a_file_that_was_cut_is_refused_as_too_large_and_alone(settings: Any, caller: Callable[[str], Caller]) -> None:
    settings.UPLOAD_MAX_BYTES = settings.SELFIE_MAX_BYTES = 100_000
    event_create(name="Gala")
    answer = caller("organiser").upload("events/gala/photos/", files=[_file("a", 300_000), _file("b", 10)])
    assert [file["code"] for file in answer.json()["refused"]] == ["too_large", "not_an_image"]


def test_a_selfie_may_be_larger_than_a_photo(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES, settings.SELFIE_MAX_BYTES = 10, 1000
    assert _request(User(), _file("selfie", 500)).FILES["files"].size == 500


def test_it_takes_nothing_of_the_anonymous(spooled: Spooled) -> None:
    assert not _request(AnonymousUser(), _file("a", 10), _file("b", 10)).FILES
    assert spooled == []


@pytest.mark.django_db
@pytest.mark.usefixtures("plain_static")
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/faces/event/add/", "/i18n/setlang/"])
def test_a_page_spools_nothing_of_a_visitor_with_a_made_up_session(path: str, spooled: Spooled) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = "made-up"
    assert client.post(path, {"file": _file("a", 10)}).status_code == 403
    assert spooled == []


@pytest.mark.django_db
def test_the_api_spools_nothing_without_a_token(spooled: Spooled, caller: Callable[[str], Caller]) -> None:
    organiser = caller("organiser")
    organiser.credentials(HTTP_AUTHORIZATION="Token made-up")
    assert organiser.upload("events/gala/photos/", files=[_file("a", 10)]).status_code == 401
    assert spooled == []
