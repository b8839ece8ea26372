"""The groups of duplicates that wait for people, the best image of each first."""

from typing import Any

import pytest

from media_index.models import DuplicatePair, Image, Source, SourceFile
from media_index.services import duplicate_groups
from media_index.services.duplicate_groups import best_first, copies, groups_open
from media_index.tests.indexed import bare, numbers, paired, seen

pytestmark = pytest.mark.django_db


def measured(*rows: tuple[int, float | None]) -> list[Image]:
    """Images of that width, half as high, and of that sharpness."""
    images = [bare() for _ in rows]
    for image, (width, sharpness) in zip(images, rows, strict=True):
        image.width, image.height, image.sharpness = width, width // 2, sharpness
    return images


def test_they_come_in_the_order_of_their_numbers_a_page_at_a_time() -> None:
    groups = []
    for _ in range(3):
        images = [bare(), bare()]
        paired(*images)
        groups.append(images)
    first, second = groups_open(limit=2)
    assert [first.number, second.number] == [groups[0][0].pk, groups[1][0].pk]
    (third,) = groups_open(after=second.number, limit=2)
    assert numbers(third.images) == numbers(groups[2])
    assert [(pair.first, pair.second) for pair in third.pairs] == [tuple(groups[2])]


def test_decided_ones_are_not_among_them() -> None:
    paired(bare(), bare(), state="dismissed")
    assert not groups_open(limit=10)


def test_a_page_takes_few_queries(django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        paired(bare(), bare(), bare())
    with django_assert_max_num_queries(5):
        assert len(groups_open(limit=20)) == 20


def test_the_best_has_most_pixels_then_is_sharpest_then_largest_then_oldest() -> None:
    rows = [(9, 1.0, 5), (10, 1.0, 5), (10, 2.0, 5), (10, 2.0, 6), (10, 2.0, 6)]
    images = [bare() for _ in rows]
    for image, (width, sharpness, size) in zip(images, rows, strict=True):
        image.width, image.sharpness, image.bytes = width, sharpness, size
    assert best_first(images) == [images[3], images[4], images[2], images[1], images[0]]


def test_an_image_that_was_not_indexed_yet_is_the_least_sharp() -> None:
    dull, sharp = bare(), bare()
    sharp.sharpness = 1.0
    assert best_first([dull, sharp]) == [sharp, dull]


def test_exact_copies_are_images_in_several_files_that_are_there() -> None:
    source = Source.objects.create(location="/archive")
    one, two, left = bare(), bare(), bare()
    states = [(one, "indexed"), (two, "indexed"), (two, "indexed"), (left, "indexed"), (left, "gone")]
    for number, (image, state) in enumerate(states):
        SourceFile.objects.create(
            source=source, path=b"", path_digest=bytes([number]), name="", size=1, changed_ns=1, seen_in=1,
            image=image, state=state,
        )  # fmt: skip
    (copy,) = copies(limit=10)
    assert copy == two
    assert len(copy.files.all()) == 2
    assert not copies(after=two.pk, limit=10)


def test_an_enlarged_copy_is_not_better_than_what_it_was_made_from() -> None:
    enlarged, original = measured((4000, 50.0), (3000, 100.0))
    assert best_first([enlarged, original]) == [original, enlarged]


def test_a_little_less_sharpness_does_not_outweigh_pixels() -> None:
    original, resaved = measured((3000, 80.0), (2900, 100.0))
    assert best_first([original, resaved]) == [original, resaved]


def test_a_small_sharp_copy_is_not_better_than_a_large_soft_original() -> None:
    original, bright, icon = measured((4000, 40.0), (500, 100.0), (100, 900.0))
    assert best_first([icon, bright, original]) == [original, bright, icon]


def test_an_icon_says_nothing_of_how_sharp_others_could_be() -> None:
    soft, sharp, icon = measured((3000, 90.0), (2900, 100.0), (100, 900.0))
    assert best_first([icon, sharp, soft]) == [soft, sharp, icon]


def test_a_large_group_is_read_as_far_as_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_groups, "IMAGES_READ", 3)
    monkeypatch.setattr(duplicate_groups, "PAIRS_READ", 1)
    images = [bare() for _ in range(6)]
    paired(*images)
    (group,) = groups_open(limit=9)
    assert (numbers(group.images), group.images_more) == (numbers(images[:3]), 3)
    assert ([pair.second_id for pair in group.pairs], group.pairs_more) == ([images[1].pk], 4)
    assert group.revision == seen(*images)


def test_other_images_make_another_revision() -> None:
    images = [bare(), bare()]
    paired(*images)
    (before,) = groups_open(limit=9)
    DuplicatePair.objects.create(first=images[1], second=bare(), distance=1, similarity=0.9, group=before.number)
    (after,) = groups_open(limit=9)
    assert before.revision != after.revision
