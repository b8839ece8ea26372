"""Embeddings that were made elsewhere."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command

from media_index import faiss_index
from media_index.engines.base import Vectors
from media_index.engines.fake import COLOURS
from media_index.models import Image, ImageContract, ImageEmbedding
from media_index.services import contracts, importing
from media_index.tests.exchanged import (
    SPEC,
    colour_vectors,
    contract,
    digest,
    embedded,
    found,
    image,
    nothing,
)
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem
from photofinder.tests.workers import database_url

pytestmark = pytest.mark.django_db
ELSEWHERE = EngineSpec("clip", "made-elsewhere", "1", SPEC.dim, "shortest224")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The images that are sent to be indexed."""
    ids: list[int] = []
    monkeypatch.setattr(contracts, "enqueue", lambda path, some, *, chunk: ids.extend(some))
    return ids


def made_elsewhere(folder: Path, names: list[str], vectors: Vectors | None = None, spec: EngineSpec = SPEC) -> Path:
    """A folder as another program writes it: without faiss.index."""
    folder.mkdir()
    colours = [list(COLOURS)[place % len(COLOURS)] for place in range(len(names))]
    np.save(folder / "embeddings.npy", colour_vectors(colours) if vectors is None else vectors)
    (folder / "file_paths.txt").write_text("".join(f"{faiss_index.escaped(name)}\n" for name in names))
    (folder / "contract.json").write_text(json.dumps(asdict(spec)))
    return folder


def take_in(folder: Path, moved: tuple[str, str] = ("", "")) -> importing.Imported:
    return importing.index_import(folder=folder, moved=moved, progress=nothing)


def counts(done: importing.Imported) -> tuple[int, int, int]:
    return done.added, done.known, len(done.unknown)


def test_images_are_known_by_place_key_and_content(tmp_path: Path) -> None:
    here, stored, named = image("here"), image("stored", key=f"images/ab/{digest('stored')}.jpg"), image("named")
    found(here, b"caf\xe9/a.jpg")
    names = [os.fsdecode(b"/photos/caf\xe9/a.jpg"), stored.key, f"/mnt/other/{digest('named').upper()}.png"]
    assert counts(take_in(made_elsewhere(tmp_path / "in", names))) == (3, 0, 0)
    for of, vector in zip((here, stored, named), colour_vectors(list(COLOURS)[:3]), strict=True):
        row = of.embeddings.get()
        assert row.contract.name == SPEC.contract
        assert np.asarray(row.embedding) == pytest.approx(vector, abs=1e-3)


def test_a_tree_that_lies_elsewhere_is_moved_here(tmp_path: Path) -> None:
    found(image("a"), b"sea/a.jpg", location="/photos/")
    folder = made_elsewhere(tmp_path / "in", ["/gpu/data/sea/a.jpg"])
    assert counts(take_in(folder)) == (0, 0, 1)
    assert counts(take_in(folder, ("/gpu/data", "/photos"))) == (1, 0, 0)


def test_images_of_s3_and_of_files_that_are_gone_are_known(tmp_path: Path) -> None:
    found(image("cloud"), b"a.jpg", location="s3://bucket/prefix")
    found(image("gone"), b"gone.jpg", state="gone")
    names = ["s3://bucket/prefix/a.jpg", "/photos/gone.jpg"]
    assert counts(take_in(made_elsewhere(tmp_path / "in", names))) == (2, 0, 0)


def test_unknown_paths_are_named(tmp_path: Path) -> None:
    found(image("a"), b"a.jpg")
    found(image("failed"), b"failed.jpg", state="failed")
    names = ["/photos/nobody.jpg", "/photos/a.jpg", "/photosa.jpg", digest("nobody"), "/photos/failed.jpg"]
    said, complained = StringIO(), StringIO()
    call_command("import_index", str(made_elsewhere(tmp_path / "in", names)), stdout=said, stderr=complained)
    assert said.getvalue().startswith("1 embeddings were taken in, 0 were there already, 4 paths are of no image here.")
    assert complained.getvalue().splitlines() == [f"unknown: {name}" for name in names if name != "/photos/a.jpg"]


def test_what_is_there_stays_and_what_is_missing_is_put_in(tmp_path: Path, sent: list[int]) -> None:
    kept, new = image("kept"), image("new")
    before = embedded(kept, "white")
    assert counts(take_in(made_elsewhere(tmp_path / "in", [digest("kept"), digest("new")]))) == (1, 1, 0)
    assert kept.embeddings.get() == before
    assert sent == [new.pk]
    assert list(Image.objects.waiting()) == [new]
    assert counts(take_in(tmp_path / "in")) == (0, 2, 0)
    assert sent == [new.pk]


def test_of_two_paths_of_one_image_the_first_counts(tmp_path: Path) -> None:
    of = image("twice")
    found(of, b"b.jpg")
    assert counts(take_in(made_elsewhere(tmp_path / "in", [digest("twice"), "/photos/b.jpg"]))) == (1, 1, 0)
    red = colour_vectors(["red"])[0]
    assert np.asarray(of.embeddings.get().embedding) == pytest.approx(red, abs=1e-3)


def test_a_contract_that_was_unknown_is_there_afterwards_and_not_in_use(tmp_path: Path) -> None:
    image("a")
    in_use = contract()
    take_in(made_elsewhere(tmp_path / "in", [digest("a")], spec=ELSEWHERE))
    made = ImageContract.objects.get(name=ELSEWHERE.contract)
    assert (made.dim, made.in_use) == (SPEC.dim, False)
    assert ImageContract.objects.get(in_use=True) == in_use


def test_without_a_known_image_there_is_no_new_contract(tmp_path: Path) -> None:
    take_in(made_elsewhere(tmp_path / "in", ["nobody.jpg"], spec=ELSEWHERE))
    assert not ImageContract.objects.filter(name=ELSEWHERE.contract).exists()


def test_rows_of_another_length_are_brought_to_one(tmp_path: Path) -> None:
    of = image("long")
    take_in(made_elsewhere(tmp_path / "in", [digest("long")], 50 * colour_vectors(["blue"])))
    assert np.linalg.norm(of.embeddings.get().embedding) == pytest.approx(1, abs=1e-3)


def test_an_export_comes_back_as_it_was(tmp_path: Path) -> None:
    rows = [embedded(image(name), name) for name in COLOURS]
    before = {row.image_id: row.embedding for row in ImageEmbedding.objects.all()}
    call_command("export_index", str(tmp_path / "out"), stdout=StringIO())
    ImageEmbedding.objects.all().delete()
    assert counts(take_in(tmp_path / "out")) == (len(rows), 0, 0)
    after = {row.image_id: row.embedding for row in ImageEmbedding.objects.all()}
    for image_id, vector in before.items():
        assert after[image_id] == pytest.approx(vector, abs=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_a_bad_row_is_named_and_nothing_is_put_in(bad: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_index, "CHUNK_ROWS", 3)
    names = [digest(name) for name in COLOURS]
    for name in COLOURS:
        image(name)
    vectors = colour_vectors(list(COLOURS))
    vectors[7] = bad
    folder = made_elsewhere(tmp_path / "in", names, vectors, ELSEWHERE)
    with pytest.raises(CommandError, match=rf"row 7 \({names[7]}\)\. Nothing was taken in"):
        call_command("import_index", str(folder))
    assert not ImageEmbedding.objects.exists()
    assert not ImageContract.objects.filter(name=ELSEWHERE.contract).exists()


def test_half_a_file_puts_nothing_in(tmp_path: Path) -> None:
    image("a"), image("b")
    folder = made_elsewhere(tmp_path / "in", [digest("a"), digest("b")])
    content = (folder / "embeddings.npy").read_bytes()
    (folder / "embeddings.npy").write_bytes(content[:-10])
    with pytest.raises(CommandError, match="goes wrong in row 1"):
        call_command("import_index", str(folder))
    assert not ImageEmbedding.objects.exists()


def test_more_dimensions_than_can_be_indexed_are_refused(tmp_path: Path) -> None:
    image("a")
    spec = EngineSpec("clip", "huge", "1", 4001, "none")
    folder = made_elsewhere(tmp_path / "in", [digest("a")], np.eye(1, 4001, dtype=np.float32), spec)
    with pytest.raises(Problem, match="4001 dimensions"):
        take_in(folder)


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_where_it_was(tmp_path: Path) -> None:
    names = [f"image {number}" for number in range(20)]
    for name in names:
        image(name)
    contract()
    folder = made_elsewhere(tmp_path / "in", [digest(name) for name in names])
    code = f"""
import django, os, signal
django.setup()
from pathlib import Path
from media_index import faiss_index
from media_index.services import contracts, importing
faiss_index.CHUNK_ROWS = 4
contracts.enqueue = lambda *ids, **options: None
def progress(done, total):
    if done == 12:
        os.kill(os.getpid(), signal.SIGKILL)
importing.index_import(folder=Path({os.fspath(folder)!r}), moved=("", ""), progress=progress)
"""
    env = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "photofinder.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=site.BASE_DIR, env=env, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert ImageEmbedding.objects.count() == 12
    assert counts(take_in(folder)) == (8, 12, 0)
    assert set(ImageEmbedding.objects.values_list("image", flat=True)) == set(
        Image.objects.values_list("pk", flat=True)
    )
