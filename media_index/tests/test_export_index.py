"""Embeddings out of the database into files."""

import os
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test.utils import CaptureQueriesContext

from media_index.engines.fake import COLOURS, FakeImageEngine
from media_index.faiss_index import Searcher, read_and_check
from media_index.models import ImageEmbedding
from media_index.services import exchange
from media_index.services.contracts import contract_create
from media_index.services.exchange import index_export
from media_index.tests.exchanged import (
    SPEC,
    colour_vectors,
    colours,
    contract,
    digest,
    embedded,
    found,
    image,
    nothing,
)
from photofinder.errors import Problem

pytestmark = pytest.mark.django_db


def exported(folder: Path) -> dict[str, Any]:
    """The rows of the contract in use, written to the folder and read from it."""
    index_export(folder=folder, contract=contract(), progress=nothing)
    rows = read_and_check(folder)
    assert rows.spec == SPEC
    return dict(zip(rows.paths, rows.vectors, strict=True))


def test_every_embedding_is_written_with_where_its_image_was_found(tmp_path: Path) -> None:
    colours()
    rows = exported(tmp_path / "index")
    assert set(rows) == {f"/photos/{name}.jpg" for name in COLOURS}
    for name, vector in zip(COLOURS, colour_vectors(list(COLOURS)), strict=True):
        assert rows[f"/photos/{name}.jpg"] == pytest.approx(vector, abs=1e-3)


def test_the_files_hold_what_the_database_holds_bit_by_bit(tmp_path: Path) -> None:
    colours()
    stored = [np.asarray(row.embedding, np.float32) for row in ImageEmbedding.objects.order_by("image")]
    index_export(folder=tmp_path / "index", contract=contract(), progress=nothing)
    assert np.array_equal(np.load(tmp_path / "index" / "embeddings.npy"), stored)


def test_a_stored_image_goes_by_its_key_and_one_that_lies_nowhere_by_its_content(tmp_path: Path) -> None:
    embedded(image("stored", key="images/ab/cd/abcd.jpg"), "red")
    lost = image("lost")
    found(lost, b"lost.jpg", state="gone")
    embedded(lost, "blue")
    assert set(exported(tmp_path / "index")) == {"images/ab/cd/abcd.jpg", digest("lost")}


def test_of_copies_the_one_that_was_found_first_is_named(tmp_path: Path) -> None:
    of = image("twice")
    for path in (b"first.jpg", b"second.jpg"):
        found(of, path)
    embedded(of, "red")
    assert list(exported(tmp_path / "index")) == ["/photos/first.jpg"]


def test_names_that_are_not_utf8_are_kept(tmp_path: Path) -> None:
    of = image("odd")
    found(of, b"caf\xe9\n.jpg", location="s3://bucket/prefix/")
    embedded(of, "red")
    assert list(exported(tmp_path / "index")) == [os.fsdecode(b"s3://bucket/prefix/caf\xe9\n.jpg")]
    assert (tmp_path / "index" / "file_paths.txt").read_text(encoding="utf-8") == (
        "s3://bucket/prefix/caf\\xe9\\n.jpg\n"
    )


def test_two_images_at_one_path_are_told_apart(tmp_path: Path) -> None:
    """One source saw the file before it was changed, another one after."""
    for name, location, path in (("before", "/photos", b"sea/a.jpg"), ("after", "/photos/sea", b"a.jpg")):
        of = image(name)
        found(of, path, location=location)
        embedded(of, "red")
    assert list(exported(tmp_path / "index")) == ["/photos/sea/a.jpg", digest("after")]


def test_rows_come_in_chunks_by_one_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    colours()
    in_use, told = contract(), []
    monkeypatch.setattr(exchange, "_CHUNK_ROWS", 4)
    queries: CaptureQueriesContext
    with django_assert_num_queries(3) as queries:  # a savepoint, the question, its release
        index_export(folder=tmp_path / "index", contract=in_use, progress=lambda *rows: told.append(rows))
    assert "halfvec_send" in queries.captured_queries[1]["sql"]
    assert told == [(4, 9), (8, 9), (9, 9)]


def test_other_contracts_stay_out(tmp_path: Path) -> None:
    of = image("both")
    embedded(of, "red")
    other = contract_create(spec=FakeImageEngine(version="2").spec)
    ImageEmbedding.objects.create(image=of, contract=other, embedding=colour_vectors(["blue"])[0])
    assert list(exported(tmp_path / "index")) == [digest("both")]
    index_export(folder=tmp_path / "other", contract=other, progress=nothing)
    assert read_and_check(tmp_path / "other").spec.version == "2"


def test_without_embeddings_there_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No image has an embedding"):
        exported(tmp_path / "index")
    assert not list(tmp_path.iterdir())


def test_an_export_that_breaks_off_leaves_the_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colours()
    exported(tmp_path / "index")
    monkeypatch.setattr(exchange, "_CHUNK_ROWS", 4)

    def full(done: int, total: int) -> None:
        if done == 8:
            raise OSError("No space left on device")

    embedded(image("new"), "red")
    with pytest.raises(OSError, match="No space left"):
        index_export(folder=tmp_path / "index", contract=contract(), progress=full)
    assert len(read_and_check(tmp_path / "index").paths) == len(COLOURS)


def test_the_command_writes_the_contract_in_use(tmp_path: Path) -> None:
    colours()
    said = StringIO()
    call_command("export_index", str(tmp_path / "index"), stdout=said)
    assert f"9 embeddings of {SPEC.contract}" in said.getvalue()
    assert len(read_and_check(tmp_path / "index").paths) == 9


def test_the_command_names_the_contracts_that_there_are(tmp_path: Path) -> None:
    contract()
    with pytest.raises(CommandError, match=f"There is no contract x/y. There are: {SPEC.contract}"):
        call_command("export_index", str(tmp_path / "index"), "--contract", "x/y")


def test_the_command_does_not_replace_a_folder_of_something_else(tmp_path: Path) -> None:
    colours()
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CommandError, match=r"letter\.txt"):
        call_command("export_index", str(tmp_path))
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_damaged_files_are_built_again(tmp_path: Path) -> None:
    colours()
    exported(tmp_path / "index")
    (tmp_path / "index" / "faiss.index").write_bytes(b"half")
    (tmp_path / "index" / "embeddings.npy").write_bytes(b"half")
    call_command("rebuild_faiss", "--dir", str(tmp_path / "index"), stdout=StringIO())
    assert len(Searcher(tmp_path / "index").search(colour_vectors(["red"])[0], 99)) == 9


def test_a_folder_is_rebuilt_for_the_contract_that_it_has(tmp_path: Path) -> None:
    colours()
    other = contract_create(spec=FakeImageEngine(version="2").spec)
    ImageEmbedding.objects.create(image=image("one"), contract=other, embedding=colour_vectors(["blue"])[0])
    index_export(folder=tmp_path / "index", contract=other, progress=nothing)
    call_command("rebuild_faiss", "--dir", str(tmp_path / "index"), stdout=StringIO())
    assert read_and_check(tmp_path / "index").spec.version == "2"


def test_without_a_folder_the_site_keeps_one(tmp_path: Path, settings: Any) -> None:
    settings.FAISS_FOLDER = str(tmp_path / "kept")
    colours()
    call_command("rebuild_faiss", stdout=StringIO())
    assert read_and_check(tmp_path / "kept").spec == SPEC
