"""How pictures are made ready for CLIP. That it is open_clip's way is compared where open_clip is: make test-clip."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from media_index.engines.clip_pictures import PictureForm, prepared

FORM = PictureForm(
    size=(32, 32), resize="shortest", interpolation="bicubic", mean=(0.5, 0.4, 0.3), std=(0.5, 0.2, 0.1), fill=255
)
ROW = np.repeat([[255, 0, 0], [0, 255, 0], [0, 0, 255]], 32, axis=0).astype(np.uint8)
WIDE = np.repeat(ROW[None], 32, axis=0)  # red, green and blue squares side by side


def raw(pixels: NDArray[np.uint8], **changes: object) -> NDArray[np.float32]:
    """What the model gets, with channels last and nothing subtracted."""
    form = replace(FORM, mean=(0, 0, 0), std=(1, 1, 1), **changes)  # type: ignore[arg-type]
    return prepared(pixels, form).transpose(1, 2, 0)


def test_channels_come_first_and_are_normalised() -> None:
    made = prepared(np.full((32, 32, 3), 255, np.uint8), FORM)
    assert made.shape == (3, 32, 32)
    assert made.dtype == np.float32
    assert made[:, 0, 0] == pytest.approx([1, 3, 7])


@pytest.mark.parametrize("pixels", [WIDE, WIDE.transpose(1, 0, 2)], ids=["wide", "tall"])
def test_of_the_longer_side_the_middle_is_kept(pixels: NDArray[np.uint8]) -> None:
    made = raw(pixels)
    assert np.array_equal(made, np.broadcast_to([0, 1, 0], (32, 32, 3)))


def test_the_short_side_decides_the_size() -> None:
    assert raw(np.repeat(np.repeat(WIDE, 3, axis=0), 3, axis=1))[16, 16] == pytest.approx([0, 1, 0])
    assert raw(WIDE[:8, 44:52]) == pytest.approx(np.broadcast_to([0, 1, 0], (32, 32, 3)))


def test_squashed_pictures_keep_everything() -> None:
    made = raw(WIDE, resize="squash")
    assert made.shape == (32, 32, 3)
    assert made[16, [2, 16, 30]] == pytest.approx(np.eye(3), abs=1e-6)


def test_with_the_longest_side_the_rest_is_filled() -> None:
    made = raw(WIDE, resize="longest")
    assert made[16, [2, 16, 30]] == pytest.approx(np.eye(3), abs=1e-6)
    assert (made[:10] == 1).all()
    assert (made[-10:] == 1).all()
    assert not (made[12] == 1).all()


def test_an_oblong_input_is_filled_by_the_picture() -> None:
    made = raw(WIDE, size=(16, 32))
    assert made.shape == (16, 32, 3)
    assert made[:, 11:21] == pytest.approx(np.broadcast_to([0, 1, 0], (16, 10, 3)), abs=1e-2)


def test_one_pixel_is_enough() -> None:
    assert raw(np.full((1, 1, 3), 51, np.uint8)) == pytest.approx(0.2)
