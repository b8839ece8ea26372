"""Searching exported files, with no database at all: none is there in these tests."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command

from media_index import faiss_index
from media_index.engines.fake import COLOURS, FakeImageEngine
from media_index.tests.clip_files import write_clip
from media_index.tests.exchanged import SPEC, colour_vectors, picture
from photofinder import engines
from photofinder.contracts import EngineSpec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One row of each colour, at /photos/<colour>.jpg."""
    rows = [([f"/photos/{name}.jpg" for name in COLOURS], colour_vectors(list(COLOURS)))]
    faiss_index.write(tmp_path / "index", spec=SPEC, total=len(COLOURS), rows=rows)
    return tmp_path / "index"


def search(folder: Path, question: str | Path, *options: str) -> list[tuple[float, str]]:
    said = StringIO()
    call_command("search_index", str(folder), str(question), *options, stdout=said)
    lines = [line.split("\t") for line in said.getvalue().splitlines()]
    return [(float(similarity), path) for similarity, path in lines]


def test_words_find_files_with_their_similarity(folder: Path) -> None:
    best, second, *_ = search(folder, "something red")
    assert best[1] == "/photos/red.jpg"
    assert best[0] > 0.9 > second[0]


def test_a_picture_finds_files_with_their_similarity(folder: Path, tmp_path: Path) -> None:
    best, second, *_ = search(folder, picture(tmp_path / "new.png", "blue"))
    assert best[1] == "/photos/blue.jpg"
    assert best[0] == pytest.approx(FakeImageEngine().scale.similarity(0), abs=2e-3)
    assert second[0] < 0.5


def test_words_that_no_file_shows_are_not_similar_to_any(folder: Path) -> None:
    assert max(similarity for similarity, _ in search(folder, "democracy")) < 0.5


def test_there_are_no_more_than_asked_for_best_first(folder: Path) -> None:
    assert len(search(folder, "red", "--limit", "3")) == 3
    similarities = [similarity for similarity, _ in search(folder, "red")]
    assert similarities == sorted(similarities, reverse=True)
    with pytest.raises(CommandError, match="at least 1"):
        search(folder, "red", "--limit", "0")


def test_it_needs_no_database(folder: Path, tmp_path: Path) -> None:
    nowhere = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing",
        "REDIS_URL": "redis://127.0.0.1:9",
        "IMAGE_ENGINE": "fake",
        "VAR_DIR": str(tmp_path / "var"),
    }
    for question in ("green", str(picture(tmp_path / "new.jpg", "green"))):
        command = [sys.executable, "manage.py", "search_index", str(folder), question, "--limit", "1"]
        done = subprocess.run(command, cwd=site.BASE_DIR, env=os.environ | nowhere, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("\t/photos/green.jpg\n")


def test_a_clip_model_answers_from_its_files_alone(tmp_path: Path, settings: Any) -> None:
    options = {"folder": str(write_clip(tmp_path / "clip"))}
    settings.IMAGE_ENGINES = {"clip": site.IMAGE_ENGINES["clip"] | {"OPTIONS": options}}
    settings.ENGINES = {"image": settings.IMAGE_ENGINES["clip"]}
    engines._make.cache_clear()
    engine = engines.get_engine("image")
    pictures = [np.full((9, 9, 3), COLOURS[name], np.uint8) for name in ("red", "green", "blue")]
    rows = [(["red.jpg", "green.jpg", "blue.jpg"], engine.embed_images(pictures))]
    faiss_index.write(tmp_path / "index", spec=engine.spec, total=3, rows=rows)
    assert search(tmp_path / "index", "green")[0][1] == "green.jpg"
    engines._make.cache_clear()


def test_a_file_name_that_is_no_text_is_printed_as_in_the_list(tmp_path: Path) -> None:
    rows = [([os.fsdecode(b"caf\xe9.jpg")], colour_vectors(["red"]))]
    faiss_index.write(tmp_path / "index", spec=SPEC, total=1, rows=rows)
    assert search(tmp_path / "index", "red")[0][1] == "caf\\xe9.jpg"


def test_an_image_that_is_not_there_is_no_question(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no file holiday\.JPG"):
        search(folder, "holiday.JPG")


def test_very_long_words_are_words(folder: Path) -> None:
    assert search(folder, "red " * 5000)[0][1] == "/photos/red.jpg"


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0 half"])
def test_a_file_that_is_no_image_is_refused(content: bytes, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(content)
    with pytest.raises(CommandError):
        search(folder, tmp_path / "bad.jpg")


def test_an_engine_that_nobody_has_is_named(tmp_path: Path) -> None:
    spec = EngineSpec("clip", "elsewhere", "1", 3, "none")
    faiss_index.write(tmp_path / "index", spec=spec, total=1, rows=[(["a"], np.eye(1, 3, dtype=np.float32))])
    with pytest.raises(CommandError, match="clip/elsewhere"):
        search(tmp_path / "index", "red")


def test_an_engine_that_cannot_read_says_so(tmp_path: Path, settings: Any) -> None:
    blind = FakeImageEngine(version="blind", words=False)
    setting = {"CLASS": "media_index.engines.fake.FakeImageEngine", "OPTIONS": {"version": "blind", "words": False}}
    settings.ENGINES, settings.IMAGE_ENGINES = {"image": setting}, {"fake": setting}
    engines._make.cache_clear()
    faiss_index.write(tmp_path / "index", spec=blind.spec, total=1, rows=[(["a"], colour_vectors(["red"]))])
    with pytest.raises(CommandError, match="cannot read words"):
        search(tmp_path / "index", "red")
    engines._make.cache_clear()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"contract\.json cannot be read"):
        search(tmp_path, "red")
