"""Pictures that look like photos enough to be hashed, embedded and laid upon each other, and ways to change them."""

import io
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

Pixels = NDArray[np.uint8]


def scene(number: int, *, width: int = 480, height: int = 320) -> Pixels:
    """RGB (height, width, 3): soft colours, boxes and discs, other ones for every number."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(20, 236, (6, 9, 3), dtype=np.uint8)
    canvas = np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    for _ in range(12):
        x, y, size = int(rng.integers(width)), int(rng.integers(height)), int(rng.integers(12, 60))
        colour = [int(part) for part in rng.integers(0, 256, 3)]
        if rng.random() < 0.5:
            cv2.rectangle(canvas, (x, y), (x + size, y + size), colour, -1)
        else:
            cv2.circle(canvas, (x, y), size // 2, colour, -1)
    return np.asarray(np.clip(canvas + rng.normal(0, 2, canvas.shape), 0, 255).astype(np.uint8))


def saved(pixels: Pixels, format: str = "JPEG", **options: Any) -> Pixels:
    """The picture after it was saved and opened again."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, **options)
    return np.asarray(Image.open(buffer).convert("RGB"))


def resized(pixels: Pixels, share: float) -> Pixels:
    """The picture with so much of its width and height."""
    size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def trimmed(pixels: Pixels, share: float) -> Pixels:
    """The picture without that share of its width and height on every side."""
    height, width = pixels.shape[:2]
    y, x = round(height * share), round(width * share)
    return pixels[y : height - y, x : width - x]


def lit(pixels: Pixels, factor: float) -> Pixels:
    """The picture so much brighter."""
    return np.asarray(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(factor))


def noise(level: int, *, seed: int = 0, deviation: float = 3.0) -> Pixels:
    """A flat picture (320, 480, 3) with the noise of a sensor."""
    rng = np.random.default_rng(seed)
    return np.asarray(np.clip(rng.normal(level, deviation, (320, 480, 3)), 0, 255).astype(np.uint8))


def portraits(count: int) -> list[Pixels]:
    """Real portraits of PHOTOFINDER_ASSETS, each of somebody else; skips the test where there are none."""
    if not (folder := os.environ.get("PHOTOFINDER_ASSETS")):
        pytest.skip("PHOTOFINDER_ASSETS does not name a folder with models and portraits")
    people = sorted(path for path in (Path(folder) / "data" / "lfw_dev").iterdir() if path.is_dir())
    first = [min(person.glob("*.jpg")) for person in people[:count]]
    return [np.asarray(Image.open(path).convert("RGB")) for path in first]
