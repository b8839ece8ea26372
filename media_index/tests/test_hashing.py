"""Hashes are those of the imagehash library; flat pictures are told; sharpness does not depend on the size."""

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from media_index.hashing import Hashes, bits, distance, hashes_of, neighbours, sharpness
from media_index.models.vectors import BANDS
from media_index.tests.scenes import Pixels, lit, noise, portraits, resized, saved, scene

NUMBERS = st.integers(0, 2**64 - 1)


def assert_as_the_library_has_it(pixels: Pixels) -> None:
    image, hashes = Image.fromarray(pixels), hashes_of(pixels)
    assert f"{hashes.phash:016x}" == str(imagehash.phash(image))
    assert f"{hashes.dhash:016x}" == str(imagehash.dhash(image))
    assert f"{hashes.ahash:016x}" == str(imagehash.average_hash(image))


@pytest.mark.assets
def test_real_portraits_have_the_hashes_of_the_library() -> None:
    for pixels in portraits(40):
        assert_as_the_library_has_it(pixels)


@pytest.mark.parametrize("size", [(480, 320), (320, 480), (33, 31), (8, 8), (1, 1), (3000, 20)])
def test_pictures_of_any_size_have_the_hashes_of_the_library(size: tuple[int, int]) -> None:
    for number in range(2):
        assert_as_the_library_has_it(scene(number, width=size[0], height=size[1]))


@pytest.mark.parametrize("level", [0, 12, 128, 255])
def test_flat_pictures_have_the_hashes_of_the_library(level: int) -> None:
    assert_as_the_library_has_it(noise(level))
    assert_as_the_library_has_it(np.full((50, 70, 3), level, np.uint8))


@pytest.mark.parametrize("level", [0, 5, 12, 128, 250, 255])
def test_a_frame_of_noise_is_flat(level: int) -> None:
    assert hashes_of(noise(level)).is_flat


@pytest.mark.parametrize("rise", [8, 120])
def test_a_gradient_is_flat(rise: int) -> None:
    across = np.linspace(0, rise, 480)[None, :, None]
    down = np.linspace(0, rise / 2, 320)[:, None, None]
    assert hashes_of((noise(40) + across + down).astype(np.uint8)).is_flat


def test_a_scene_is_not_flat() -> None:
    assert not hashes_of(scene(1)).is_flat


def test_a_scene_at_dusk_is_not_flat() -> None:
    assert not hashes_of(lit(scene(1), 0.4)).is_flat


def test_saving_again_moves_few_bits() -> None:
    moved = [_distance(hashes_of(scene(n)), hashes_of(saved(scene(n), quality=60))) for n in range(10)]
    assert max(moved) <= 7


def test_different_pictures_differ_in_many_bits() -> None:
    hashes = [hashes_of(scene(number)) for number in range(20)]
    assert min(_distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > 7


@given(NUMBERS, NUMBERS)
def test_the_distance_is_the_number_of_places_where_the_bits_differ(a: int, b: int) -> None:
    assert distance(a, b) == sum(x != y for x, y in zip(bits(a), bits(b), strict=True))


@given(NUMBERS)
def test_the_bits_are_written_in_full_with_the_highest_first(value: int) -> None:
    assert len(bits(value)) == 64
    assert int(bits(value), 2) == value


@given(NUMBERS, st.sets(st.integers(0, 63), max_size=7))
def test_two_hashes_within_7_bits_are_neighbours_in_one_of_the_bands(value: int, flipped: set[int]) -> None:
    other = value
    for bit in flipped:
        other ^= 1 << bit
    assert any(
        band.of(other) in neighbours(band.of(value), length=band.stop - band.start, differing=band.differing)
        for band in BANDS
    )


def test_the_bands_are_all_bits() -> None:
    assert [bit for band in BANDS for bit in range(band.start, band.stop)] == list(range(64))


@pytest.mark.parametrize(("differing", "count"), [(0, 1), (1, 17), (2, 137)])
def test_neighbours_differ_in_so_many_bits_at_most(differing: int, count: int) -> None:
    found = neighbours(0xA5C3, length=16, differing=differing)
    assert found[0] == 0xA5C3
    assert len(set(found)) == count
    assert all(0 <= value < 2**16 and (value ^ 0xA5C3).bit_count() <= differing for value in found)


def test_a_blurred_picture_is_less_sharp() -> None:
    image = Image.fromarray(scene(1))
    assert sharpness(np.asarray(image.filter(ImageFilter.GaussianBlur(3)))) < sharpness(scene(1)) / 2


def test_sharpness_hardly_depends_on_the_size() -> None:
    large = scene(1, width=1200, height=800)
    assert sharpness(resized(large, 0.5)) == pytest.approx(sharpness(large), rel=0.25)


def test_a_picture_of_one_pixel_has_no_sharpness() -> None:
    assert sharpness(np.zeros((1, 1, 3), np.uint8)) == 0


def _distance(a: Hashes, b: Hashes) -> int:
    return distance(a.phash, b.phash)
