"""Photos of a small event, composed from the real photographs that installed packages bring along. Pure."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import ExifTags, Image, ImageEnhance, ImageOps

_LONG_SIDE_PX = 1600
_SELFIE_PX = 900
# (package, path in it) of each source; the packages are found, never imported.
_SOURCES = {"table": ("insightface", "data/images/t1.jpg"), "studio": ("skimage", "data/astronaut.png")}
# Where people are: left, top, right, bottom in fractions of the source.
_REGIONS = {
    "table": {
        "everyone": (0.0, 0.0, 1.0, 0.85),
        "left": (0.0, 0.08, 0.54, 0.72),
        "right": (0.5, 0.0, 1.0, 0.7),
        "middle": (0.3, 0.2, 0.74, 0.7),
        "couple": (0.18, 0.08, 0.54, 0.64),
        "friends": (0.65, 0.0, 1.0, 0.66),
        "ann": (0.0, 0.2, 0.26, 0.7),
        "bea": (0.17, 0.06, 0.38, 0.46),
        "carl": (0.31, 0.2, 0.54, 0.64),
        "dan": (0.5, 0.28, 0.74, 0.7),
        "ed": (0.64, 0.0, 0.93, 0.46),
        "fay": (0.8, 0.22, 1.0, 0.64),
    },
    "studio": {"whole": (0.0, 0.0, 1.0, 1.0), "face": (0.2, 0.0, 0.72, 0.52)},
}
_SELFIES = {"carl": ("table", "carl"), "dan": ("table", "dan"), "astronaut": ("studio", "face")}


@dataclass(frozen=True)
class _Shot:
    """One photo: which part of which source, mirrored or not, turned by degrees, lit by a factor."""

    source: str
    region: str
    mirrored: bool = False
    turn: float = 0.0
    light: float = 1.0
    upright: bool = False  # stored sideways with an EXIF orientation, as a camera held upright does


_SHOTS = [
    _Shot("table", "everyone"),
    _Shot("table", "everyone", mirrored=True, light=0.85),
    _Shot("table", "left", turn=3),
    _Shot("table", "left", mirrored=True, light=1.15),
    _Shot("table", "right", turn=-3, light=0.9),
    _Shot("table", "right", mirrored=True, turn=2),
    _Shot("table", "middle", light=1.1),
    _Shot("table", "middle", mirrored=True, turn=-4),
    _Shot("table", "couple", turn=4, light=0.9),
    _Shot("table", "friends", turn=-2, light=1.1),
    _Shot("table", "friends", mirrored=True, upright=True),
    _Shot("table", "ann", light=1.1),
    _Shot("table", "ann", mirrored=True, turn=5),
    _Shot("table", "bea", turn=-5, light=1.2),
    _Shot("table", "bea", mirrored=True, upright=True),
    _Shot("table", "carl", light=0.8),
    _Shot("table", "carl", mirrored=True, turn=6),
    _Shot("table", "carl", turn=-6, light=1.2, upright=True),
    _Shot("table", "dan", turn=4),
    _Shot("table", "dan", mirrored=True, light=0.75),
    _Shot("table", "ed", turn=-4, light=1.1),
    _Shot("table", "ed", mirrored=True, light=0.9),
    _Shot("table", "fay", turn=3, light=0.9),
    _Shot("table", "fay", mirrored=True, upright=True),
    _Shot("studio", "whole"),
    _Shot("studio", "whole", mirrored=True, turn=-3, light=0.8),
    _Shot("studio", "face", turn=5, light=1.15),
    _Shot("studio", "face", mirrored=True, upright=True),
]


def demo_photos() -> Iterator[tuple[str, bytes]]:
    """Names and JPEG bytes of the demo's photos; the same ones each time."""
    for number, shot in enumerate(_SHOTS, 1):
        yield f"demo_{number:02d}.jpg", _jpeg(_compose(shot), number, shot.upright)


def demo_selfies() -> Iterator[tuple[str, bytes]]:
    """Names and JPEG bytes of selfies that no demo photo shows in this framing."""
    for name, (source, region) in _SELFIES.items():
        image = _compose(_Shot(source, region, turn=2, light=1.05))
        side = int(min(image.size) * 0.8)
        yield f"{name}.jpg", _jpeg(ImageOps.fit(image, (side, side)).resize((_SELFIE_PX, _SELFIE_PX)), 0, False)


def _compose(shot: _Shot) -> Image.Image:
    source = _source(shot.source)
    left, top, right, bottom = _REGIONS[shot.source][shot.region]
    width, height = source.size
    image = source.crop((int(left * width), int(top * height), int(right * width), int(bottom * height)))
    if shot.mirrored:
        image = ImageOps.mirror(image)
    scale = _LONG_SIDE_PX / max(image.size)
    image = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.LANCZOS)
    image = _turned(image, shot.turn)
    return ImageEnhance.Brightness(image).enhance(shot.light)


def _turned(image: Image.Image, degrees: float) -> Image.Image:
    """Turn the image and cut the empty corners off."""
    inset = abs(degrees) / 90
    turned = image.rotate(degrees, Image.Resampling.BICUBIC)
    x, y = int(image.height * inset / 1.3), int(image.width * inset / 1.3)
    return turned.crop((x, y, image.width - x, image.height - y))


def _jpeg(image: Image.Image, minute: int, upright: bool) -> bytes:
    """A JPEG with the time of the exposure, and stored sideways when `upright`."""
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = f"2026:06:12 18:{minute:02d}:00"
    if upright:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[ExifTags.Base.Orientation] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


def _source(name: str) -> Image.Image:
    package, path = _SOURCES[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"The package {package} is not installed; run make install.")
    return Image.open(Path(spec.origin).parent / path).convert("RGB")
