"""CLIP's runtime, with networks whose sums are known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from media_index.engines import clip
from media_index.engines.base import Pixels
from media_index.engines.clip import ClipImageEngine
from media_index.tests.clip_files import FORM, write_clip, write_contract
from photofinder.errors import EngineUnavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip")


def plain(*colour: int, width: int = 20, height: int = 12) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def unit(*numbers: float) -> NDArray[np.float64]:
    return np.asarray(np.array(numbers) / np.linalg.norm(numbers))


def test_a_picture_becomes_what_its_network_makes_of_it(folder: Path) -> None:
    vectors = ClipImageEngine(folder=folder).embed_images([plain(255, 0, 0), plain(30, 60, 60)])
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(np.array([unit(1, 0, 0), unit(30, 60, 60)]), abs=1e-6)


def test_a_text_becomes_what_its_network_makes_of_it(folder: Path) -> None:
    vectors = ClipImageEngine(folder=folder).embed_words(["Red", "red green", "red red blue"])
    assert vectors == pytest.approx(np.array([unit(1, 0, 0), unit(1, 1, 0), unit(2, 0, 1)]), abs=1e-6)


def test_a_text_that_is_too_long_is_cut(folder: Path) -> None:
    engine = ClipImageEngine(folder=folder)
    assert np.array_equal(engine.embed_words(["red red red red blue blue"]), engine.embed_words(["red"]))


def test_batches_keep_the_order_of_pictures_of_any_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, batches = ClipImageEngine(folder=folder, batch_size=3), []
    run = engine._run

    def counted(network: str, inputs: NDArray[Any]) -> NDArray[np.float32]:
        batches.append(len(inputs))
        return run(network, inputs)

    monkeypatch.setattr(engine, "_run", counted)
    colours = [(10 * number + 5, 100, 200 - 10 * number) for number in range(7)]
    pictures = [plain(*colour, width=9 + place, height=30 - place) for place, colour in enumerate(colours)]
    assert engine.embed_images(pictures) == pytest.approx(np.array([unit(*colour) for colour in colours]), abs=1e-5)
    assert batches == [3, 3, 1]


def test_nothing_gives_nothing(folder: Path) -> None:
    engine = ClipImageEngine(folder=folder)
    assert engine.embed_images([]).shape == engine.embed_words([]).shape == (0, 3)


def test_the_middle_of_a_wide_picture_is_what_counts(folder: Path) -> None:
    thirds = np.concatenate(
        [plain(255, 0, 0, width=12), plain(0, 255, 0, width=12), plain(0, 0, 255, width=12)], axis=1
    )
    assert ClipImageEngine(folder=folder).embed_images([thirds])[0] == pytest.approx(unit(0, 1, 0), abs=1e-2)


def test_what_it_is_stands_in_the_contract_alone(folder: Path) -> None:
    (folder / clip.VISUAL).unlink()
    engine = ClipImageEngine(folder=folder)
    assert engine.spec.contract == f"clip/colours/1/3/{FORM.name}"
    assert engine.words.background == ("photo",)


def test_a_site_may_say_what_distances_mean(folder: Path) -> None:
    before = ClipImageEngine(folder=folder)
    fields = json.loads((folder / clip.CONTRACT).read_text())
    fields["scale"]["similar"] = 0.4
    (folder / clip.CONTRACT).write_text(json.dumps(fields))
    after = ClipImageEngine(folder=folder)
    assert after.scale.similarity(0.4) == 0.5
    assert after.spec == before.spec
    assert len(after.embed_words(["red"])) == 1


def test_without_a_model_it_names_the_command(tmp_path: Path) -> None:
    engine = ClipImageEngine(folder=tmp_path / "none")
    for use in (lambda: engine.spec, engine.load, lambda: engine.embed_words(["red"])):
        with pytest.raises(EngineUnavailable, match=r"manage\.py export_clip"):
            use()


def test_what_was_missing_may_be_there_the_next_time(tmp_path: Path) -> None:
    engine = ClipImageEngine(folder=tmp_path / "clip")
    with pytest.raises(EngineUnavailable):
        engine.load()
    write_clip(tmp_path / "clip")
    assert len(engine.embed_words(["red"])) == 1


@pytest.mark.parametrize("name", [clip.VISUAL, clip.TEXT, clip.TOKENIZER])
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(EngineUnavailable, match=rf"{name} is missing.*export_clip"):
        ClipImageEngine(folder=folder).load()


@pytest.mark.parametrize("name", [clip.VISUAL, clip.TEXT, clip.TOKENIZER])
def test_half_a_file_is_not_run(name: str, folder: Path) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(EngineUnavailable, match=rf"{name} is not the file that contract\.json names"):
        ClipImageEngine(folder=folder).embed_images([plain(1, 2, 3)])


@pytest.mark.parametrize("name", [clip.VISUAL, clip.TEXT, clip.TOKENIZER])
def test_a_file_that_is_something_else_is_named(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"something else")
    write_contract(folder)
    with pytest.raises(EngineUnavailable, match=rf"{name} cannot be (run|read)"):
        ClipImageEngine(folder=folder).load()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"spec": {"engine": "clip"}}',
        b"\xff\xfe\x00",
    ],
)
def test_a_contract_that_is_none_is_refused(content: str | bytes, folder: Path) -> None:
    (folder / clip.CONTRACT).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(EngineUnavailable, match=r"contract\.json is damaged"):
        _ = ClipImageEngine(folder=folder).spec


def test_a_temperature_that_nothing_can_be_divided_by_is_refused(folder: Path) -> None:
    write_contract(folder, words={"background": ["photo"], "temperature": 0})
    with pytest.raises(EngineUnavailable, match="temperature"):
        _ = ClipImageEngine(folder=folder).words


def test_a_way_of_resizing_that_nobody_knows_is_refused(folder: Path) -> None:
    fields = json.loads((folder / clip.CONTRACT).read_text())
    write_contract(folder, form=fields["form"] | {"resize": "twisted"})
    with pytest.raises(EngineUnavailable, match="twisted"):
        _ = ClipImageEngine(folder=folder).spec
