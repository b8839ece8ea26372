"""Duplicates are decided by hash, embedding and pixels together."""

from typing import Any

import pytest

from media_index.engines.base import Scale
from media_index.likeness import is_candidate, is_duplicate

SCALE = Scale(similar=0.3, slope=15.0, category=0.25, duplicate=0.2)
FACTS: dict[str, Any] = {"distance_bits": 4, "embedding_distance": 0.1, "is_flat": False, "scale": SCALE}


def test_a_picture_that_agrees_in_everything_is_a_duplicate() -> None:
    assert is_duplicate(overlap=0.9, **FACTS)


def test_a_crop_with_another_hash_is_a_duplicate() -> None:
    assert is_duplicate(overlap=0.9, **(FACTS | {"distance_bits": 20}))


@pytest.mark.parametrize("embedding_distance", [0.0, 0.1])
def test_a_picture_that_does_not_lie_upon_the_other_is_none(embedding_distance: float) -> None:
    assert not is_duplicate(overlap=0.3, **(FACTS | {"distance_bits": 0, "embedding_distance": embedding_distance}))


def test_flat_pictures_are_none_however_alike() -> None:
    assert not is_duplicate(overlap=1.0, **(FACTS | {"is_flat": True, "distance_bits": 0}))


def test_a_far_embedding_is_none_although_the_hashes_agree() -> None:
    assert not is_candidate(**(FACTS | {"embedding_distance": 0.5}))


def test_a_copy_without_colours_is_a_candidate_by_its_hash_alone() -> None:
    lost_its_colours = FACTS | {"embedding_distance": 0.4}
    assert is_candidate(**lost_its_colours)
    assert not is_candidate(**(lost_its_colours | {"distance_bits": 8}))
