"""The files that an uploader meets sooner or later, each with its verdict, over the API."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from faces.models import Photo
from faces.services import pipeline
from faces.services.uploads import event_create

ASSETS = Path(os.environ.get("PHOTOFINDER_ASSETS", "/nonexistent"))
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.assets,
    pytest.mark.usefixtures("fake_engine"),
    pytest.mark.skipif(not ASSETS.is_dir(), reason="PHOTOFINDER_ASSETS names no folder with the event builder"),
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of hostile files, and beside it hostile.json with the verdict on each."""
    out = tmp_path_factory.mktemp("event")
    few = ["--people", "5", "--photos", "2", "--size", "1500x1000", "--hostile"]
    subprocess.run([sys.executable, ASSETS / "tools/make_event.py", ASSETS / "data/lfw_dev", out, *few], check=True)
    return out / "hostile"


def test_each_gets_its_verdict_and_the_rest_is_processed(hostile: Path, caller: Callable[[str], Any]) -> None:
    verdicts = json.loads(hostile.with_suffix(".json").read_text())
    slug = event_create(name="Gala").slug
    files = [SimpleUploadedFile(name, (hostile / name).read_bytes()) for name in verdicts]
    answer = caller("client").post(f"/api/v1/events/{slug}/photos/", {"files": files}, format="multipart")
    assert answer.status_code == 202
    taken = {file["name"]: "accepted" for file in answer.json()["accepted"]}
    refused = {file["name"]: "refused" for file in answer.json()["refused"]}
    assert taken | refused == verdicts
    assert all(file["code"] and file["detail"] for file in answer.json()["refused"])
    ids = list(Photo.objects.values_list("pk", flat=True))
    for stage in (pipeline.photos_ingest, pipeline.photos_detect, pipeline.photos_assign):
        stage(photo_ids=ids)
    assert set(Photo.objects.values_list("state", flat=True)) == {Photo.State.READY}
