"""InsightFace: its packs, and photos that a look at 640 pixels is not enough for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faces.engines.base import DetectedFace
from faces.engines.insightface import InsightFaceEngine, _best_providers
from faces.tests.photographs import canvas, encoded, friends, pack_root
from faces.tests.test_onnx_header import network
from photofinder.errors import EngineUnavailable

DETECTOR = [[0, 1]] * 3 + [[0, 4]] * 3 + [[0, 10]] * 3


@pytest.fixture(scope="module")
def engine() -> InsightFaceEngine:
    return InsightFaceEngine(pack="testpack", root=str(pack_root()))


def crowd(people: int, width: int, height: int, face_px: int) -> Image.Image:
    """A large photo with the friends' heads here and there, each face about `face_px` wide."""
    heads = [(55, 235, 195, 405), (455, 240, 595, 430), (735, 320, 875, 490), (1115, 245, 1255, 415)]
    photo = Image.fromarray(canvas(width, height))
    columns = int(np.ceil(np.sqrt(people * 1.5)))
    for number in range(people):
        head = friends().crop(heads[number % len(heads)])
        scale = face_px / 110
        head = head.resize((round(head.width * scale), round(head.height * scale)), Image.Resampling.LANCZOS)
        row, column = divmod(number, columns)
        photo.paste(head, (column * width // columns + 20, row * height // (columns * 2 // 3) + 20))
    return photo


def found(engine: InsightFaceEngine, photo: Image.Image) -> list[DetectedFace]:
    return engine.analyse([encoded(photo)])[0]


def test_a_missing_pack_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    engine = InsightFaceEngine(pack="buffalo_l", root=str(tmp_path))
    for use in (lambda: engine.spec, engine.load, lambda: engine.analyse([])):
        with pytest.raises(EngineUnavailable, match=r"`python manage\.py download_models buffalo_l`"):
            use()
    assert not list(tmp_path.iterdir())


def test_the_spec_names_the_recognition_network_among_all(tmp_path: Path) -> None:
    pack = tmp_path / "models" / "some"
    pack.mkdir(parents=True)
    network(pack / "1k3d68.onnx", [[0, 3, 192, 192]], [[0, 3309]])
    network(pack / "det_10g.onnx", [[1, 3, 0, 0]], DETECTOR)
    network(pack / "genderage.onnx", [[0, 3, 96, 96]], [[0, 3]])
    network(pack / "w600k_r50.onnx", [[0, 3, 112, 112]], [[0, 512]])
    spec = InsightFaceEngine(pack="some", root=str(tmp_path)).spec
    assert (spec.engine, spec.model, spec.dim) == ("insightface", "w600k_r50", 512)
    assert len(spec.version) == 12
    assert spec.preprocessing == "det_10g+arcface112"
    assert InsightFaceEngine(pack="some", root=str(tmp_path), mirror=True).spec != spec


def test_a_pack_without_recognition_is_said_to_lack_it(tmp_path: Path) -> None:
    pack = tmp_path / "models" / "some"
    pack.mkdir(parents=True)
    network(pack / "det_10g.onnx", [[1, 3, 0, 0]], DETECTOR)
    with pytest.raises(EngineUnavailable, match="lacks a detector or a recognition network"):
        _ = InsightFaceEngine(pack="some", root=str(tmp_path)).spec


def test_a_file_that_is_no_network_is_named(tmp_path: Path) -> None:
    pack = tmp_path / "models" / "some"
    pack.mkdir(parents=True)
    (pack / "broken.onnx").write_bytes(b"<html>404</html>")
    with pytest.raises(EngineUnavailable, match=r"broken\.onnx"):
        _ = InsightFaceEngine(pack="some", root=str(tmp_path)).spec


def test_a_graphics_card_is_used_where_there_is_one() -> None:
    class Runtime:
        """ONNX Runtime on a machine with CUDA, which the machines of the tests lack."""

        def get_available_providers(self) -> list[str]:
            return ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]

    names = [provider if isinstance(provider, str) else provider[0] for provider in _best_providers(Runtime())]
    assert names == ["CUDAExecutionProvider", "CPUExecutionProvider"]


@pytest.mark.assets
def test_it_is_what_the_library_itself_would_take(engine: InsightFaceEngine) -> None:
    engine.load()
    assert Path(engine._recogniser.model_file).stem == engine.spec.model
    assert engine.spec.preprocessing.startswith(Path(engine._detector.model_file).stem)


@pytest.mark.assets
def test_a_crowd_in_a_large_photo_is_found(engine: InsightFaceEngine) -> None:
    assert len(found(engine, crowd(24, 6000, 4000, face_px=85))) >= 22


@pytest.mark.assets
def test_one_small_face_in_a_large_photo_is_found(engine: InsightFaceEngine) -> None:
    assert len(found(engine, crowd(1, 6000, 4000, face_px=90))) == 1


@pytest.mark.assets
@pytest.mark.parametrize("side", [120, 250, 1000, 3000])
def test_a_face_that_fills_the_frame_is_found(engine: InsightFaceEngine, side: int) -> None:
    face = friends().crop((470, 265, 570, 415)).resize((side, side * 3 // 2), Image.Resampling.BICUBIC)
    assert len(found(engine, face)) == 1


@pytest.mark.assets
def test_a_tiny_or_a_narrow_picture_is_no_trouble(engine: InsightFaceEngine) -> None:
    for size in ((8, 8), (3000, 15), (15, 3000)):
        assert found(engine, Image.fromarray(canvas(*size))) == []
