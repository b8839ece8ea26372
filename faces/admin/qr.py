"""QR codes of links, as pictures."""

import io

import segno

_ERROR_CORRECTION = "m"  # 15 % may be dirty or torn; more would make the squares smaller
_QUIET = 4  # empty squares around it, which cameras need
_LEAST_PX = 1200


def qr_png(link: str) -> bytes:
    """A PNG of at least 1200 pixels, black on white, with its quiet zone."""
    code, buffer = _code(link), io.BytesIO()
    code.save(buffer, kind="png", scale=-(-_LEAST_PX // code.symbol_size(border=_QUIET)[0]), border=_QUIET)
    return buffer.getvalue()


def qr_svg(link: str) -> bytes:
    """An SVG file, black on white, with its quiet zone."""
    buffer = io.BytesIO()
    _code(link).save(buffer, kind="svg", scale=10, border=_QUIET, dark="#000", light="#fff")
    return buffer.getvalue()


def qr_inline(link: str) -> str:
    """An SVG element of any size without a quiet zone, for a page that has room around it."""
    return str(_code(link).svg_inline(border=0, omitsize=True, dark="#000", svgclass=None, lineclass=None))


def _code(link: str) -> segno.QRCode:
    return segno.make_qr(link, error=_ERROR_CORRECTION)
