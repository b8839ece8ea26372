"""Every image engine that needs no weights keeps the contract."""

import numpy as np
import pytest

from media_index.engines.base import ImageEngine
from media_index.engines.classic import ClassicImageEngine
from media_index.engines.fake import FakeImageEngine
from media_index.tests.scenes import Pixels, lit, noise, resized, saved, scene, trimmed
from photofinder.errors import Problem

ENGINES: list[ImageEngine] = [ClassicImageEngine(), FakeImageEngine(), FakeImageEngine(version="2", grid=3)]
every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.spec.contract)


@every_engine
def test_vectors_have_the_dimension_of_the_spec_and_length_1(engine: ImageEngine) -> None:
    vectors = engine.embed_images([scene(1), scene(2, width=90, height=200), noise(128)])
    assert vectors.shape == (3, engine.spec.dim)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


@every_engine
def test_no_pictures_give_no_vectors(engine: ImageEngine) -> None:
    assert engine.embed_images([]).shape == (0, engine.spec.dim)


@every_engine
def test_a_picture_has_the_same_vector_in_any_company(engine: ImageEngine) -> None:
    together = engine.embed_images([scene(1), scene(2), scene(3)])
    assert np.array_equal(together[1:2], engine.embed_images([scene(2)]))


@every_engine
@pytest.mark.parametrize("level", [0, 127, 128, 255])
def test_flat_pictures_have_vectors_of_length_1(engine: ImageEngine, level: int) -> None:
    flat = np.full((5, 7, 3), level, np.uint8)
    assert np.linalg.norm(engine.embed_images([flat, flat[:1, :1]]), axis=1) == pytest.approx(1, abs=1e-5)


@every_engine
def test_copies_are_nearer_than_a_duplicate_may_be_and_other_pictures_are_not(engine: ImageEngine) -> None:
    for copy in (saved(scene(1), quality=60), resized(scene(1), 0.3)):
        assert distance(engine, scene(1), copy) < engine.scale.duplicate / 2
    assert distance(engine, scene(1), scene(2)) > engine.scale.duplicate


@every_engine
def test_similarity_is_a_half_where_the_scale_says_similar(engine: ImageEngine) -> None:
    scale = engine.scale
    assert scale.similarity(scale.similar) == pytest.approx(0.5)
    assert scale.similarity(0) > 0.9
    assert scale.similarity(2) < 0.01


@every_engine
def test_the_contract_fits_its_column(engine: ImageEngine) -> None:
    assert len(engine.spec.contract) <= 160


def test_classic_finds_a_trimmed_copy() -> None:
    engine = ClassicImageEngine()
    for n in range(6):
        assert distance(engine, scene(n), trimmed(scene(n), 0.1)) < engine.scale.duplicate


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.3])
def test_classic_hardly_sees_the_brightness(factor: float) -> None:
    engine = ClassicImageEngine()
    assert distance(engine, scene(1), lit(scene(1), factor)) < engine.scale.duplicate / 2


def test_classic_reads_no_words() -> None:
    engine = ClassicImageEngine()
    assert engine.words is None
    with pytest.raises(Problem) as refused:
        engine.embed_words(["red"])
    assert refused.value.code == "no_words"


def test_the_fake_engine_finds_a_colour_by_its_name() -> None:
    engine = FakeImageEngine()
    red, green = (np.full((8, 8, 3), colour, np.uint8) for colour in ((250, 5, 5), (5, 250, 5)))
    likeness = engine.embed_words(["a red car", "green", "zebra"]) @ engine.embed_images([red, green]).T
    assert likeness[0, 0] > 0.6 > 0.1 > likeness[0, 1]
    assert likeness[1, 1] > 0.6 > 0.1 > likeness[1, 0]
    assert likeness[2] == pytest.approx(0)


def test_the_fake_engine_can_be_one_that_reads_no_words() -> None:
    engine = FakeImageEngine(words=False)
    assert engine.words is None
    with pytest.raises(Problem):
        engine.embed_words(["red"])


def test_another_version_of_the_fake_engine_has_another_contract() -> None:
    contracts = {FakeImageEngine(version=version, grid=grid).spec.contract for version in "12" for grid in (3, 4)}
    assert len(contracts) == 4


def distance(engine: ImageEngine, a: Pixels, b: Pixels) -> float:
    one, other = engine.embed_images([a, b])
    return float(1 - one @ other)
