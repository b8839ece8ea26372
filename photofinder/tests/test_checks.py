"""Misconfiguration is said at startup, with what to do about it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage

from faces.checks import check_calibration
from photofinder import engines
from photofinder.checks import check_engines, check_hardware, check_storage


@pytest.fixture(autouse=True)
def fresh_engines() -> Iterator[None]:
    """No engine is left of another test, or for one."""
    engines._make.cache_clear()
    yield
    engines._make.cache_clear()


def _ids(messages: list[CheckMessage]) -> list[str | None]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


def _use(settings: Any, path: str, **options: Any) -> None:
    settings.ENGINES = {"face": {"CLASS": path, "OPTIONS": options}}


def test_it_is_content_with_the_engine_that_needs_no_download(settings: Any) -> None:
    settings.ENGINES = {"face": settings.FACE_ENGINES["dlib"]}
    assert _ids(check_engines()) == []


def test_it_offers_the_engine_that_was_meant(settings: Any) -> None:
    _use(settings, "insigtface")
    message = check_engines()[0]
    assert (message.id, message.is_serious()) == ("photofinder.E001", True)
    assert "Set FACE_ENGINE to insightface" in str(message.hint)


def test_it_offers_engines_of_the_stage(settings: Any) -> None:
    settings.ENGINES = {"object": {"CLASS": "yolo8", "OPTIONS": {}}}
    assert "Set OBJECT_ENGINE to yolov8" in str(check_engines()[0].hint)


@pytest.mark.parametrize(("hardware", "ids"), [("", []), ("cuda", []), ("gpu", ["photofinder.W003"])])
def test_it_notices_a_decoder_that_ffmpeg_does_not_have(settings: Any, hardware: str, ids: list[str]) -> None:
    settings.VIDEO_INDEXER = settings.VIDEO_INDEXER | {"hardware": hardware}
    assert _ids(check_hardware()) == ids


@pytest.mark.parametrize("path", ["faces.engines.nothing.Engine", "faces.engines.fake.Nothing"])
def test_it_notices_a_class_that_is_not_there(settings: Any, path: str) -> None:
    _use(settings, path)
    assert _ids(check_engines()) == ["photofinder.E002"]


def test_it_notices_an_option_that_the_engine_does_not_take(settings: Any) -> None:
    _use(settings, "faces.engines.fake.FakeFaceEngine", colour="red")
    assert _ids(check_engines()) == ["photofinder.E002"]


def test_it_warns_that_weights_are_missing_and_says_which_command_brings_them(settings: Any, tmp_path: Path) -> None:
    _use(settings, "faces.engines.insightface.InsightFaceEngine", pack="buffalo_l", root=str(tmp_path))
    message = check_engines()[0]
    assert (message.id, message.is_serious()) == ("photofinder.W001", False)
    assert "download_models" in str(message.hint)


def test_it_warns_of_the_licence_of_insightfaces_weights(settings: Any) -> None:
    settings.ENGINES = {"face": settings.FACE_ENGINES["insightface"]}
    assert "photofinder.W002" in _ids(check_engines())


def test_it_warns_that_an_engine_is_not_calibrated(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(settings, "faces.engines.fake.FakeFaceEngine")
    assert _ids(check_calibration()) == []
    monkeypatch.setattr("faces.services.people.current_contract", lambda: "unheard/of/1/2/3")
    assert _ids(check_calibration()) == ["faces.W001"]


def test_it_leaves_an_engine_that_cannot_be_made_to_the_other_check(settings: Any) -> None:
    _use(settings, "faces.engines.nothing.Engine")
    assert check_calibration() == []


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, []),
        ({"bucket_name": "photos"}, []),
        ({"bucket_name": "photos", "access_key": "a", "secret_key": "b", "endpoint_url": "http://s3.local"}, []),
        ({"access_key": "a", "secret_key": "b"}, ["photofinder.E003"]),
        ({"bucket_name": "photos", "access_key": "a"}, ["photofinder.E004"]),
        ({"bucket_name": "photos", "secret_key": "b"}, ["photofinder.E004"]),
        ({"bucket_name": "photos", "endpoint_url": "s3.local"}, ["photofinder.E005"]),
    ],
)
def test_it_wants_s3_whole_or_not_at_all(settings: Any, options: dict[str, str], ids: list[str]) -> None:
    nothing = {"bucket_name": "", "endpoint_url": None, "access_key": None, "secret_key": None}
    settings.S3_OPTIONS = nothing | options
    assert _ids(check_storage()) == ids
