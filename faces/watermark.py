"""A text and a logo drawn over a photo, sized by the photo and readable on light and on dark."""

from functools import lru_cache
from importlib.util import find_spec
from math import cos, radians, sin
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

CORNERS = ("bottom_right", "bottom_left", "top_right", "top_left", "centre", "tiled")
# All sizes but the last two are in heights of the text, which is this share of the photo's mean side.
_TEXT = 0.036
_SMALLEST_TEXT_PX = 14
_LINE, _GAP, _MARGIN = 1.25, 0.6, 1.0
_LOGO_BESIDE_TEXT, _LOGO_ALONE = (8.0, 3.0), (9.0, 5.0)  # the most width and height
_SHADOW_BLUR, _SHADOW_OFFSET, _SHADOW_STRENGTH = 0.16, 0.05, 1.5
_ANGLE, _TILE_GAP = 30, (2.5, 4.5)
_TILED_SIZE = 0.9
_WIDE, _WIDEST = 0.6, 0.92  # of the photo's width: a longer text gets a second line, and then smaller letters

Size = tuple[int, int]


def watermarked(
    pixels: NDArray[np.uint8], *, text: str, logo: NDArray[np.uint8] | None, corner: str, opacity: float
) -> NDArray[np.uint8]:
    """A copy of RGB `pixels` (h, w, 3) with `text` and `logo` (h, w, 4) in one of CORNERS, at an opacity of 0 to 1.

    Without either it is `pixels` itself.
    """
    text = " ".join(text.split())
    if not text and logo is None:
        return pixels
    photo = Image.fromarray(pixels)
    mark = _faded(_mark(photo.size, text, logo, scale=_TILED_SIZE if corner == "tiled" else 1.0), opacity)
    if corner == "tiled":
        _tile(photo, mark)
    else:
        photo.paste(mark, _place(photo.size, mark.size, corner), mark)
    return np.asarray(photo)


def _mark(photo: Size, text: str, logo: NDArray[np.uint8] | None, *, scale: float) -> Image.Image:
    """Logo and text side by side over their shadow, with room for it on every side."""
    size = max(_TEXT * (photo[0] * photo[1]) ** 0.5, _SMALLEST_TEXT_PX) * scale
    parts = []
    if logo is not None:
        parts.append(_logo(logo, size, _LOGO_BESIDE_TEXT if text else _LOGO_ALONE, photo))
    if text:
        taken = parts[0].width + size * _GAP if parts else 0.0
        parts.append(_lines(text, size, (photo[0] * _WIDE - taken, photo[0] * _WIDEST - taken)))
    return _shadowed(_side_by_side(parts, round(size * _GAP)), size)


def _logo(logo: NDArray[np.uint8], size: float, most: tuple[float, float], photo: Size) -> Image.Image:
    image = Image.fromarray(logo)
    width, height = min(most[0] * size, photo[0] * _WIDE), min(most[1] * size, photo[1] * _WIDE)
    factor = min(width / image.width, height / image.height)
    new = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
    return image.resize(new, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _lines(text: str, size: float, widths: tuple[float, float]) -> Image.Image:
    """The text in white, on two lines where one is wider than the first of `widths`, never wider than the second."""
    wide, widest = widths
    lines = [text] if _font(size).getlength(text) <= wide else _halves(text)
    longest = max(_font(size).getlength(line) for line in lines)
    size = min(size, size * max(widest, size) / longest)
    font, pad = _font(size), size * 0.1
    width = max(font.getlength(line) for line in lines)
    box = Image.new("RGBA", (round(width + 2 * pad), round(size * _LINE * len(lines))), (255, 255, 255, 0))
    draw = ImageDraw.Draw(box)
    for number, line in enumerate(lines):
        draw.text((pad, size * _LINE * (number + 0.5)), line, "white", font, anchor="lm")
    return box


def _halves(text: str) -> list[str]:
    """Two lines as alike in length as spaces allow; one when there is no space."""
    places = [place for place, letter in enumerate(text) if letter == " "]
    if not places:
        return [text]
    middle = min(places, key=lambda place: abs(place - len(text) / 2))
    return [text[:middle], text[middle + 1 :]]


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    """Inter, which has Latin, Cyrillic and Greek letters: it comes with Unfold, whose files alone are read."""
    spec = find_spec("unfold")
    if spec is None or spec.origin is None:
        raise LookupError("The package django-unfold, whose font is used, is not installed.")
    path = Path(spec.origin).parent / "static/unfold/fonts/inter/Inter-SemiBold.woff2"
    return ImageFont.truetype(str(path), size)


def _side_by_side(parts: list[Image.Image], gap: int) -> Image.Image:
    width, height = sum(part.width for part in parts) + gap * (len(parts) - 1), max(part.height for part in parts)
    whole, left = Image.new("RGBA", (width, height), (255, 255, 255, 0)), 0
    for part in parts:
        whole.paste(part, (left, (height - part.height) // 2))
        left += part.width + gap
    return whole


def _shadowed(image: Image.Image, size: float) -> Image.Image:
    """The image over a soft dark copy of itself, with a margin in which the shadow fades out."""
    blur = size * _SHADOW_BLUR
    room = round(3 * blur)
    alpha = Image.new("L", (image.width + 2 * room, image.height + 2 * room))
    alpha.paste(image.getchannel("A"), (room, room + round(size * _SHADOW_OFFSET)))
    alpha = alpha.filter(ImageFilter.GaussianBlur(blur)).point(lambda value: min(value * _SHADOW_STRENGTH, 255))
    whole = Image.new("RGBA", alpha.size, (0, 0, 0, 0))
    whole.putalpha(alpha)
    over = Image.new("RGBA", alpha.size, (255, 255, 255, 0))
    over.paste(image, (room, room))
    return Image.alpha_composite(whole, over)


def _faded(mark: Image.Image, opacity: float) -> Image.Image:
    mark.putalpha(mark.getchannel("A").point(lambda value: value * opacity))
    return mark


def _place(photo: Size, mark: Size, corner: str) -> Size:
    """Where the mark's left upper corner lies."""
    margin = round(_MARGIN * _TEXT * (photo[0] * photo[1]) ** 0.5)
    right, bottom = photo[0] - mark[0], photo[1] - mark[1]
    if corner == "centre":
        return right // 2, bottom // 2
    return (
        max(right - margin, 0) if "right" in corner else min(margin, max(right, 0)),
        max(bottom - margin, 0) if "bottom" in corner else min(margin, max(bottom, 0)),
    )


def _tile(photo: Image.Image, mark: Image.Image) -> None:
    """Lay slanting copies over the whole photo, every other row shifted by a half."""
    turned = mark.rotate(_ANGLE, Image.Resampling.BICUBIC, expand=True)
    size = _TEXT * (photo.width * photo.height) ** 0.5
    step = (mark.width + _TILE_GAP[0] * size, mark.height + _TILE_GAP[1] * size)
    along, across = cos(radians(_ANGLE)), sin(radians(_ANGLE))
    reach = (photo.width**2 + photo.height**2) ** 0.5 / 2
    columns, rows = int(reach / step[0]) + 2, int(reach / step[1]) + 1
    for row in range(-rows, rows + 1):
        for column in range(-columns, columns + 1):
            x, y = (column + row % 2 / 2) * step[0], row * step[1]
            centre = (photo.width / 2 + x * along + y * across, photo.height / 2 - x * across + y * along)
            photo.paste(turned, (round(centre[0] - turned.width / 2), round(centre[1] - turned.height / 2)), turned)
