"""The engine of the other tests: what is painted is what is found."""

import numpy as np
import pytest
from PIL import Image

from faces.engines.base import DetectedFace
from faces.engines.fake import IDENTITIES, FakeFaceEngine, paint_face, vector_of
from faces.tests.photographs import canvas, encoded


def found(pixels: np.ndarray, quality: int = 85) -> list[DetectedFace]:
    return FakeFaceEngine().analyse([encoded(Image.fromarray(pixels), quality=quality)])[0]


def test_every_identity_survives_a_jpeg() -> None:
    pixels = canvas(IDENTITIES * 60, 80)
    for identity in range(IDENTITIES):
        paint_face(pixels, (identity * 60 + 10, 20, 40), identity)
    faces = found(pixels)
    assert len(faces) == IDENTITIES
    for identity, face in enumerate(faces):
        assert float(face.embedding @ vector_of(identity)) == pytest.approx(1.0)


def test_identities_are_at_a_right_angle() -> None:
    vectors = np.array([vector_of(identity, 0.8) for identity in range(IDENTITIES)])
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(IDENTITIES), atol=1e-6)


@pytest.mark.parametrize("likeness", [0.5, 0.7, 0.9])
def test_likeness_is_the_cosine_to_the_identity(likeness: float) -> None:
    pixels = canvas(200, 200)
    paint_face(pixels, (50, 50, 80), 5, likeness=likeness)
    assert float(found(pixels)[0].embedding @ vector_of(5)) == pytest.approx(likeness, abs=0.01)


@pytest.mark.parametrize("det_score", [0.45, 0.7, 1.0])
def test_brightness_is_the_detection_score(det_score: float) -> None:
    pixels = canvas(200, 200)
    paint_face(pixels, (50, 50, 80), 5, det_score=det_score)
    assert found(pixels)[0].det_score == pytest.approx(det_score, abs=0.02)


def test_a_face_has_the_size_that_was_painted() -> None:
    pixels = canvas(3000, 2000)
    paint_face(pixels, (600, 400, 150), 3)
    face = found(pixels)[0]
    assert face.size_px == pytest.approx(150, abs=6)
    assert face.box == pytest.approx((0.2, 0.2, 0.05, 0.075), abs=0.002)


def test_noise_and_oblongs_are_no_faces() -> None:
    pixels = np.random.default_rng(3).integers(100, 130, (300, 300, 3), dtype=np.uint8)
    pixels[50:60, 50:250] = (255, 0, 0)
    assert found(pixels) == []
