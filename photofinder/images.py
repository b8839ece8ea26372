"""Pure pixel functions: what a file is, reduced decoding, upright pixels, thumbnails, EXIF.

Nothing that a user sends is decoded before its format and its number of pixels are known from the header.
"""

import io
import struct
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from photofinder.errors import RefusedFile

pillow_heif.register_heif_opener()

EXTENSIONS = {
    "JPEG": "jpg",
    "MPO": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "TIFF": "tif",
    "HEIF": "heic",
    "AVIF": "avif",
    "GIF": "gif",
    "BMP": "bmp",
}
_OPENERS = [name for name in EXTENSIONS if name != "MPO"]  # Pillow's JPEG opener turns into MPO by itself
_DEFAULT_MAX_PIXELS = 250_000_000
# Pillow raises at twice its limit; ours, read from the header, is the first line and Pillow's stays as the second.
Image.MAX_IMAGE_PIXELS = _DEFAULT_MAX_PIXELS // 2
warnings.simplefilter("ignore", Image.DecompressionBombWarning)
# A reduced decode may fall this short of the wanted long side: a half-size decode of a 3000-pixel photo (1500)
# costs half of a full one, and no viewer tells a thumbnail of 1500 pixels from one of 1600.
_SHORTFALL = 0.9
_SMALLER = Image.Resampling.HAMMING  # as sharp as bicubic when an image is made smaller, in half the time
_REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "I", "F")
_CUTOUT_PX, _CUTOUT_MARGIN = 224, 0.35
# libwebp's effort, 0-6: at 1600 pixels method 0 is 4 times faster than the default 4, with files a quarter larger.
_WEBP_QUALITY, _WEBP_METHOD = 75, 0
_PROFILE_BYTES = 1024 * 1024  # no camera writes a larger colour profile


@dataclass(frozen=True)
class ImageInfo:
    """What a file says of itself; width and height as a viewer shows it, `taken_at` as the camera's clock in UTC."""

    format: str
    width: int
    height: int
    taken_at: datetime | None
    camera: str


class Picture:
    """One image file, decoded on demand and no larger than asked; not thread-safe.

    `stream` is seekable and stays open as long as the picture is used. Raises RefusedFile with the code `empty`,
    `not_an_image`, `too_many_pixels` (constructor) or `damaged` (decoding).
    """

    def __init__(self, stream: BinaryIO, *, max_pixels: int = _DEFAULT_MAX_PIXELS) -> None:
        self._stream = stream
        self._decoded: NDArray[np.uint8] | None = None
        with self._open() as image:
            width, height = image.size
            if width * height > max_pixels:
                detail = f"{width} x {height} pixels are more than the {max_pixels // 1_000_000} megapixels allowed."
                raise RefusedFile("too_many_pixels", detail)
            self.format = image.format or ""
            self._orientation = _orientation(image)
        self.width, self.height = (height, width) if self._orientation >= 5 else (width, height)

    @classmethod
    def from_bytes(cls, data: bytes, *, max_pixels: int = _DEFAULT_MAX_PIXELS) -> "Picture":
        """A picture of an encoded file that is in memory already."""
        return cls(io.BytesIO(data), max_pixels=max_pixels)

    @property
    def long_side(self) -> int:
        """The longer side in pixels."""
        return max(self.width, self.height)

    def info(self) -> ImageInfo:
        """Format, size and EXIF, from the header alone."""
        with self._open() as image:
            exif = _exif(image)
            return ImageInfo(self.format, self.width, self.height, _taken_at(exif), _camera(exif))

    def exif(self) -> Image.Exif:
        """What EXIF says, nothing when it is broken."""
        with self._open() as image:
            return _exif(image)

    def exif_block(self) -> bytes:
        """EXIF as the file has it, empty where that is no block of its own, as in a TIFF."""
        with self._open() as image:
            block = image.info.get("exif")
            return block if isinstance(block, bytes) else b""

    def profile(self) -> bytes:
        """The colour profile of its RGB pixels, empty when there is none."""
        with self._open() as image:
            profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
            return profile if isinstance(profile, bytes) and len(profile) <= _PROFILE_BYTES else b""

    def verify(self) -> None:
        """Raise RefusedFile `damaged` unless the file is whole. A JPEG that closes with its end-of-image marker is;
        others are decoded at an eighth of their size, and files of other formats in full.
        """
        if self.format in ("JPEG", "MPO") and self._ends_as_jpeg():
            return
        try:
            with self._open() as image:
                if self.format in ("JPEG", "MPO"):
                    image.draft("RGB", (max(image.width // 8, 1), max(image.height // 8, 1)))
                image.load()
        except RefusedFile:
            raise
        except DECODE_ERRORS as error:
            raise RefusedFile("damaged", f"The file ends early or is damaged ({error}).") from error

    def pixels(self, long_side: int | None = None) -> NDArray[np.uint8]:
        """Upright RGB pixels (height, width, 3) uint8, with a long side of at least 0.9 * `long_side` where the file
        has that many, at most the file's own; the whole file without `long_side`. The last decode is kept.
        """
        wanted = self.long_side if long_side is None else min(long_side, self.long_side)
        if self._decoded is None or max(self._decoded.shape) < _SHORTFALL * wanted:
            self._decoded = self._decode(wanted)
        return self._decoded

    def shrunk(self, long_side: int) -> NDArray[np.uint8]:
        """Upright RGB pixels (height, width, 3) with a long side of at most `long_side`."""
        image = Image.fromarray(self.pixels(long_side))
        image.thumbnail((long_side, long_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return np.asarray(image)

    def rgba(self) -> NDArray[np.uint8]:
        """Upright RGBA pixels (height, width, 4), all that the file has. Raises RefusedFile `damaged`."""
        try:
            with self._open() as image:
                return _upright(np.asarray(image.convert("RGBA")), self._orientation)
        except DECODE_ERRORS as error:
            raise RefusedFile("damaged", f"The file ends early or is damaged ({error}).") from error

    def release(self) -> None:
        """Forget the decoded pixels."""
        self._decoded = None

    def _open(self) -> Image.Image:
        self._stream.seek(0)
        try:
            return Image.open(self._stream, formats=_OPENERS)
        except Image.DecompressionBombError as error:
            raise RefusedFile("too_many_pixels", "The image has too many pixels to be decoded.") from error
        except UnidentifiedImageError as error:
            raise _not_an_image(self._stream) from error
        except DECODE_ERRORS as error:
            raise RefusedFile("damaged", f"The file ends early or is damaged ({error}).") from error

    def _ends_as_jpeg(self) -> bool:
        self._stream.seek(0, io.SEEK_END)
        self._stream.seek(max(self._stream.tell() - 2, 0))
        return self._stream.read(2) == b"\xff\xd9"

    def _decode(self, long_side: int) -> NDArray[np.uint8]:
        try:
            with self._open() as image:
                if self.format in ("JPEG", "MPO"):
                    least = _SHORTFALL * long_side / self.long_side
                    image.draft("RGB", (max(int(image.width * least), 1), max(int(image.height * least), 1)))
                image.load()
                return _upright(_rgb(_reduced(image, _SHORTFALL * long_side)), self._orientation)
        except DECODE_ERRORS as error:
            raise RefusedFile("damaged", f"The file ends early or is damaged ({error}).") from error


def thumbnails(pixels: NDArray[np.uint8], long_sides: Iterable[int]) -> dict[int, bytes]:
    """WebP copies of RGB `pixels` (h, w, 3), by the long side asked for, never larger than `pixels`.

    The large ones come first and the small ones are made from them, so the cost is that of the largest.
    """
    image = Image.fromarray(pixels)
    made = {}
    for long_side in sorted(long_sides, reverse=True):
        image.thumbnail((long_side, long_side), _SMALLER, reducing_gap=1.0)
        made[long_side] = webp(np.asarray(image))
    return made


def webp(pixels: NDArray[np.uint8]) -> bytes:
    """RGB `pixels` (h, w, 3) encoded as WebP."""
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.save(buffer, "WEBP", quality=_WEBP_QUALITY, method=_WEBP_METHOD)
    return buffer.getvalue()


def jpeg(pixels: NDArray[np.uint8], *, quality: int, profile: bytes = b"", exif: bytes = b"") -> bytes:
    """RGB `pixels` (h, w, 3) encoded as a progressive JPEG, with a colour profile and EXIF where they are given."""
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, progressive=True, icc_profile=profile or None, exif=exif)
    return buffer.getvalue()


def png(pixels: NDArray[np.uint8], *, long_side: int) -> bytes:
    """RGBA `pixels` (h, w, 4) as a PNG of at most `long_side` pixels, without transparent margins."""
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image = image.crop(image.getchannel("A").getbbox())
    image.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def cutout(pixels: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """A square of at most 224 pixels, (h, w, 3), around `box` (left, top, width, height in fractions of `pixels`), with
    0.35 of the box's longer side as surroundings and shifted to lie inside the picture.
    """
    height, width = pixels.shape[:2]
    left, top, box_width, box_height = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    half = min(max(box_width, box_height, 2) * (0.5 + _CUTOUT_MARGIN), width / 2, height / 2)
    x = min(max(left + box_width / 2, half), width - half)
    y = min(max(top + box_height / 2, half), height - half)
    region = pixels[int(y - half) : max(int(y + half), 1), int(x - half) : max(int(x + half), 1)]
    image = Image.fromarray(np.ascontiguousarray(region))
    image.thumbnail((_CUTOUT_PX, _CUTOUT_PX), _SMALLER)
    return np.asarray(image)


# What Pillow's decoders raise when a file is not what it says it is.
DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    TypeError,
    struct.error,
    Image.DecompressionBombError,
)


def _not_an_image(stream: BinaryIO) -> RefusedFile:
    stream.seek(0)
    if not stream.read(1):
        return RefusedFile("empty", "The file is empty.")
    known = ", ".join(sorted(set(EXTENSIONS) - {"MPO"}))
    return RefusedFile("not_an_image", f"This is not a photo that can be read; send one of {known}.")


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1-8. pillow-heif turns HEIC upright itself and reports 1."""
    value = _exif(image).get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _exif(image: Image.Image) -> Image.Exif:
    """EXIF from the header: a PNG's own getexif() would decode all its pixels to look behind them.

    Broken EXIF is no EXIF: the photo is still a photo.
    """
    try:
        exif = Image.Image.getexif(image)
        exif.get_ifd(ExifTags.IFD.Exif)
    except DECODE_ERRORS:
        return Image.Exif()
    return exif


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn stored pixels the way EXIF orientation (1-8) says a viewer shows them."""
    if orientation in (2, 5, 7, 4):
        pixels = pixels[:, ::-1]
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}[orientation]
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _reduced(image: Image.Image, least: float) -> Image.Image:
    """The image by a whole factor smaller, with a long side of at least `least`: what is made of it next takes that
    much less memory. Only a JPEG is decoded reduced to begin with.
    """
    factor = int(max(image.size) / least)
    if factor < 2 or min(image.size) < factor or image.mode not in _REDUCIBLE or "transparency" in image.info:
        return image
    return image.reduce(factor)


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    """RGB pixels of any mode: 16-bit scaled to 8, transparency on white, CMYK and palettes converted."""
    if image.mode.startswith("I") or image.mode == "F":
        gray = np.asarray(image).astype(np.float32)
        top = 65535.0 if gray.max(initial=0) > 255 else 255.0
        return np.repeat((np.clip(gray / top, 0, 1) * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _taken_at(exif: Image.Exif) -> datetime | None:
    """When the photo was taken. EXIF has no zone that cameras fill in reliably, so the clock is kept as UTC."""
    details = exif.get_ifd(ExifTags.IFD.Exif)
    value = details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    try:
        return datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _camera(exif: Image.Exif) -> str:
    """Make and model without the make said twice, at most 100 printable characters."""
    make, model = (_text(exif.get(tag, "")) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    name = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return name.strip()[:100]


def _text(value: object) -> str:
    return "".join(c for c in str(value) if c.isprintable()).strip()
