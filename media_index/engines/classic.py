"""The embedded image engine: where in a picture which edges and colours are. Needs no weights, reads no words.

Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) and of colours on coarse overlapping grids, as the square
roots of their shares, whose dot product is the Hellinger kernel ("RootSIFT": Arandjelovic and Zisserman, CVPR 2012),
less what an even histogram has: without that any two pictures would be much alike. Sizes and weights were chosen by how
much nearer a cropped, darker or brighter copy is than the nearest other picture, on the first half of the people of
benchmarks/duplicates.py.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from media_index.engines.base import Pixels, Scale, Vectors, WordScale
from photofinder.contracts import EngineSpec
from photofinder.errors import Problem

Planes = NDArray[np.float32]  # (bins, height, width): how much of each pixel is in each bin
Values = NDArray[np.float32]

_SIDE_PX = 96
_BRIGHTNESS, _MOST_GAIN = 0.45, 4.0  # every picture is given this mean (0-1), but a black one stays dark
_LIGHT_CONTRAST, _LEAST_CONTRAST = 20.0, 4.0  # standard deviation of CIE lightness that all are given, those with less
_DIRECTIONS, _LIGHTS, _CHROMAS = 8, 4, 4  # bins: of edges, of lightness, of either axis of colour
_CHROMA_SPAN = 40.0  # on CIE a and b: what is more colourful is in the last bin
_EDGE_GRIDS = ((4, 1.0), (2, 0.7))  # cells a side, and weight
_COLOUR_GRIDS = ((3, 0.7), (1, 0.5))
_FAINT = 0.6  # mean gradient of a cell, in lightness per pixel, that counts half: fainter ones are noise
_REST = 0.05  # every vector has that in common, so that none is zero
_COLOURS = _LIGHTS + _CHROMAS**2
_DIM = 1 + sum(c**2 * _DIRECTIONS for c, _ in _EDGE_GRIDS) + sum(c**2 * _COLOURS for c, _ in _COLOUR_GRIDS)


class ClassicImageEngine:
    """A descriptor of edges and colours, a few milliseconds a picture."""

    @property
    def spec(self) -> EngineSpec:
        """Of the descriptor."""
        return EngineSpec("classic", "edges-colours", "1", _DIM, f"rgb{_SIDE_PX}")

    @property
    def scale(self) -> Scale:
        """Measured on the first half of benchmarks/duplicates.py and on the two clips of its assets.

        A copy that lost 10 % on every side is at 0.10, at most at 0.23, shots of one scene are below 0.10, one picture
        cropped to 60 % is at 0.23; of the pairs of photos of different scenes 1 % are nearer than 0.23 and half than
        0.42. What is similar to each other is half as far from its mean.
        """
        return Scale(similar=0.24, slope=16.0, category=0.15, duplicate=0.22)

    @property
    def words(self) -> WordScale | None:
        """It reads none."""
        return None

    def load(self) -> None:
        """Nothing to load."""

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        """Unit vectors (n, 361) of RGB pictures (h, w, 3), in their order."""
        return np.array([_described(pixels) for pixels in pictures], np.float32).reshape(-1, _DIM)

    def embed_words(self, texts: Sequence[str]) -> Vectors:
        """Raises Problem `no_words`."""
        raise Problem("no_words", "The engine classic cannot read words.")


def _described(pixels: Pixels) -> Values:
    small = cv2.resize(pixels, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    gain = min(_BRIGHTNESS / max(float(small.mean()), 1e-3), _MOST_GAIN)
    lab = np.asarray(cv2.cvtColor(np.minimum(small * np.float32(gain), 1), cv2.COLOR_RGB2LAB), np.float32)
    light = lab[..., 0] - lab[..., 0].mean()
    light *= _LIGHT_CONTRAST / max(float(light.std()), _LEAST_CONTRAST)
    edges, lights, chromas = _edges(light), _lights(light), _chromas(lab[..., 1], lab[..., 2])
    parts = [weight * _blocks(edges, cells, _FAINT) for cells, weight in _EDGE_GRIDS]
    parts += [weight * _blocks(planes, cells, 0) for cells, weight in _COLOUR_GRIDS for planes in (lights, chromas)]
    vector = np.concatenate([*parts, [_REST]])
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _edges(light: Values) -> Planes:
    """The strength of the gradient by its direction; from light to dark and from dark to light are two directions."""
    smooth = cv2.GaussianBlur(light, (0, 0), 1)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x, scale=0.25) for x in (1, 0))
    strength, angle = cv2.cartToPolar(across, down)
    places = angle * np.float32(_DIRECTIONS / (2 * np.pi))
    shares = _shares(places, _DIRECTIONS)
    shares[0] += np.maximum(places - (_DIRECTIONS - 1), 0)  # the last bin's other neighbour is the first one
    return np.asarray(strength * shares)


def _lights(light: Values) -> Planes:
    return _shares(_spread(light, 2 * _LIGHT_CONTRAST, _LIGHTS), _LIGHTS)


def _chromas(a: Values, b: Values) -> Planes:
    first, second = (_shares(_spread(axis, _CHROMA_SPAN, _CHROMAS), _CHROMAS) for axis in (a, b))
    return (first[:, None] * second).reshape(-1, *a.shape)


def _spread(values: Values, span: float, bins: int) -> Values:
    """Values from -span to span as places between the first and the last bin."""
    return np.asarray(np.clip((values / np.float32(2 * span) + np.float32(0.5)) * (bins - 1), 0, bins - 1))


def _shares(places: Values, bins: int) -> Planes:
    """How much of each pixel is in each bin: it is divided between the two next to its place."""
    return np.asarray(np.maximum(1 - np.abs(places - np.arange(bins, dtype=np.float32)[:, None, None]), 0))


def _blocks(planes: Planes, cells: int, faint: float) -> Values:
    """The roots of the bins' shares in each cell, less their mean, for all cells together of length 1 at most."""
    weights = _cell_weights(cells)
    means = np.einsum("ih,khw,jw->ijk", weights, planes, weights, optimize=True)
    roots = np.sqrt(means / (means.sum(axis=2, keepdims=True) + faint + 1e-6))
    return np.asarray(((roots - roots.mean(axis=2, keepdims=True)) / cells).ravel())


def _cell_weights(cells: int) -> Values:
    """(cells, pixels): how much each row or column counts in each cell. Cells overlap, so that no step of a crop moves
    something from one cell to another at once.
    """
    places = (np.arange(_SIDE_PX) + 0.5) / _SIDE_PX * cells - 0.5
    weights = _shares(np.clip(places, 0, cells - 1)[None].astype(np.float32), cells)[:, 0]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
