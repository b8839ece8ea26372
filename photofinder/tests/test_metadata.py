"""What a file says of its place does not leave with it, its time and its pixels do."""

import io
import random
import struct
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from photofinder import metadata
from photofinder.errors import RefusedFile
from photofinder.images import Picture
from photofinder.metadata import is_silent, silent_jpeg, without_place

Tag = ExifTags.Base
TAKEN = "2026:06:12 18:30:05"
# What is looked for in whatever comes out: the coordinates as EXIF packs them, and as texts.
LATITUDE = struct.pack(">6I", 55, 1, 45, 1, 2107, 100)
PLACES = (LATITUDE, b"exif:GPSLatitude", b"55,45.35N", b"Moscow")
XMP = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description exif:GPSLatitude="55,45.35N"/></x:xmpmeta>'
IPTC = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x5a\0\x06Moscow"


def pixels() -> NDArray[np.uint8]:
    small = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((240, 180), Image.Resampling.BICUBIC))


def exif(*, orientation: int = 6) -> Image.Exif:
    """As a phone writes it."""
    tags = Image.Exif()
    tags[Tag.Make], tags[Tag.Model], tags[Tag.Orientation] = "Canon", "EOS R5", orientation
    tags[Tag.Artist], tags[Tag.XMLPacket] = "Анна".encode(), XMP
    tags[ExifTags.IFD.Exif] = {
        Tag.DateTimeOriginal: TAKEN,
        Tag.OffsetTimeOriginal: "+03:00",
        Tag.ExposureTime: 0.004,
        Tag.ISOSpeedRatings: 400,
        Tag.MakerNote: b"Moscow" * 50,
        Tag.LensModel: "RF 50mm",
    }
    tags[ExifTags.IFD.GPSInfo] = {1: "N", 2: (55.0, 45.0, 21.07), 3: "E", 4: (37.0, 37.0, 2.5)}
    return tags


def encoded(fmt: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels()).save(buffer, fmt, **{"exif": exif().tobytes(), **options})
    return buffer.getvalue()


def segment(marker: int, payload: bytes, length: int | None = None) -> bytes:
    size = len(payload) + 2 if length is None else length
    return bytes((0xFF, marker)) + size.to_bytes(2) + payload


def with_segments(*segments: bytes, data: bytes | None = None) -> bytes:
    """The JPEG with these behind its beginning."""
    data = data or encoded()
    return data[:2] + b"".join(segments) + data[2:]


def handed_on(data: bytes) -> bytes:
    return b"".join(without_place(io.BytesIO(data)))


def assert_placeless(data: bytes) -> None:
    assert [place for place in PLACES if place in data] == []
    opened = Image.open(io.BytesIO(data)).getexif()
    assert not opened.get_ifd(ExifTags.IFD.GPSInfo)
    assert Tag.GPSInfo not in opened


def scan(data: bytes) -> bytes:
    return data[data.index(b"\xff\xda") :]


def test_the_sample_has_a_place() -> None:
    data = encoded()
    assert all(place in data for place in (LATITUDE, b"exif:GPSLatitude", b"Moscow"))
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(ExifTags.IFD.GPSInfo)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "restart_marker_blocks": 4}])
def test_a_jpeg_loses_its_place_and_nothing_else(options: dict[str, Any]) -> None:
    data = encoded(**options)
    out = handed_on(data)
    assert_placeless(out)
    assert scan(out) == scan(data)
    before, after = (Image.open(io.BytesIO(file)).getexif() for file in (data, out))
    for tag in (Tag.Make, Tag.Model, Tag.Orientation, Tag.Artist):
        assert after[tag] == before[tag]
    details = after.get_ifd(ExifTags.IFD.Exif)
    for tag in (Tag.DateTimeOriginal, Tag.OffsetTimeOriginal, Tag.ExposureTime, Tag.ISOSpeedRatings, Tag.LensModel):
        assert details[tag] == before.get_ifd(ExifTags.IFD.Exif)[tag]
    info = Picture.from_bytes(out).info()
    assert (info.taken_at, info.camera) == (datetime(2026, 6, 12, 18, 30, 5, tzinfo=UTC), "Canon EOS R5")


def test_its_colour_profile_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(70_000)  # in two pieces
    assert Image.open(io.BytesIO(handed_on(encoded(icc_profile=profile)))).info["icc_profile"] == profile


@pytest.mark.parametrize(
    "hidden",
    [
        segment(0xE1, XMP),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + XMP),
        segment(0xED, IPTC),
        segment(0xFE, b"taken in Moscow"),
        segment(0xE2, b"MPF\0Moscow"),
        segment(0xE6, b"GoPro\0Moscow"),
        segment(0xE0, b"JFXX\0\x10Moscow"),
    ],
)
def test_no_other_segment_tells_the_place(hidden: bytes) -> None:
    assert_placeless(handed_on(with_segments(hidden)))


def test_what_follows_the_picture_is_cut_off() -> None:
    first, second = Image.fromarray(pixels()), Image.fromarray(pixels()[::-1].copy())
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=[second], exif=exif())
    data = buffer.getvalue() + encoded() + b"Moscow"
    out = handed_on(data)
    assert_placeless(out)
    assert out.count(b"\xff\xd8\xff") == 1
    assert Picture.from_bytes(out).format == "JPEG"
    np.testing.assert_array_equal(Picture.from_bytes(out).pixels(), Picture.from_bytes(data).pixels())


def _looping_exif() -> bytes:
    """Its directory points to itself: as the next one, as the one of details, and as the one of the place."""
    entries = [struct.pack("<HHII", tag, 4, 1, 8) for tag in (0x8769, 0x8825, 0x014A)]
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + struct.pack("<I", 8)


def entry(tag: int, block: bytes) -> int:
    """Where in an EXIF block the entry of that tag begins."""
    little = block[6:8] == b"II"
    return block.index(struct.pack("<H" if little else ">H", tag))


def swallowing(tag: int, count: int, *, at: int | None = None) -> bytes:
    """The sample's EXIF in which a tag claims to be a text of `count` bytes, at `at` where that is given."""
    block = bytearray(exif().tobytes())
    start, form = entry(tag, bytes(block)), "<" if block[6:8] == b"II" else ">"
    block[start + 2 : start + 8] = struct.pack(f"{form}HI", 2, count)
    if at is not None:
        block[start + 8 : start + 12] = struct.pack(f"{form}I", at)
    return bytes(block)


def at_place() -> int:
    return exif().tobytes().index(LATITUDE) - 6


@pytest.mark.parametrize(
    "block",
    [
        swallowing(Tag.Make, 24, at=at_place()),
        swallowing(Tag.Model, 600),
        swallowing(Tag.Artist, 300),
        swallowing(Tag.LensModel, 400),
        swallowing(Tag.Make, 40, at=exif().tobytes().index(b"exif:GPS") - 6),
        swallowing(Tag.LensModel, 6, at=exif().tobytes().index(b"MoscowMoscow") - 6),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_text_does_not_carry_the_place_away(block: bytes) -> None:
    out = handed_on(encoded(exif=block))
    assert_placeless(out)
    kept = Image.open(io.BytesIO(out)).getexif()
    assert Picture.from_bytes(out).info().taken_at == datetime(2026, 6, 12, 18, 30, 5, tzinfo=UTC)
    assert (set(kept) - {Tag.ExifOffset}, kept[Tag.Orientation]) == ({Tag.Orientation}, 6)


@pytest.mark.filterwarnings("ignore")
def test_a_copy_of_a_photo_with_a_damaged_text_does_not_either() -> None:
    assert_placeless(silent_jpeg(Picture.from_bytes(encoded("WEBP", exif=swallowing(Tag.LensModel, 400)))))


def test_a_long_block_of_bytes_does_not_stay() -> None:
    tags = exif()
    tags[ExifTags.IFD.Exif] = {Tag.UserComment: b"ASCII\0\0\0Moscow, Red Square"}
    assert_placeless(handed_on(encoded(exif=tags.tobytes())))


@pytest.mark.filterwarnings("ignore")  # of Pillow, for each
def test_whatever_of_exif_is_damaged_the_place_does_not_leave() -> None:
    chance, block, plain = random.Random(7), exif().tobytes(), encoded(exif=b"")
    for _ in range(1000):
        damaged = bytearray(block)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(6, len(block))] = chance.randrange(256)
        out = handed_on(with_segments(segment(0xE1, bytes(damaged)), data=plain))
        assert [place for place in PLACES if place in out] == []


BROKEN = {
    "truncated": exif().tobytes()[:60],
    "empty": b"Exif\0\0",
    "no header": b"Exif\0\0" + b"\xff" * 200,
    "loop": _looping_exif(),
    "huge count": b"Exif\0\0II*\0" + struct.pack("<IHHHII", 8, 1, 0x010F, 2, 0xFFFFFFFF, 8),
    "far directory": b"Exif\0\0II*\0" + struct.pack("<I", 0xFFFFFFF0),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.filterwarnings("ignore")
def test_broken_exif_goes_and_the_picture_stays(broken: bytes) -> None:
    plain = encoded(exif=b"")
    out = handed_on(with_segments(segment(0xE1, broken), data=plain))
    assert_placeless(out)
    np.testing.assert_array_equal(Picture.from_bytes(out).pixels(), Picture.from_bytes(plain).pixels())


@pytest.mark.parametrize(
    "junk",
    [
        segment(0xE1, b"Exif\0\0Moscow", length=0),
        segment(0xE4, b"", length=1),
        b"Moscow" * 100_000,
        b"\xff" * 30,
        b"\xff\x01\xff\xd8",
    ],
)
def test_junk_between_segments_is_left_out(junk: bytes) -> None:
    plain = encoded(exif=b"")
    assert handed_on(with_segments(junk, data=plain)) == handed_on(plain)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe1\x00",
        b"\xff\xd8" + segment(0xE1, exif().tobytes(), length=60_000),
        b"\xff\xd8" + segment(0xFE, b"") * 5000 + encoded()[2:],
        b"not a jpeg",
        b"\xff\xd8\xff\xd9",
    ],
)
def test_where_there_is_no_picture_nothing_is_handed_on(data: bytes) -> None:
    with pytest.raises(RefusedFile):
        next(without_place(io.BytesIO(data)))


def test_a_picture_that_ends_early_ends_properly() -> None:
    data = encoded()
    out = handed_on(data[: len(data) - 900])
    assert out.endswith(b"\xff\xd9")
    assert_placeless(out)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_chunks_may_end_anywhere(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    data = with_segments(segment(0xED, IPTC), data=encoded(restart_marker_blocks=2))
    expected = handed_on(data)
    monkeypatch.setattr(metadata, "_CHUNK_BYTES", max(size, 2))
    assert handed_on(data) == expected


def test_it_keeps_no_more_than_a_chunk_in_memory() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=95)
    assert max(map(len, without_place(buffer))) <= metadata._CHUNK_BYTES < buffer.tell() / 4


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_a_file_of_another_format_that_says_more_than_pixels_becomes_a_jpeg(fmt: str) -> None:
    data = encoded(fmt, exif=exif(orientation=1).tobytes())
    assert not is_silent(io.BytesIO(data))
    out = silent_jpeg(Picture.from_bytes(data))
    assert_placeless(out)
    info = Picture.from_bytes(out).info()
    assert (info.format, info.taken_at) == ("JPEG", datetime(2026, 6, 12, 18, 30, 5, tzinfo=UTC))
    assert abs(Picture.from_bytes(out).pixels().astype(int) - pixels()).mean() < 6


def test_it_is_turned_upright_once() -> None:
    out = silent_jpeg(Picture.from_bytes(encoded("PNG", exif=exif(orientation=6).tobytes())))
    assert Image.open(io.BytesIO(out)).size == (180, 240)
    assert Tag.Orientation not in Image.open(io.BytesIO(out)).getexif()


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_file_without_metadata_is_silent(fmt: str) -> None:
    assert is_silent(io.BytesIO(encoded(fmt, exif=b"") if fmt not in ("GIF", "BMP") else _plain(fmt)))


def _plain(fmt: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels()).save(buffer, fmt)
    return buffer.getvalue()


@pytest.mark.parametrize("options", [{"xmp": XMP}, {"exif": exif().tobytes()}])
def test_xmp_alone_is_enough_not_to_be_silent(options: dict[str, Any]) -> None:
    assert not is_silent(io.BytesIO(encoded("WEBP", **({"exif": b""} | options))))


def test_a_tiff_of_several_pictures_is_not_silent() -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels()).save(buffer, "TIFF", save_all=True, append_images=[Image.fromarray(pixels())])
    assert not is_silent(buffer)


@pytest.mark.parametrize("marker", [0xDF, 0xEF, 0xF0, 0xFD])
def test_segments_that_no_decoder_needs_are_left_out(marker: int) -> None:
    assert_placeless(handed_on(with_segments(segment(marker, b"Moscow"))))


@pytest.mark.filterwarnings("ignore")  # of Pillow, for each
def test_damage_to_a_header_never_ends_in_an_error() -> None:
    chance, data = random.Random(5), with_segments(segment(0xE1, XMP), segment(0xED, IPTC))
    header = data.index(b"\xff\xda")
    for _ in range(3000):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(2, header)] = chance.randrange(256)
        with suppress(RefusedFile):
            assert handed_on(bytes(damaged)).endswith(b"\xff\xd9")
