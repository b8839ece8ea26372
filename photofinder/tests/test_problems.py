"""Every error of the API is JSON with a code, whoever raises it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conftest import Caller
from photofinder.api import STATUS
from photofinder.schema import MEANINGS

Callers = Callable[[str], Caller]


def test_it_says_that_a_token_is_missing_or_wrong(client: Client, db: None) -> None:
    answer = client.get("/api/v1/events/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"
    answer = client.get("/api/v1/events/", headers={"Authorization": "Token nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


def test_it_says_that_a_method_is_not_there(caller: Callers) -> None:
    answer = caller("client").delete("/api/v1/events/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_it_says_that_json_cannot_be_read(caller: Callers) -> None:
    answer = caller("client").post("/api/v1/events/", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    "body", ["[]", "1", '"name"', "null", "[" * 100_000, '{"name": NaN}', '{"name": {"a": [1]}}', "\xff"]
)
def test_it_survives_json_of_another_shape(caller: Callers, body: str) -> None:
    answer = caller("client").post("/api/v1/events/", body.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] in ("invalid", "malformed", "parse_error")
    assert answer.json()["detail"]


def test_it_survives_files_in_place_of_words(caller: Callers) -> None:
    fields = {name: SimpleUploadedFile("x.png", b"x") for name in ("photos", "limit", "event", "min_similarity")}
    answer = caller("client").upload("search/batch/", **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_it_refuses_a_large_body(caller: Callers, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = caller("client").send("events/", {"name": "x" * 200})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_it_answers_an_unknown_address_with_json_in_the_api_only(client: Client) -> None:
    answer = client.get("/api/v1/nothing/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "text/html" in client.get("/nothing/")["Content-Type"]


def test_it_answers_a_mistake_of_ours_with_json(
    caller: Callers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("faces.api.events.visible_events", fail)
    with caplog.at_level(logging.CRITICAL, "django.request"):
        answer = caller("client").read("events/")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")


def test_it_answers_a_wrong_host_with_json(client: Client) -> None:
    answer = client.get("/api/v1/events/", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_it_speaks_english_whatever_the_caller_reads(client: Client, db: None) -> None:
    russian = client.get("/api/v1/events/", headers={"Accept-Language": "ru"})
    assert russian.json() == client.get("/api/v1/events/").json()
    assert russian["Content-Language"] == "en"


def test_it_describes_every_status_that_a_code_has() -> None:
    assert set(STATUS.values()) <= set(MEANINGS)
