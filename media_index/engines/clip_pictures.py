"""How pictures are made ready for a CLIP model: what open_clip does with torchvision, in Pillow and NumPy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media_index.engines.base import Pixels

INTERPOLATIONS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
}
RESIZES = ("shortest", "longest", "squash")


@dataclass(frozen=True)
class PictureForm:
    """What a model takes, as open_clip's preprocessing configuration says it.

    `size` is (height, width); `resize` brings the short side to it and crops the rest (`shortest`), the long side and
    fills the rest with gray level `fill` (`longest`), or both (`squash`); `mean` and `std` are per channel, of 0-1.
    """

    size: tuple[int, int]
    resize: str
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fill: int

    def __post_init__(self) -> None:
        if self.resize not in RESIZES or self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"pictures are resized in no known way: {self.resize}, {self.interpolation}")

    @property
    def name(self) -> str:
        """In a contract, short: `shortest224-bicubic`."""
        height, width = self.size
        return f"{self.resize}{height if height == width else f'{height}x{width}'}-{self.interpolation}"


def prepared(pixels: Pixels, form: PictureForm) -> NDArray[np.float32]:
    """RGB pixels (h, w, 3) uint8 of any size as the model's input (3, height, width).

    The roundings are those of open_clip 3.3 (open_clip/transform.py) and torchvision; the export compares.
    """
    image = Image.fromarray(pixels)
    size = _resized_size(image.size, form)
    if size != image.size:
        image = image.resize(size, INTERPOLATIONS[form.interpolation])
    part = _centre(np.asarray(image), form).astype(np.float32) / 255
    normal = (part - np.array(form.mean, np.float32)) / np.array(form.std, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1))


def _resized_size(size: tuple[int, int], form: PictureForm) -> tuple[int, int]:
    """Width and height before the crop."""
    (width, height), (to_height, to_width) = size, form.size
    if form.resize == "squash":
        return to_width, to_height
    if form.resize == "shortest" and to_height == to_width:
        short, long = sorted(size)
        long = int(to_width * long / short)
        return (to_width, long) if width <= height else (long, to_width)
    pick = max if form.resize == "longest" else min
    ratio = pick(height / to_height, width / to_width)
    return max(round(width / ratio), 1), max(round(height / ratio), 1)


def _centre(pixels: Pixels, form: PictureForm) -> Pixels:
    """The middle of `pixels` in the form's size, filled up where there is too little."""
    for axis, wanted in enumerate(form.size):
        missing = max(wanted - pixels.shape[axis], 0)
        margins = [(0, 0)] * 3
        margins[axis] = (missing // 2, (missing + 1) // 2)
        pixels = np.pad(pixels, margins, constant_values=form.fill)
        start = round((pixels.shape[axis] - wanted) / 2)
        pixels = pixels.take(range(start, start + wanted), axis=axis)
    return pixels
