"""dlib: weights from pip packages, small and large photos."""

from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from PIL import Image

from faces.engines import dlib as module
from faces.engines.dlib import DlibFaceEngine
from faces.tests.photographs import canvas, encoded, friends
from faces.tests.test_engine_insightface import crowd
from photofinder.errors import EngineUnavailable


@pytest.fixture(scope="module")
def engine() -> DlibFaceEngine:
    return DlibFaceEngine(mirror=False)


def test_missing_weights_name_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(module, "find_spec", nowhere)
    with pytest.raises(EngineUnavailable, match=r"`pip install -r requirements\.txt`"):
        _ = DlibFaceEngine().spec


def test_a_crowd_in_a_large_photo_is_found(engine: DlibFaceEngine) -> None:
    photo = crowd(12, 6000, 4000, face_px=110)
    assert len(engine.analyse([encoded(photo)])[0]) >= 10


@pytest.mark.parametrize("side", [200, 1500])
def test_a_portrait_is_found_whether_small_or_large(engine: DlibFaceEngine, side: int) -> None:
    face = friends().crop((420, 210, 640, 430)).resize((side, side), Image.Resampling.BICUBIC)
    assert len(engine.analyse([encoded(face)])[0]) == 1


def test_a_tiny_or_a_narrow_picture_is_no_trouble(engine: DlibFaceEngine) -> None:
    pictures = [encoded(Image.fromarray(canvas(*size))) for size in ((8, 8), (3000, 15), (15, 3000))]
    assert engine.analyse(pictures) == [[], [], []]


def test_scores_keep_their_order_and_half_is_the_threshold_of_dlib() -> None:
    chances = module._chance(np.array([-0.5, 0.0, 1.0, 3.0], np.float32))
    assert (np.diff(chances) > 0).all()
    assert chances[1] == 0.5
    assert module._raw(0.4) == pytest.approx(-0.2, abs=0.01)


def test_a_nose_that_points_aside_is_a_turned_head() -> None:
    left, right = np.array([-50, 0], np.float32), np.array([50, 0], np.float32)
    assert module._pose(left, right, np.array([0, 77], np.float32)) == pytest.approx((0, 0, 0), abs=0.5)
    assert module._pose(left, right, np.array([30, 70], np.float32))[0] == pytest.approx(45, abs=1)
    assert module._pose(left, right, np.array([0, 60], np.float32))[1] > 10
    assert module._pose(left, right, np.array([0, 200], np.float32))[1] == pytest.approx(-21, abs=1)
