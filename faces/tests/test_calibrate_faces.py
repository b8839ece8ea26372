"""The command that measures what the engine's distances mean."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from faces.calibration import calibration_for, embed_portraits
from faces.engines.fake import FakeFaceEngine, paint_face
from faces.tests.photographs import canvas

CONTRACT = FakeFaceEngine().spec.contract


def portrait(path: Path, identity: int, likeness: float = 1.0) -> None:
    """A portrait with somebody else at its edge."""
    pixels = canvas(160, 120)
    paint_face(pixels, (60, 40, 40), identity, likeness=likeness)
    paint_face(pixels, (4, 4, 20), (identity + 9) % 36)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    """33 people with 15 portraits each: enough pairs of strangers."""
    folder = Path(tmp_path_factory.mktemp("portraits"))
    for identity in range(33):
        for number in range(15):
            portrait(folder / f"person {identity}" / f"{number}.png", identity, (1.0, 0.9, 0.8)[number % 3])
    return folder


def test_the_face_in_the_middle_is_the_person(tmp_path: Path) -> None:
    portrait(tmp_path / "ann" / "1.png", 3)
    portrait(tmp_path / "bob" / "1.png", 4)
    Image.fromarray(canvas(80, 80)).save(tmp_path / "bob" / "nobody.png")
    (tmp_path / "bob" / "notes.txt").write_text("no portrait")
    vectors, names, missed = embed_portraits(FakeFaceEngine(), tmp_path)
    assert (names, missed) == (["ann", "bob"], 2)
    assert np.argmax(vectors, axis=1).tolist() == [3, 4]


def test_it_prints_a_table_and_keeps_nothing(fake_engine: Any, settings: Any, tmp_path: Path, folder: Path) -> None:
    settings.FACE_CALIBRATIONS = tmp_path / "calibrations.json"
    out = io.StringIO()
    call_command("calibrate_faces", folder, stdout=out)
    assert CONTRACT in out.getvalue()
    assert "495 portraits, 0 without a face" in out.getvalue()
    assert "true-match rate" in out.getvalue()
    assert not settings.FACE_CALIBRATIONS.exists()


def test_what_it_saves_is_used_from_then_on(fake_engine: Any, settings: Any, tmp_path: Path, folder: Path) -> None:
    settings.FACE_CALIBRATIONS = tmp_path / "calibrations.json"
    call_command("calibrate_faces", folder, save=True, stdout=io.StringIO())
    assert calibration_for(CONTRACT, settings.FACE_CALIBRATIONS).source.startswith("Fitted")
    assert calibration_for(CONTRACT, settings.FACE_CALIBRATIONS).threshold > 0.9


def test_too_few_portraits_are_refused_with_a_sentence(fake_engine: Any, tmp_path: Path) -> None:
    portrait(tmp_path / "ann" / "1.png", 3)
    portrait(tmp_path / "ann" / "2.png", 3)
    with pytest.raises(CommandError, match="pairs of strangers"):
        call_command("calibrate_faces", tmp_path)


def test_it_wants_a_folder(fake_engine: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("calibrate_faces", tmp_path / "nowhere")
