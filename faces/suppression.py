"""Knowing a face again without keeping its vector: keyed codes (a cancelable biometric template). Pure.

The sign of a vector's products with secret random directions is one bit each (SimHash, Charikar 2002): the share of
bits in which two codes differ is the angle between the vectors in half-turns. Who does not have the key can neither
compare a code with a face nor lead it back to one (ISO/IEC 24745: renewable, irreversible without the key, unlinkable).
"""

import numpy as np
from numpy.typing import NDArray

BITS = 4096  # the angle is then known to 1.5 degrees (one standard deviation at right angles is 0.7)


def directions(key: bytes, dimensions: int) -> NDArray[np.float32]:
    """The secret directions (dimensions, BITS) of a 32-byte `key`.

    From the generator whose stream NumPy keeps for ever, so that old codes stay comparable.
    """
    random = np.random.RandomState(np.frombuffer(key, np.uint32))
    return random.standard_normal((dimensions, BITS)).astype(np.float32)


def encode(vectors: NDArray[np.float32], secret: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The codes (n, BITS / 8) of unit vectors (n, dimensions)."""
    return np.packbits(vectors @ secret > 0, axis=1)


def distances(codes: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The cosine distances (n, m), nearly, of what stands behind codes (n, BITS / 8) and (m, BITS / 8)."""
    differing = np.array([np.bitwise_count(known ^ code).sum(axis=1, dtype=np.int64) for code in codes])
    return np.asarray(1 - np.cos(np.pi * differing.reshape(len(codes), len(known)) / BITS))
