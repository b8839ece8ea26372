"""What every face engine promises, whichever it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from faces.calibration import calibration_for
from faces.engines.base import FaceEngine
from faces.engines.dlib import DlibFaceEngine
from faces.engines.fake import FakeFaceEngine, paint_face
from faces.engines.insightface import InsightFaceEngine
from faces.tests.photographs import canvas, encoded, friends, pack_root


def squares() -> Image.Image:
    """The friends of the fake engine."""
    pixels = canvas(1280, 886)
    for identity in range(6):
        paint_face(pixels, (40 + 200 * identity, 100 + 60 * identity, 120), identity)
    return Image.fromarray(pixels)


MAKERS: dict[str, tuple[Callable[[], FaceEngine], Callable[[], Image.Image]]] = {
    "fake": (FakeFaceEngine, squares),
    "dlib": (DlibFaceEngine, friends),
    "insightface": (lambda: InsightFaceEngine(pack="testpack", root=str(pack_root())), friends),
}


@pytest.fixture(scope="module", params=["fake", "dlib", pytest.param("insightface", marks=pytest.mark.assets)])
def case(request: Any) -> Any:
    """An engine, a photo of six faces, and what the engine finds in it."""
    make_engine, make_photo = MAKERS[request.param]
    engine, photo = make_engine(), make_photo()
    return engine, photo, engine.analyse([encoded(photo)])[0]


def test_it_finds_everybody(case: Any) -> None:
    _, _, faces = case
    assert len(faces) == 6


def test_its_vectors_have_length_one(case: Any) -> None:
    engine, _, faces = case
    for face in faces:
        assert face.embedding.shape == (engine.spec.dim,)
        assert face.embedding.dtype == np.float32
        assert np.linalg.norm(face.embedding) == pytest.approx(1.0, abs=1e-5)


def test_its_measures_are_those_of_faces(case: Any) -> None:
    _, photo, faces = case
    for face in faces:
        left, top, width, height = face.box
        assert 0 <= left < left + width <= 1
        assert 0 <= top < top + height <= 1
        assert face.size_px == pytest.approx((width * photo.width * height * photo.height) ** 0.5, rel=1e-3)
        assert 0 < face.det_score <= 1
        assert face.sharpness > 20
        assert max(abs(face.yaw), abs(face.pitch), abs(face.roll)) < 75


def test_its_landmarks_are_eyes_nose_and_mouth_from_left_to_right(case: Any) -> None:
    _, _, faces = case
    for face in faces:
        points = (face.landmarks - face.box[:2]) / face.box[2:]
        assert face.landmarks.shape == (5, 2)
        assert face.landmarks.dtype == np.float32
        assert points[0, 0] < points[2, 0] < points[1, 0]
        assert points[3, 0] < points[4, 0]
        assert points[:2, 1].max() < points[2, 1] < points[3:, 1].min()
        assert (points > -0.1).all()
        assert (points < 1.1).all()


def test_its_cutouts_show_the_faces(case: Any) -> None:
    _, photo, faces = case
    for face in faces:
        x, y = face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2
        there = np.asarray(photo)[round(y * photo.height), round(x * photo.width)]
        middle = face.cutout[face.cutout.shape[0] // 2, face.cutout.shape[1] // 2]
        assert face.cutout.dtype == np.uint8
        assert np.abs(middle.astype(int) - there).max() < 60


def test_it_finds_nothing_where_there_is_nobody(case: Any) -> None:
    engine, _, _ = case
    assert engine.analyse([encoded(Image.fromarray(canvas(640, 480)))]) == [[]]


def test_it_takes_no_pictures(case: Any) -> None:
    engine, _, _ = case
    assert engine.analyse([]) == []


def test_it_answers_in_the_order_of_the_pictures(case: Any) -> None:
    engine, photo, _ = case
    nobody = Image.fromarray(canvas(320, 240))
    left, right = photo.crop((0, 0, 640, 886)), photo.crop((640, 0, 1280, 886))
    found = engine.analyse([encoded(image) for image in (left, nobody, photo, right)])
    assert [len(faces) for faces in found][1:3] == [0, 6]
    assert len(found[0]) + len(found[3]) == 6


def test_a_batch_gives_what_single_pictures_give(case: Any) -> None:
    engine, photo, faces = case
    both = engine.analyse([encoded(photo.crop((0, 0, 900, 886))), encoded(photo)])
    for alone, together in zip(faces, both[1], strict=True):
        assert alone.box == together.box
        assert float(alone.embedding @ together.embedding) == pytest.approx(1.0, abs=1e-4)


def test_it_is_deterministic(case: Any) -> None:
    engine, photo, faces = case
    again = engine.analyse([encoded(photo)])[0]
    assert [face.box for face in again] == [face.box for face in faces]
    assert [face.det_score for face in again] == [face.det_score for face in faces]


def test_a_turned_camera_gives_upright_boxes(case: Any) -> None:
    engine, photo, faces = case
    turned = encoded(photo.transpose(Image.Transpose.ROTATE_90), orientation=6)
    found = engine.analyse([turned])[0]
    assert len(found) == len(faces)
    for face in faces:
        nearest = min(found, key=lambda other: np.abs(np.subtract(other.box, face.box)).sum())
        assert nearest.box == pytest.approx(face.box, abs=0.02)
        assert float(nearest.embedding @ face.embedding) > 0.9


def test_it_lets_go_of_the_pixels(case: Any) -> None:
    engine, photo, _ = case
    picture = encoded(photo)
    engine.analyse([picture])
    assert picture._decoded is None


def test_its_contract_is_known_without_loading_and_is_calibrated(case: Any) -> None:
    engine, _, _ = case
    fresh = MAKERS[{"fake": "fake", "dlib": "dlib"}.get(engine.spec.engine, "insightface")][0]()
    assert fresh.spec == engine.spec
    assert len(fresh.spec.contract) <= 160
    assert calibration_for(fresh.spec.contract, None).threshold > 0
