"""Watermarks: where they lie, how large they are, and that they can be read."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from faces.watermark import CORNERS, watermarked

LOGO = np.full((50, 100, 4), (200, 0, 0, 255), np.uint8)


def photo(width: int = 1600, height: int = 1067, shade: int = 128) -> NDArray[np.uint8]:
    return np.full((height, width, 3), shade, np.uint8)


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows and columns of the pixels that are not as they were."""
    rows, columns = np.nonzero((before != after).any(axis=2))
    return rows, columns


def drawn(pixels: NDArray[np.uint8], **options: object) -> NDArray[np.uint8]:
    settings: dict[str, object] = {"text": "Фото: Щукина", "logo": None, "corner": "bottom_right", "opacity": 0.6}
    return watermarked(pixels, **settings | options)  # type: ignore[arg-type]


def test_nothing_to_draw_leaves_the_photo_alone() -> None:
    pixels = photo()
    assert drawn(pixels, text=" ") is pixels


@pytest.mark.parametrize("size", [(512, 341), (1600, 1067), (341, 512), (60, 40), (2000, 20), (1, 1)])
@pytest.mark.parametrize("corner", CORNERS)
def test_it_can_be_drawn_on_a_photo_of_any_shape(corner: str, size: tuple[int, int]) -> None:
    pixels = photo(*size)
    out = drawn(pixels, logo=LOGO, corner=corner)
    assert out.shape == pixels.shape
    assert out.dtype == np.uint8
    assert pixels.min() == 128, "the photo itself stays as it is"


@pytest.mark.parametrize("what", [{"text": "© Gala"}, {"text": "", "logo": LOGO}, {"text": "© Gala", "logo": LOGO}])
@pytest.mark.parametrize(
    ("corner", "across", "down"),
    [
        ("bottom_right", 0.8, 0.9),
        ("bottom_left", 0.2, 0.9),
        ("top_right", 0.8, 0.1),
        ("top_left", 0.2, 0.1),
        ("centre", 0.5, 0.5),
    ],
)
def test_it_lies_where_it_is_wanted(corner: str, across: float, down: float, what: dict[str, object]) -> None:
    pixels = photo()
    rows, columns = changed(pixels, drawn(pixels, corner=corner, **what))
    assert rows.mean() / 1067 == pytest.approx(down, abs=0.08)
    assert columns.mean() / 1600 == pytest.approx(across, abs=0.12)


def test_it_is_all_over_when_tiled() -> None:
    pixels = photo()
    rows, columns = changed(pixels, drawn(pixels, corner="tiled"))
    parts = {(row * 3 // 1067, column * 4 // 1600) for row, column in zip(rows, columns, strict=True)}
    assert len(parts) == 12


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("width", [512, 1600])
def test_it_stands_out_from_light_and_dark(width: int, shade: int) -> None:
    out = drawn(photo(width, width * 2 // 3, shade))
    assert int(out.max()) - int(out.min()) > 90


def test_it_is_of_the_same_size_in_proportion() -> None:
    heights = []
    for width in (800, 1600, 3200):
        pixels = photo(width, width * 2 // 3)
        rows, _ = changed(pixels, drawn(pixels))
        heights.append((rows.max() - rows.min()) / width)
    assert max(heights) / min(heights) < 1.15


def test_letters_of_a_small_preview_are_no_smaller_than_can_be_read() -> None:
    pixels = photo(512, 341)
    rows, _ = changed(pixels, drawn(pixels, opacity=1.0))
    assert rows.max() - rows.min() > 14


def test_a_long_text_stays_inside() -> None:
    pixels = photo(512, 341)
    rows, columns = changed(pixels, drawn(pixels, text="Городской фестиваль уличной еды и музыки " + "щ" * 19))
    assert (columns.min() > 3, columns.max() < 508, rows.max() < 338) == (True, True, True)
    assert rows.max() - rows.min() > 26, "on two lines"


def test_a_long_word_gets_smaller_letters() -> None:
    pixels = photo(512, 341)
    _, columns = changed(pixels, drawn(pixels, text="щ" * 60))
    assert (columns.min() > 3, columns.max() < 508) == (True, True)


@pytest.mark.parametrize(("one", "other"), [("Ж", "Щ"), ("ё", "э"), ("Ї", "Ў"), ("A", "B"), ("ß", "é")])
def test_its_letters_are_no_blanks(one: str, other: str) -> None:
    assert (drawn(photo(), text=one) != drawn(photo(), text=other)).any()


def test_opacity_steers_how_much_shows_through() -> None:
    pixels = photo()
    strength = [np.abs(drawn(pixels, opacity=o).astype(int) - 128).sum() for o in (0.1, 0.5, 1.0)]
    assert strength[0] < strength[1] / 3 < strength[2] / 3
    full = drawn(pixels, text="", logo=LOGO, corner="centre", opacity=1.0)
    assert full[533, 800].tolist() == [200, 0, 0]


def test_a_logo_keeps_its_shape_and_its_transparent_parts() -> None:
    logo = LOGO.copy()
    logo[:, :50, 3] = 0
    pixels = photo()
    red = drawn(pixels, text="", logo=logo, corner="centre", opacity=1.0)[:, :, 0] == 200
    rows, columns = np.nonzero(red)
    assert (np.ptp(columns) + 1) / (np.ptp(rows) + 1) == pytest.approx(1.0, abs=0.05)
