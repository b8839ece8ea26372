"""all-MiniLM-L6-v2 with its real weights."""

import numpy as np
import pytest

from videos.engines.minilm import MiniLMTextEngine


@pytest.fixture(scope="module")
def engine() -> MiniLMTextEngine:
    return MiniLMTextEngine()


def test_vectors_are_of_length_one_and_in_order(engine: MiniLMTextEngine) -> None:
    texts = ["a person", "a bottle on a table", "a dog runs over the grass"]
    vectors = engine.embed(texts)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[::-1], engine.embed(texts[::-1]), atol=1e-5)


def test_a_longer_neighbour_changes_nothing(engine: MiniLMTextEngine) -> None:
    alone = engine.embed(["a person"])
    assert np.allclose(
        alone, engine.embed(["a person", "a much longer sentence about many other things"])[:1], atol=1e-5
    )


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("people walking", "Two people walk towards the camera.", "A bottle stands on a table."),
        ("someone dances", "A woman is dancing on a stage.", "A man sits at a desk and writes."),
        ("a red car", "A red vehicle drives along the road.", "A blue cup on a white table."),
        ("a dog", "A puppy plays in the garden.", "A man speaks into a microphone."),
    ],
)
def test_what_means_the_same_is_nearer(engine: MiniLMTextEngine, question: str, near: str, far: str) -> None:
    asked, right, wrong = engine.embed([question, near, far])
    assert asked @ right > asked @ wrong + 0.2


def test_known_similarities_are_those_of_the_model(engine: MiniLMTextEngine) -> None:
    """As its card and sentence-transformers give them for these sentences."""
    vectors = engine.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    similar = vectors @ vectors.T
    assert similar[0, 1] == pytest.approx(0.6660, abs=0.002)
    assert similar[0, 2] == pytest.approx(0.1046, abs=0.002)
    assert similar[1, 2] == pytest.approx(0.1411, abs=0.002)


def test_very_long_texts_are_cut_off(engine: MiniLMTextEngine) -> None:
    assert engine.embed(["people " * 2000]).shape == (1, 384)


def test_no_text_gives_no_vector(engine: MiniLMTextEngine) -> None:
    assert engine.embed([]).shape == (0, 384)
