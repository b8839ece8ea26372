"""The schema of the API and its docs page."""

import re
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client


@pytest.fixture(scope="module")
def schema() -> Any:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return yaml.safe_load(out.getvalue())


def test_it_is_valid_and_complete(schema: Any) -> None:
    operations = {f"{method.upper()} {path}" for path, methods in schema["paths"].items() for method in methods}
    assert {
        "POST /api/v1/events/",
        "GET /api/v1/events/",
        "GET /api/v1/events/{slug}/",
        "POST /api/v1/events/{slug}/photos/",
        "GET /api/v1/batches/{batch_id}/",
        "POST /api/v1/search/",
        "POST /api/v1/search/batch/",
        "GET /api/v1/users/",
        "GET /api/v1/users/{user_id}/",
        "GET /api/v1/users/{user_id}/photos/",
        "POST /api/v1/users/{user_id}/merge/",
        "POST /api/v1/users/{user_id}/split/",
        "PATCH /api/v1/users/{user_id}/",
        "GET /api/v1/users/{user_id}/faces/",
        "GET /api/v1/decisions/",
        "POST /api/v1/suggestions/{suggestion_id}/answer/",
        "POST /api/v1/decisions/{decision_id}/undo/",
        "GET /api/v1/media/search/",
        "GET /api/v1/media/{sha256}/",
        "PATCH /api/v1/media/{sha256}/",
        "GET /api/v1/media/{sha256}/similar/",
        "POST /api/v1/media/similar/",
        "POST /api/v1/media/tags/",
        "POST /api/v1/media/ratings/",
        "GET /api/v1/media/clusters/",
        "GET /api/v1/media/clusters/{cluster_id}/",
        "GET /api/v1/media/duplicates/",
        "POST /api/v1/media/duplicates/{number}/resolve/",
        "POST /api/v1/media/sources/",
        "POST /api/v1/videos/",
        "GET /api/v1/videos/",
        "GET /api/v1/videos/{video_id}/",
        "DELETE /api/v1/videos/{video_id}/",
        "PUT /api/v1/videos/{video_id}/parts/{start}/",
        "POST /api/v1/videos/{video_id}/complete/",
        "POST /api/v1/videos/{video_id}/reindex/",
        "GET /api/v1/videos/{video_id}/events/",
        "GET /api/v1/videos/{video_id}/clip/",
    } <= operations


def test_every_operation_names_its_errors(schema: Any) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert {"401", "403"} <= set(operation["responses"]), (method, path)
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert response["content"]["application/json"]["schema"] == problem, (method, path, status)
    search = schema["paths"]["/api/v1/search/"]["post"]["responses"]
    assert set(search) == {"200", "400", "401", "403", "404", "410", "413", "415", "422", "429", "503"}


def test_it_takes_files_and_a_token(schema: Any) -> None:
    upload = schema["paths"]["/api/v1/events/{slug}/photos/"]["post"]
    assert list(upload["requestBody"]["content"]) == ["multipart/form-data"]
    assert upload["security"] == [{"knoxApiToken": []}]
    assert schema["components"]["schemas"]["FilesRequest"]["properties"]["files"]["items"]["format"] == "binary"


@pytest.mark.usefixtures("plain_static")
def test_the_docs_page_runs_under_the_sites_content_security_policy(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    html = page.content.decode()
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert scripts
    assert all("src=" in attributes and not inline.strip() for attributes, inline in scripts)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(address.startswith("/") for address in addresses)
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = client.get(next(address for address in addresses if "script" in address and address.startswith("/api/")))
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()


def test_the_schema_needs_no_token(client: Client) -> None:
    assert client.get("/api/v1/schema/").status_code == 200
