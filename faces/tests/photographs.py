"""Real photographs and weights for tests of the real engines."""

import io
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photofinder.images import Picture


def assets() -> Path:
    """The folder of PHOTOFINDER_ASSETS; skips the test where there is none."""
    if not (folder := os.environ.get("PHOTOFINDER_ASSETS")):
        pytest.skip("PHOTOFINDER_ASSETS does not name a folder with models and portraits")
    return Path(folder)


def pack_root() -> Path:
    """What InsightFaceEngine takes as `root` for the pack `testpack`."""
    return assets() / "models" / "insightface"


def friends() -> Image.Image:
    """Six people side by side, from the package insightface: 1280 x 886 pixels, faces of about 110."""
    spec = find_spec("insightface")
    assert spec is not None and spec.origin is not None
    return Image.open(Path(spec.origin).parent / "data/images/t1.jpg").convert("RGB")


def encoded(image: Image.Image, *, orientation: int = 1, quality: int = 92) -> Picture:
    """The image as a JPEG that is to be turned by that EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, exif=exif)
    return Picture(buffer)


def canvas(width: int, height: int) -> NDArray[np.uint8]:
    """A gray picture (height, width, 3) without faces."""
    return np.full((height, width, 3), 128, np.uint8)
