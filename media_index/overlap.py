"""How well two pictures lie upon each other, over small crops, shifts, turns and scales, and changes of light.

The middle of one is looked for in the other on small copies (normalised cross-correlation, several scales), the place
is refined by an affine ECC alignment (Evangelidis and Psarakis, PAMI 2008), and then every neighbourhood of the one is
compared with that of the other by a structure term like that of SSIM (Wang et al., 2004). What counts is the worst
place, not the mean: two shots of a group with one face changed agree in nearly all of their pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.float32]  # (h, w)
Colour = NDArray[np.float32]  # (h, w, 3)
Warp = NDArray[np.float32]  # (2, 3): from the first picture's places to the second's

SAME_PICTURE = 0.65  # from this overlap on two pictures are the same: chosen in benchmarks/duplicates.py

_SIDE_PX = 112  # the copies have that many pixels squared, less where a picture is smaller
_SEARCH_SHARE = 0.43  # of which the first search takes so much of each side
_LEAST_SIDE_PX = 16
_FLAT_CONTRAST = 2.0  # standard deviation in gray levels: a picture without structure lies on everything
# A picture cropped by 12 % on every side holds the middle 0.76 of the other, at 1/0.76 of its scale; a little is left
# for the search to move in. Steps of 5 % leave the edges of the middle off by less than a pixel of the small copy.
_MIDDLE = 0.72
_SCALES = np.geomspace(0.74, 1.35, 13)
_PROMISING = 0.5  # correlation of the middles below which refining them is in vain
_REFINING = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-5)
_SMOOTHING_PX = 5
_LEAST_SHARED = 0.55  # of either picture's area: (1 - 2 * 0.12) squared, less a little
_WINDOW = 0.116  # the side of a neighbourhood, as a share of the copy's
_WHOLE = 0.7  # neighbourhoods that lie less than that inside of both are not looked at
_CLIPPED = (4, 251)  # gray levels beyond which light and dark are cut off
_GRAIN = 4.0  # gray levels by which two saves of one picture differ anywhere
_FAINTER = 0.25  # of the contrast of the other may a neighbourhood have: tone curves press light and dark together
_WORST_SHARE = 0.01  # of the places that is not looked at: the overlap is that of the next worst


def overlap(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """0-1, how well two RGB pictures (h, w, 3) of any size show the same: SAME_PICTURE or more when nothing but the
    encoding, the size, the light or at most 12 % of each side was changed. About 5 ms.
    """
    first, second = _copies(a, b)
    one, other = _gray(first), _gray(second)
    if min(one.std(), other.std()) < _FLAT_CONTRAST:
        return 0.0
    warp = _refined(one, other, _place(one, other))
    if warp is None:
        return 0.0
    moved, inside = _laid(second, warp, one.shape)
    shared = inside.mean() * min(1.0, abs(np.linalg.det(warp[:, :2])) * one.size / other.size)
    if shared < _LEAST_SHARED:
        return 0.0
    return _agreement(*_same_light(first, moved, inside), inside)


def _copies(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> tuple[Colour, Colour]:
    """Copies of one area, so that neither has details that the other cannot have."""
    side = max(min(_SIDE_PX, *(np.sqrt(pixels.shape[0] * pixels.shape[1]) for pixels in (a, b))), _LEAST_SIDE_PX)
    return _copy(a, side), _copy(b, side)


def _copy(pixels: NDArray[np.uint8], side: float) -> Colour:
    height, width = pixels.shape[:2]
    scale = side / np.sqrt(height * width)
    size = (max(round(width * scale), 4), max(round(height * scale), 4))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.float32)


def _gray(picture: Colour) -> Gray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def _place(first: Gray, second: Gray) -> Warp | None:
    """Where the middle of the first picture is in the second, if anywhere."""
    field = cv2.resize(second, None, fx=_SEARCH_SHARE, fy=_SEARCH_SHARE, interpolation=cv2.INTER_AREA)
    top, left = (round(side * (1 - _MIDDLE) / 2) for side in first.shape)
    middle = first[top : first.shape[0] - top, left : first.shape[1] - left]
    best, warp = _PROMISING, None
    for scale in _SCALES * _SEARCH_SHARE:
        size = [max(round(side * scale), 1) for side in middle.shape]
        if size[0] > field.shape[0] or size[1] > field.shape[1]:
            continue
        template = cv2.resize(middle, (size[1], size[0]), interpolation=cv2.INTER_AREA)
        _, score, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(field, template, cv2.TM_CCOEFF_NORMED))
        if score > best:
            down, across = (part / side / _SEARCH_SHARE for part, side in zip(size, middle.shape, strict=True))
            shift = (x / _SEARCH_SHARE - left * across, y / _SEARCH_SHARE - top * down)
            best, warp = score, np.array([[across, 0, shift[0]], [0, down, shift[1]]], np.float32)
    return warp


def _refined(first: Gray, second: Gray, warp: Warp | None) -> Warp | None:
    if warp is None:
        return None
    whole = np.ones(second.shape, np.uint8)
    try:
        _, found = cv2.findTransformECC(first, second, warp, cv2.MOTION_AFFINE, _REFINING, whole, _SMOOTHING_PX)
    except cv2.error:  # it found no way uphill: these are two pictures
        return None
    return np.asarray(found, np.float32)


def _laid(second: Colour, warp: Warp, shape: tuple[int, ...]) -> tuple[Colour, NDArray[np.bool_]]:
    """The second picture as it lies upon the first, and where."""
    size, flags = (shape[1], shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    inside = cv2.warpAffine(np.ones(second.shape[:2], np.float32), warp, size, flags=flags) > 0.99
    return np.asarray(cv2.warpAffine(second, warp, size, flags=flags), np.float32), inside


def _same_light(first: Colour, second: Colour, inside: NDArray[np.bool_]) -> tuple[Gray, Gray]:
    """Gray copies in the light of the one with more contrast: what it cut off as too light or too dark, channel by
    channel, is cut off in the other too.
    """
    gains = [_gain(first[..., c][inside], second[..., c][inside]) for c in range(3)]
    if np.prod([gain for gain, _ in gains]) < 1:
        first, second, gains = second, first, [(1 / gain, -offset / gain) for gain, offset in gains]
    scale, offset = np.array(gains, np.float32).T
    return _gray(first), _gray(np.clip(second * scale + offset, 0, 255))


def _gain(one: Gray, other: Gray) -> tuple[float, float]:
    """Gain and offset from the values of the `other` to those of the `one`, by what neither cut off."""
    least, most = _CLIPPED
    seen = (one > least) & (one < most) & (other > least) & (other < most)
    if seen.any():
        one, other = one[seen], other[seen]
    gain = float((one.std() + 1) / (other.std() + 1))
    return gain, float(one.mean() - gain * other.mean())


def _agreement(one: Gray, other: Gray, inside: NDArray[np.bool_]) -> float:
    """How alike the neighbourhoods of two pictures are that lie upon each other `inside`, in the worst place."""
    window = max(round(np.sqrt(one.size) * _WINDOW), 5)
    share = cv2.boxFilter(inside.astype(np.float32), -1, (window, window)) + 1e-6
    places = inside & (share > _WHOLE)
    if not places.any():
        return 0.0

    def mean(values: Gray) -> Gray:
        sums = cv2.boxFilter(np.where(inside, values, np.float32(0)), -1, (window, window))
        return np.asarray((sums / share)[places])

    shared = mean(one * other) - mean(one) * mean(other)
    contrast, beside = (np.sqrt(np.maximum(mean(p**2) - mean(p) ** 2, 0)) for p in (one, other))
    most = np.maximum(contrast, _FAINTER * beside) * np.maximum(beside, _FAINTER * contrast)
    alike = (shared + _GRAIN**2) / (most + _GRAIN**2)
    return float(np.clip(np.quantile(alike, _WORST_SHARE), 0, 1))
