"""The picture that asks which face is whose."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps
from pillow_heif import register_heif_opener

register_heif_opener()  # iPhones send it

_LONG_SIDE = 1280
_COLOUR = (255, 204, 0)


def numbered_faces(image: bytes, boxes: Sequence[Sequence[float]]) -> bytes:
    """A JPEG of the image with a numbered frame around each box, [left, top, width, height] in fractions.

    Raises OSError for what is no image that can be read.
    """
    with Image.open(io.BytesIO(image)) as opened:
        opened.draft("RGB", (_LONG_SIDE, _LONG_SIDE))
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((_LONG_SIDE, _LONG_SIDE))
    draw = ImageDraw.Draw(picture)
    for number, box in enumerate(boxes, 1):
        _frame(draw, picture.size, box, str(number))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _frame(draw: ImageDraw.ImageDraw, size: tuple[int, int], box: Sequence[float], number: str) -> None:
    """The number lies on a plate at the frame's upper left corner, inside the picture."""
    (width, height), (left, top, across, down) = size, box
    x, y = max(left * width, 0), max(top * height, 0)
    line = max(2, max(size) // 300)
    draw.rectangle((x, y, x + across * width, y + down * height), outline=_COLOUR, width=line)
    plate = max(18, max(size) // 24)
    draw.rectangle((x, y, x + plate, y + plate), fill=_COLOUR)
    font = ImageFont.load_default(plate * 0.75)
    draw.text((x + plate / 2, y + plate / 2), number, fill=(0, 0, 0), font=font, anchor="mm")
