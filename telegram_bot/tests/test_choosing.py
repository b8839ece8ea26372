"""The picture that asks which face is whose."""

import io

import pytest
from PIL import Image

from telegram_bot.choosing import numbered_faces

BOXES = [[0.1, 0.2, 0.3, 0.4], [0.6, 0.2, 0.3, 0.4]]


def image(size: tuple[int, int], kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A gray picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.new("RGB", size, (90, 90, 90)).save(buffer, kind, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_it_is_a_jpeg_that_fits_into_a_chat(kind: str) -> None:
    with Image.open(io.BytesIO(numbered_faces(image((4000, 3000), kind), BOXES))) as found:
        assert (found.format, found.size) == ("JPEG", (1280, 960))


def test_the_frames_lie_on_the_photo_as_a_viewer_shows_it() -> None:
    with Image.open(io.BytesIO(numbered_faces(image((400, 300), orientation=6), [[0.5, 0.5, 0.5, 0.5]]))) as found:
        assert found.size == (300, 400)
        red, green, blue = found.getpixel((155, 205))  # type: ignore[misc] # an RGB image
        assert red > 180 > blue and green > 150
        assert max(found.getpixel((75, 100))) < 110  # type: ignore[arg-type]


def test_it_says_when_it_is_no_image() -> None:
    with pytest.raises(OSError):
        numbered_faces(b"nothing", BOXES)
