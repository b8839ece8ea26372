"""Hashes of pixels, 64 bits each, bit for bit as the `imagehash` library (4.3) defines them, and sharpness."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dct

BITS = 64
_SIDE = 8
_PHASH_PX = 32  # pHash looks at the lowest 8 x 8 frequencies of 32 x 32 pixels
# The gray copy that tells a flat picture: fine grain is averaged away in it, as it is in what the hashes are made of.
_FLAT_PX = 16
_FLAT_CONTRAST = 4.0  # its standard deviation in gray levels (0-255), besides that of a gradient
SHARPNESS_PX = 256


@dataclass(frozen=True)
class Hashes:
    """Three 64-bit hashes, and whether the picture is too flat for them to mean anything: their bits are noise then."""

    phash: int
    dhash: int
    ahash: int
    is_flat: bool


def hashes_of(pixels: NDArray[np.uint8]) -> Hashes:
    """The hashes of RGB `pixels` (h, w, 3)."""
    gray = Image.fromarray(pixels).convert("L")
    return Hashes(_phash(gray), _dhash(gray), _ahash(gray), _is_flat(gray))


def distance(a: int, b: int) -> int:
    """How many bits differ."""
    return (a ^ b).bit_count()


def bits(value: int) -> str:
    """The 64 bits as PostgreSQL writes them, the highest first."""
    return f"{value:0{BITS}b}"


def neighbours(value: int, *, length: int, differing: int) -> list[int]:
    """All values of `length` bits that differ from `value` in at most `differing` bits."""
    return [value ^ flip for flip in _flips(length, differing)]


@cache
def _flips(length: int, differing: int) -> list[int]:
    """All numbers of `length` bits of which at most `differing` are set."""
    chosen = (some for count in range(differing + 1) for some in combinations(range(length), count))
    return [sum(1 << bit for bit in some) for some in chosen]


def sharpness(pixels: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian of a gray copy of RGB `pixels` (h, w, 3) with a long side of 256 pixels."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    share = SHARPNESS_PX / max(gray.shape)
    if share < 1:
        size = (max(round(gray.shape[1] * share), 1), max(round(gray.shape[0] * share), 1))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(gray, cv2.CV_64F).var())


def _phash(gray: Image.Image) -> int:
    low = dct(dct(_small(gray, _PHASH_PX, _PHASH_PX).astype(np.float64), axis=0), axis=1)[:_SIDE, :_SIDE]
    return _packed(low > np.median(low))


def _dhash(gray: Image.Image) -> int:
    small = _small(gray, _SIDE + 1, _SIDE)
    return _packed(small[:, 1:] > small[:, :-1])


def _ahash(gray: Image.Image) -> int:
    small = _small(gray, _SIDE, _SIDE)
    return _packed(small > small.mean())


def _is_flat(gray: Image.Image) -> bool:
    """A gradient is what a surface of the second degree comes near to: a frame of one colour, a wall, an empty sky."""
    small = _small(gray, _FLAT_PX, _FLAT_PX).astype(np.float64)
    x, y = np.meshgrid(*[np.linspace(-1, 1, _FLAT_PX)] * 2)
    surface = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    nearest = surface @ np.linalg.lstsq(surface, small.ravel())[0]
    return bool((small.ravel() - nearest).std() < _FLAT_CONTRAST)


def _small(gray: Image.Image, width: int, height: int) -> NDArray[np.uint8]:
    return np.asarray(gray.resize((width, height), Image.Resampling.LANCZOS))


def _packed(flags: NDArray[np.bool_]) -> int:
    """64 flags as a number, the first one highest."""
    return int.from_bytes(np.packbits(flags).tobytes(), "big")
