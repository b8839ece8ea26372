"""What a file says besides its pixels, taken off where it may tell a place; the pixels of a JPEG stay as they are.

Cameras write coordinates into EXIF, editors into XMP and IPTC, phones into blocks of their own and behind the picture.
So of a JPEG only the parts stay that are known to hold none.
"""

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, BinaryIO, Literal

from PIL import ExifTags, Image, UnidentifiedImageError

from photofinder.errors import RefusedFile
from photofinder.images import DECODE_ERRORS, Picture, jpeg

Order = Literal["little", "big"]
_CHUNK_BYTES = 256 * 1024
_MOST_SEGMENTS = 2000  # a camera writes twenty, a colour profile in pieces 255
_LONGEST_SEGMENT = 0xFFFF - 2
_JPEG_QUALITY = 92
_BEGIN, _END, _SCAN, _EXIF, _ICC = b"\xff\xd8", 0xD9, 0xDA, 0xE1, 0xE2
# Inside a scan FF 00 is a pixel's byte and FF D0 - FF D7 restart the decoder; everything else begins a segment.
_MARKER = re.compile(rb"\xff[\x01\xc0-\xcf\xd8-\xfe]")
_WITHOUT_LENGTH = (0x01, 0xD8)
# Segments that decoders need: frames, tables, scans and their restarts.
_DECODED = {*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDC, 0xDD}
# How the segments of applications begin that describe pixels.
_PLAIN = {0xE0: b"JFIF\0", _ICC: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_EXIF_BEGINS = b"Exif\0\0"
Tag = ExifTags.Base
# Of EXIF: what points to or wraps other metadata, and what describes how pixels were stored before.
_DROPPED = {
    *(Tag.GPSInfo, Tag.MakerNote, Tag.XMLPacket, Tag.IPTCNAA, Tag.ImageResources, Tag.SubIFDs, Tag.ExifOffset),
    *(Tag.ExifInteroperabilityOffset, Tag.JpegIFOffset, Tag.JpegIFByteCount, Tag.JPEGTables, Tag.InterColorProfile),
    *(Tag.ImageWidth, Tag.ImageLength, Tag.BitsPerSample, Tag.Compression, Tag.PhotometricInterpretation),
    *(Tag.StripOffsets, Tag.StripByteCounts, Tag.RowsPerStrip, Tag.SamplesPerPixel, Tag.PlanarConfiguration),
    *(Tag.TileWidth, Tag.TileLength, Tag.TileOffsets, Tag.TileByteCounts, Tag.ExtraSamples, Tag.SampleFormat),
    *(Tag.DNGPrivateData, Tag.OriginalRawFileData, Tag.Predictor, Tag.ColorMap),
}
_STAYING = set(Tag) - _DROPPED
_TELLING = {
    *(Tag.GPSInfo, Tag.ExifOffset, Tag.MakerNote, Tag.XMLPacket, Tag.IPTCNAA, Tag.ImageResources, Tag.SubIFDs),
    *(Tag.DNGPrivateData, Tag.OriginalRawFileData),
}
# Of EXIF in which something is damaged only these stay, where they are what they should be.
_TIMES = {Tag.DateTime, Tag.DateTimeOriginal, Tag.DateTimeDigitized}
_TIME = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")
_LONGEST_LIST = 16  # of bytes or numbers in one tag: what says of time, camera and exposure is shorter
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# How many bytes a value of each type has, and which tags point to a directory of further tags.
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_DIRECTORIES = (Tag.ExifOffset, Tag.GPSInfo, Tag.ExifInteroperabilityOffset)
_OF_STORED_PIXELS = {Tag.Orientation, Tag.ExifImageWidth, Tag.ExifImageHeight}
# How metadata looks in files of other formats: the names of its chunks, and what XMP and Photoshop write into them.
_SIGNS = (b"Exif", b"EXIF", b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"XMP ", b"xpacket", b"rdf+xml", b"x:xmpmeta", b"8BIM")
# What Pillow raises, besides, when EXIF holds values of other types than its tags have.
_EXIF_ERRORS = (*DECODE_ERRORS, AttributeError, AssertionError)
_LONGEST_SIGN = max(len(sign) for sign in _SIGNS)


def without_place(stream: BinaryIO) -> Iterator[bytes]:
    """The JPEG in the seekable `stream` without anything that may tell a place, a chunk at a time.

    Pixels, colour profile and what EXIF says of time, camera and orientation stay; broken EXIF goes as a whole, and so
    does what follows the picture. Raises RefusedFile `damaged` before the first chunk where there is no picture.
    """
    stream.seek(0)
    if stream.read(2) != _BEGIN:
        raise RefusedFile("damaged", "This is no JPEG.")
    header, is_in_scan = [_BEGIN], False
    for _number in range(_MOST_SEGMENTS):
        for data in _until_marker(stream):
            if is_in_scan:
                yield data
        segment = _next_segment(stream)
        if segment is None:
            break
        marker, payload = segment
        kept = _kept(marker, payload)
        if header:
            header.append(kept)
            if marker == _SCAN:
                yield b"".join(header)
                header = []
        elif kept:
            yield kept
        is_in_scan = marker == _SCAN
    if header:
        raise RefusedFile("damaged", "The file has no picture.")
    yield bytes((0xFF, _END))


def is_silent(stream: BinaryIO) -> bool:
    """Whether the file of another format in the seekable `stream` says nothing besides its pixels."""
    return not _has_signs(stream) and not _has_tags(stream)


def silent_jpeg(picture: Picture) -> bytes:
    """The picture as a JPEG of quality 92, upright, with its time and camera and without its place."""
    return jpeg(picture.pixels(), quality=_JPEG_QUALITY, profile=picture.profile(), exif=placeless_exif(picture))


def placeless_exif(picture: Picture) -> bytes:
    """What a copy with the picture's upright pixels may say of it in EXIF; empty when there is nothing."""
    return _written(picture.exif(), block=picture.exif_block(), dropped=_OF_STORED_PIXELS)


def _until_marker(stream: BinaryIO) -> Iterator[bytes]:
    """What lies before the next marker, or before the end; the stream is left at the marker."""
    while chunk := stream.read(_CHUNK_BYTES):
        if found := _MARKER.search(chunk):
            stream.seek(found.start() - len(chunk), io.SEEK_CUR)
            if found.start():
                yield chunk[: found.start()]
            return
        if chunk[-1] == 0xFF and len(chunk) > 1:  # a marker may lie across two chunks
            stream.seek(-1, io.SEEK_CUR)
            chunk = chunk[:-1]
        yield chunk


def _next_segment(stream: BinaryIO) -> tuple[int, bytes] | None:
    """The marker that the stream is at, with its content; None at the end of the picture or of the file."""
    while head := stream.read(2):
        marker = head[-1]
        if len(head) < 2 or marker == _END:
            return None
        if marker in _WITHOUT_LENGTH:
            return marker, b""
        length = int.from_bytes(stream.read(2)) - 2
        if length < 0:  # no segment: what follows is looked through for the next one
            return marker, b""
        payload = stream.read(length)
        return (marker, payload) if len(payload) == length else None
    return None


def _kept(marker: int, payload: bytes) -> bytes:
    """The segment as it is handed on, empty when it is not."""
    if marker == _EXIF:
        payload = _clean(payload)
    elif marker not in _DECODED and not _is_plain(marker, payload):
        return b""
    if not payload:
        return b""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload


def _is_plain(marker: int, payload: bytes) -> bool:
    return marker in _PLAIN and payload.startswith(_PLAIN[marker])


def _clean(payload: bytes) -> bytes:
    """An APP1 segment without its place; empty when it is no EXIF, or none that can be read."""
    if not payload.startswith(_EXIF_BEGINS):
        return b""
    exif = Image.Exif()
    try:
        exif.load(payload)
    except _EXIF_ERRORS:
        return b""
    return _written(exif, block=payload)


def _written(exif: Image.Exif, *, block: bytes, dropped: set[Tag] | None = None) -> bytes:
    """The tags that may stay, less `dropped`, as the content of an EXIF segment; `block` is what they were read from.

    A damaged directory may make a text of the bytes that tell the place: of such EXIF only the time and how the
    picture is turned stay.
    """
    staying = _STAYING - (dropped or set())
    try:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        parts = [{tag: value for tag, value in part.items() if tag in staying} for part in (exif, details)]
        is_sound = (not block or _is_sound(block)) and all(map(_is_readable, parts))
        tags, details = map(_short if is_sound else _certain, parts)
        kept = Image.Exif()
        kept.update(tags)
        if details:
            kept[ExifTags.IFD.Exif] = details
        content = kept.tobytes() if kept else b""
    except _EXIF_ERRORS:
        return b""
    return content if len(content) <= _LONGEST_SEGMENT else b""


def _short(tags: dict[int, Any]) -> dict[int, Any]:
    """Without long lists of bytes or numbers, which may be anything."""
    is_list = {tag: not isinstance(value, str) and hasattr(value, "__len__") for tag, value in tags.items()}
    return {tag: _bytes(value) for tag, value in tags.items() if not is_list[tag] or len(value) <= _LONGEST_LIST}


def _certain(tags: dict[int, Any]) -> dict[int, Any]:
    """Only the times, and how the picture is turned."""
    times = {tag: value for tag, value in tags.items() if tag in _TIMES and _TIME.fullmatch(str(value))}
    turn = tags.get(Tag.Orientation)
    return times | ({int(Tag.Orientation): turn} if turn in range(1, 9) else {})


def _is_readable(tags: dict[int, Any]) -> bool:
    """Whether every text is one; of a copyright there are two, with a zero between them."""
    texts = {tag: value.rstrip("\0") for tag, value in tags.items() if isinstance(value, str)}
    texts[Tag.Copyright] = texts.get(Tag.Copyright, "").replace("\0", "", 1)
    return not any(map(_UNPRINTABLE.search, texts.values()))


def _is_sound(block: bytes) -> bool:
    """Whether the directories and values of an EXIF block all lie within it, and no two of them in the same bytes."""
    data = block.removeprefix(_EXIF_BEGINS)
    order: Order = "little" if data.startswith(b"II") else "big"
    spans, waiting = [(0, 8)], [int.from_bytes(data[4:8], order)]
    while waiting and len(spans) < _MOST_SEGMENTS:
        start = waiting.pop()
        end = start + 2 + 12 * int.from_bytes(data[start : start + 2], order)
        values: set[tuple[int, int]] = set()  # two tags of one directory may share a value
        for at in range(start + 2, min(end, len(data)), 12):
            tag, length, value = _entry(data[at : at + 12], order)
            if length > 4:
                values.add((value, value + length))
            elif tag in _DIRECTORIES:
                waiting.append(value)
        spans += [(start, end), *values]
    spans.sort()
    return spans[-1][1] <= len(data) and all(before[1] <= after[0] for before, after in pairwise(spans))


def _entry(data: bytes, order: Order) -> tuple[int, int, int]:
    """The tag of a directory's entry, how many bytes its value has, and the value, or where that is."""
    tag, kind, count, value = (
        int.from_bytes(data[start:end], order) for start, end in ((0, 2), (2, 4), (4, 8), (8, 12))
    )
    return tag, _TYPE_BYTES.get(kind, _LONGEST_SEGMENT) * count, value


def _bytes(value: object) -> object:
    """Pillow reads a text as Latin-1 and writes ASCII: texts in other letters are handed on as the bytes they were."""
    return value.encode("latin-1") if isinstance(value, str) and not value.isascii() else value


def _has_signs(stream: BinaryIO) -> bool:
    stream.seek(0)
    before = b""
    while chunk := stream.read(_CHUNK_BYTES):
        window = before + chunk
        if any(sign in window for sign in _SIGNS):
            return True
        before = window[-_LONGEST_SIGN:]
    return False


def _has_tags(stream: BinaryIO) -> bool:
    """Whether the tags of a TIFF, which describe pixels too, hold or point to anything else, or another picture."""
    stream.seek(0)
    try:
        with Image.open(stream, formats=["TIFF"]) as image:
            tags = set(image.getexif())
            return not tags.isdisjoint(_TELLING) or getattr(image, "n_frames", 1) > 1
    except UnidentifiedImageError:
        return False
    except DECODE_ERRORS:
        return True
