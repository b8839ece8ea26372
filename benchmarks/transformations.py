"""What happens to a picture between two copies of it, and pictures that are none, for benchmarks.duplicates."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from photofinder.images import Picture


@dataclass(frozen=True)
class Face:
    """Where a photo shows a face: centre and width in fractions of the photo's width and height."""

    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Original:
    """A file of the library, a portrait or a photo of the event; those of one `group` show the same picture."""

    name: str
    path: Path
    group: str
    faces: tuple[Face, ...] = ()
    is_photo: bool = False

    def image(self) -> Image.Image:
        """Upright RGB."""
        return Image.fromarray(Picture.from_bytes(self.path.read_bytes()).pixels())


Change = Callable[[Original, np.random.Generator], bytes]


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """The file of an image, a JPEG of quality 90 unless said otherwise."""
    buffer = io.BytesIO()
    image.save(buffer, format, **({"quality": 90} | options))
    return buffer.getvalue()


def _saved(format: str = "JPEG", **options: Any) -> Change:
    return lambda original, rng: encoded(original.image(), format, **options)


def _changed(change: Callable[[Image.Image], Image.Image]) -> Change:
    return lambda original, rng: encoded(change(original.image()))


def _resized(share: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        return image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)

    return _changed(change)


def _cropped(share: float) -> Change:
    """That share of the width and of the height goes, more of it on one side or on the other."""

    def change(original: Original, rng: np.random.Generator) -> bytes:
        image = original.image()
        left, top = rng.uniform(0, share, 2) * image.size
        kept = np.array(image.size) * (1 - share)
        return encoded(image.crop((round(left), round(top), round(left + kept[0]), round(top + kept[1]))))

    return change


def _trimmed(share: float) -> Change:
    """That share goes on each of the four sides."""

    def change(image: Image.Image) -> Image.Image:
        x, y = round(image.width * share), round(image.height * share)
        return image.crop((x, y, image.width - x, image.height - y))

    return _changed(change)


def _lit(factor: float) -> Change:
    return _changed(lambda image: ImageEnhance.Brightness(image).enhance(factor))


def _gamma(power: float) -> Change:
    return _changed(lambda image: image.point(lambda value: round(255 * (value / 255) ** power)))


def _watermarked(original: Original, rng: np.random.Generator) -> bytes:
    """A line of half transparent text at the lower right."""
    image = original.image().convert("RGBA")
    text = Image.new("RGBA", image.size, (255, 255, 255, 0))
    font = ImageFont.load_default(size=max(image.width // 16, 10))
    place = (image.width * 0.97, image.height * 0.96)
    ImageDraw.Draw(text).text(place, "(c) Photographer", (255, 255, 255, 128), font=font, anchor="rs")
    return encoded(Image.alpha_composite(image, text).convert("RGB"))


def _many(original: Original, rng: np.random.Generator) -> bytes:
    """What a messenger and an editor do to one photo: cropped by 5 %, brighter, half the size, quality 70."""
    cropped = Image.open(io.BytesIO(_cropped(0.05)(original, rng)))
    small = cropped.resize((cropped.width // 2, cropped.height // 2), Image.Resampling.LANCZOS)
    return encoded(ImageEnhance.Brightness(small).enhance(1.15), quality=70)


TRANSFORMATIONS: dict[str, Change] = {
    **{f"saved at quality {quality}": _saved(quality=quality) for quality in (95, 75, 50)},
    "saved as PNG": _saved("PNG", compress_level=1),
    "saved as WebP": _saved("WEBP", quality=80),
    "resized to 1/2": _resized(0.5),
    "resized to 1/4": _resized(0.25),
    **{f"cropped by {share:.0%}": _cropped(share) for share in (0.02, 0.05, 0.1)},
    "10 % off every side": _trimmed(0.1),
    **{f"brightness x {factor}": _lit(factor) for factor in (0.5, 0.8, 1.2, 1.5)},
    **{f"gamma {power}": _gamma(power) for power in (0.7, 1.5)},
    "cropped 5 %, brighter, 1/2, quality 70": _many,
    "gray": _changed(lambda image: image.convert("L")),
    "watermark": _watermarked,
    "rotated by 2 degrees": _changed(lambda image: image.rotate(2, Image.Resampling.BICUBIC)),
    "rotated by 90 degrees": _changed(lambda image: image.transpose(Image.Transpose.ROTATE_90)),
    "flipped": _changed(lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
}


def _with_another_face(original: Original, rng: np.random.Generator) -> bytes:
    """The next shot of the scene: one face is somebody else's, taken from the portraits beside the event."""
    image = original.image()
    face = original.faces[rng.integers(len(original.faces))]
    people = sorted((original.path.parents[1] / "selfies").iterdir())
    with Image.open(people[rng.integers(len(people))]) as portrait:
        _paste(image, portrait.convert("RGB"), face.x * image.width, face.y * image.height, face.width * image.width)
    return encoded(image)


def _with_a_face_moved(original: Original, rng: np.random.Generator) -> bytes:
    """The next shot of the scene: one face has moved by an eighth of its width."""
    image = original.image()
    face = original.faces[rng.integers(len(original.faces))]
    x, y, side = face.x * image.width, face.y * image.height, face.width * image.width
    portrait = image.crop((round(x - side / 2), round(y - side / 2), round(x + side / 2), round(y + side / 2)))
    _paste(image, portrait, x + side / 8, y + side / 16, side)
    return encoded(image)


def _paste(image: Image.Image, portrait: Image.Image, x: float, y: float, side: float) -> None:
    """Put a portrait into the photo, centred there, with a soft oval edge."""
    pixels = round(side)
    mask = Image.new("L", (pixels, pixels), 0)
    ImageDraw.Draw(mask).ellipse([pixels // 20] * 2 + [pixels - pixels // 20] * 2, fill=255)
    corner = (round(x - side / 2), round(y - side / 2))
    image.paste(portrait.resize((pixels, pixels)), corner, mask.filter(ImageFilter.GaussianBlur(side / 40)))


NOT_THE_SAME: dict[str, Change] = {
    "another shot: one face is another's": _with_another_face,
    "another shot: one face has moved": _with_a_face_moved,
}


def dull_pictures() -> Iterator[Image.Image]:
    """Black, gray and white frames with the noise of a sensor, soft gradients, scenes in the dark: all different."""
    rng = np.random.default_rng(0)
    height, width = 400, 600
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    for level in (2, 6, 12, 30, 128, 250):
        for _ in range(5):
            yield _noisy(rng, np.full((height, width), level))
    for turn in np.linspace(0, np.pi, 30, endpoint=False):
        slope = across * np.cos(turn) + down * np.sin(turn)
        yield _noisy(rng, rng.uniform(20, 200) + slope * rng.uniform(3, 60))
    for _ in range(30):
        scene = Image.fromarray(rng.integers(0, 256, (5, 8), np.uint8)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        yield _noisy(rng, np.asarray(scene) * rng.uniform(0.03, 0.15))


def _noisy(rng: np.random.Generator, light: Any) -> Image.Image:
    noisy = np.asarray(light)[..., None] + rng.normal(0, 3, (*np.shape(light), 3))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
