"""A keyed code knows a face again and holds no vector."""

import numpy as np
from numpy.typing import NDArray

from faces.suppression import BITS, directions, distances, encode

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
RNG = np.random.default_rng(1)


def _unit(count: int) -> NDArray[np.float32]:
    vectors = RNG.standard_normal((count, 128)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_distances_of_codes_are_those_of_the_vectors() -> None:
    one, other = _unit(200), _unit(200)
    near = one + 0.5 * other
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    secret = directions(KEY, 128)
    apart = distances(encode(one, secret), encode(near, secret)).diagonal()
    true = 1 - (one * near).sum(axis=1)
    assert np.abs(apart - true).max() < 0.05
    assert np.abs(distances(encode(one, secret), encode(other, secret)) - (1 - one @ other.T)).max() < 0.12


def test_codes_of_two_keys_have_nothing_in_common() -> None:
    vectors = _unit(50)
    one, other = (encode(vectors, directions(key, 128)) for key in (KEY, OTHER))
    assert np.abs(distances(one, other).diagonal() - 1).max() < 0.15


def test_a_key_gives_the_same_directions_for_ever() -> None:
    kept = [[0.29128107, 1.14202952, 0.00985445], [-0.95920891, 1.21283567, -0.45497921]]
    assert np.allclose(directions(KEY, 2)[:, :3], kept)


def test_a_code_is_small() -> None:
    assert encode(_unit(1), directions(KEY, 128)).nbytes == BITS // 8
