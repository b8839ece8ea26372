"""Reading what people send: formats, orientation, limits, thumbnails."""

import io
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from photofinder.errors import RefusedFile
from photofinder.images import Picture, cutout, thumbnails


def _noise(width: int, height: int) -> Image.Image:
    small = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def _encoded(image: Image.Image, fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "HEIF", "AVIF"])
def test_it_reads_every_format_that_cameras_and_phones_write(fmt: str) -> None:
    picture = Picture.from_bytes(_encoded(_noise(120, 80), fmt))
    picture.verify()
    assert (picture.format, picture.width, picture.height) == (fmt, 120, 80)
    assert picture.pixels().shape == (80, 120, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_a_photo_upright_as_viewers_do(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = _encoded(_noise(60, 40), "PNG", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    picture = Picture.from_bytes(data)
    assert (picture.width, picture.height) == expected.size
    np.testing.assert_array_equal(picture.pixels(), np.asarray(expected))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16", "F"])
def test_it_makes_rgb_of_every_mode(mode: str) -> None:
    gray = _noise(30, 20).convert("L")
    image = Image.fromarray(np.asarray(gray).astype(np.uint16) << 8) if mode == "I;16" else gray.convert(mode)
    fmt = {"CMYK": "JPEG", "F": "TIFF"}.get(mode, "PNG")
    pixels = Picture.from_bytes(_encoded(image, fmt)).pixels()
    assert pixels.shape == (20, 30, 3)
    assert pixels.dtype == np.uint8
    assert abs(float(pixels.mean()) - float(np.asarray(gray).mean())) < 12


def test_it_puts_transparent_pixels_on_white() -> None:
    data = _encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG")
    assert Picture.from_bytes(data).pixels().min() == 255


def test_it_takes_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = _encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert Picture.from_bytes(data).pixels()[0, 0].tolist() == [255, 0, 0]


def test_it_decodes_a_jpeg_no_larger_than_asked() -> None:
    picture = Picture.from_bytes(_encoded(_noise(3200, 1600), "JPEG"))
    assert picture.pixels(400).shape == (200, 400, 3)
    assert picture.pixels(880).shape == (400, 800, 3), "a tenth less than asked is worth half the decoding"
    assert picture.pixels(1000).shape == (800, 1600, 3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"this is not an image" * 50, "not_an_image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "not_an_image"),
        (_encoded(_noise(900, 600), "JPEG")[:9000], "damaged"),
        (_encoded(_noise(900, 600), "PNG")[:9000], "damaged"),
        (_encoded(_noise(300, 200), "WEBP")[:900], "damaged"),
    ],
)
def test_it_refuses_with_a_code_and_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        Picture.from_bytes(data).verify()
    assert refused.value.code == code
    assert refused.value.detail.endswith((".", ")."))


@pytest.mark.parametrize("size", [(1, 1), (12000, 9), (3, 5000)])
def test_it_decodes_the_thinnest_jpeg(size: tuple[int, int]) -> None:
    picture = Picture.from_bytes(_encoded(_noise(*size), "JPEG") + b"x")
    picture.verify()
    assert max(picture.pixels(640).shape) >= min(0.9 * 640, max(size))


def test_it_takes_a_jpeg_that_something_follows() -> None:
    Picture.from_bytes(_encoded(_noise(900, 600), "JPEG") + b"trailer").verify()


def test_it_refuses_too_many_pixels_before_decoding_any() -> None:
    with pytest.raises(RefusedFile) as refused:
        Picture.from_bytes(_encoded(Image.new("1", (4000, 3000)), "PNG"), max_pixels=10_000_000)
    assert refused.value.code == "too_many_pixels"


def test_it_reads_when_and_with_what_a_photo_was_taken() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Canon\0", "Canon EOS R5"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:06:12 18:30:05"
    info = Picture.from_bytes(_encoded(_noise(30, 20), "JPEG", exif=exif)).info()
    assert info.camera == "Canon EOS R5"
    assert info.taken_at == datetime(2026, 6, 12, 18, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize("time", ["0000:00:00 00:00:00", "yesterday", ""])
def test_it_lives_with_a_camera_whose_clock_is_not_set(time: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = time
    assert Picture.from_bytes(_encoded(_noise(30, 20), "JPEG", exif=exif)).info().taken_at is None


def test_it_makes_thumbnails_that_are_never_larger_than_the_photo() -> None:
    made = thumbnails(np.asarray(_noise(1000, 500)), (512, 1600))
    sizes = {side: Image.open(io.BytesIO(content)).size for side, content in made.items()}
    assert sizes == {512: (512, 256), 1600: (1000, 500)}


BOXES = [(0.0, 0.0, 0.1, 0.1), (0.9, 0.9, 0.1, 0.1), (0.0, 0.0, 1.0, 1.0), (0.5, 0.5, 0.0, 0.0)]


@pytest.mark.parametrize("box", BOXES)
def test_it_cuts_a_square_out_wherever_the_face_is(box: tuple[float, float, float, float]) -> None:
    height, width, _ = cutout(np.asarray(_noise(640, 480)), box).shape
    assert height == width
    assert 1 <= width <= 224


@pytest.mark.parametrize("exif", [b"MX\0*garbage", b"II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b""])
@pytest.mark.parametrize("fmt", ["WEBP", "JPEG", "PNG"])
def test_it_takes_a_photo_whose_exif_is_broken(fmt: str, exif: bytes) -> None:
    picture = Picture.from_bytes(_encoded(_noise(60, 40), fmt, exif=exif))
    assert picture.info().taken_at is None
    assert picture.pixels().shape == (40, 60, 3)


def test_it_refuses_or_reads_whatever_is_damaged_but_never_crashes() -> None:
    rng = np.random.default_rng(7)
    for fmt in ("WEBP", "JPEG", "PNG", "TIFF", "GIF", "HEIF"):
        whole = np.frombuffer(_encoded(_noise(90, 60), fmt), np.uint8)
        for _ in range(60):
            broken = whole.copy()
            broken[rng.integers(0, len(broken), 4)] = rng.integers(0, 256, 4)
            with suppress(RefusedFile):
                picture = Picture.from_bytes(broken.tobytes(), max_pixels=1_000_000)
                picture.verify()
                picture.info()
                picture.pixels(64)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "CMYK", "P", "I;16"])
def test_a_reduced_copy_shows_the_same(mode: str) -> None:
    """Of formats that cannot be decoded reduced, all pixels are in memory once, and never as arrays."""
    gradient = np.linspace(0, 255, 1200, dtype=np.uint8)[None, :].repeat(800, axis=0)
    if mode == "I;16":
        image = Image.fromarray(gradient.astype(np.uint16) * 257)
    elif mode == "P":
        image = Image.fromarray(gradient).convert("RGB").quantize(256)
    else:
        image = Image.fromarray(gradient).convert("RGB").convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF")
    pixels = Picture(buffer).pixels(300)
    assert 270 <= max(pixels.shape) < 600 or mode in ("P", "I;16")
    middle = pixels[pixels.shape[0] // 2, :, 0].astype(int)
    assert np.abs(middle - np.linspace(0, 255, len(middle))).max() < 6
