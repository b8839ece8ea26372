"""People decide groups of duplicates, singly and many at once, and take it back."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from media_index.models import DuplicatePair, Image, Source, SourceFile, Tag
from media_index.services import duplicate_decisions
from media_index.services.duplicate_decisions import (
    best_first,
    copies,
    group_dismiss,
    group_get,
    group_resolve,
    group_undo,
    groups_open,
    groups_resolve,
)
from media_index.tests.indexed import bare, numbers, paired
from photofinder.errors import Problem

pytestmark = pytest.mark.django_db
State = DuplicatePair.State


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The images whose words are to follow."""
    messages: list[list[int]] = []
    monkeypatch.setattr(duplicate_decisions, "enqueue", lambda path, ids: messages.append(list(ids)))
    return messages


@pytest.fixture
def moderator() -> User:
    return User.objects.create(username="moderator")


@pytest.fixture
def group() -> list[Image]:
    images = [bare() for _ in range(3)]
    paired(*images)
    return images


def fresh(image: Image) -> Image:
    return Image.objects.get(pk=image.pk)


def tagged(image: Image, *names: str, rating: int = 0) -> None:
    image.tags.add(*[Tag.objects.get_or_create(name=name)[0] for name in names])
    Image.objects.filter(pk=image.pk).update(rating=rating)


def tags(image: Image) -> set[str]:
    return set(fresh(image).tags.values_list("name", flat=True))


def shown() -> set[int]:
    return set(Image.objects.shown().values_list("pk", flat=True))


class TestReading:
    """The groups that wait."""

    def test_they_come_in_the_order_of_their_numbers_a_page_at_a_time(self) -> None:
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

    def test_decided_ones_are_not_among_them(self, group: list[Image]) -> None:
        group_dismiss(number=group[0].pk, actor=None)
        assert not groups_open(limit=10)
        with pytest.raises(Problem, match="decided this group meanwhile"):
            group_get(number=group[0].pk)

    def test_a_page_takes_few_queries(self, django_assert_max_num_queries: Any) -> None:
        for _ in range(20):
            paired(bare(), bare(), bare())
        with django_assert_max_num_queries(2):
            assert len(groups_open(limit=20)) == 20

    def test_the_best_has_most_pixels_then_is_sharpest_then_largest_then_oldest(self) -> None:
        rows = [(9, 1.0, 5), (10, 1.0, 5), (10, 2.0, 5), (10, 2.0, 6), (10, 2.0, 6)]
        images = [bare() for _ in rows]
        for image, (width, sharpness, size) in zip(images, rows, strict=True):
            image.width, image.sharpness, image.bytes = width, sharpness, size
        assert best_first(images) == [images[3], images[4], images[2], images[1], images[0]]

    def test_an_image_that_was_not_indexed_yet_is_the_least_sharp(self) -> None:
        dull, sharp = bare(), bare()
        sharp.sharpness = 1.0
        assert best_first([dull, sharp]) == [sharp, dull]

    def test_exact_copies_are_images_in_several_files_that_are_there(self) -> None:
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


class TestKeeping:
    """One image of a group is kept."""

    def test_the_index_shows_it_instead_of_the_others(self, group: list[Image], moderator: User) -> None:
        group_resolve(number=group[0].pk, keep=group[1], actor=moderator)
        assert shown() == {group[1].pk}
        assert [fresh(image).superseded_by for image in group] == [group[1], None, group[1]]
        pair = DuplicatePair.objects.first()
        assert pair is not None
        assert (pair.state, pair.decided_by) == (State.RESOLVED, moderator)
        assert pair.decided_at

    def test_it_gets_tags_and_the_best_rating_and_new_words(self, group: list[Image], sent: list[list[int]]) -> None:
        tagged(group[0], "sea", rating=2)
        tagged(group[1], "sea", "boat", rating=4)
        group_resolve(number=group[0].pk, keep=group[0], actor=None)
        assert tags(group[0]) == {"sea", "boat"}
        assert fresh(group[0]).rating == 4
        assert sent == [[group[0].pk]]

    def test_who_was_hidden_behind_one_of_the_others_is_hidden_behind_it(self, group: list[Image]) -> None:
        old = bare()
        Image.objects.filter(pk=old.pk).update(superseded_by=group[1])
        group_resolve(number=group[0].pk, keep=group[0], actor=None)
        assert fresh(old).superseded_by == group[0]
        group_undo(number=group[0].pk, actor=None)
        assert fresh(old).superseded_by == group[1]

    def test_undo_brings_everything_back(self, group: list[Image], moderator: User) -> None:
        tagged(group[0], "sea", rating=2)
        tagged(group[1], "boat", rating=4)
        group_resolve(number=group[0].pk, keep=group[0], actor=moderator)
        decision = group_undo(number=group[0].pk, actor=moderator)
        assert shown() == set(numbers(group))
        assert (tags(group[0]), fresh(group[0]).rating) == ({"sea"}, 2)
        assert [open_group.number for open_group in groups_open(limit=9)] == [group[0].pk]
        assert decision.undone_by == moderator
        assert not DuplicatePair.objects.exclude(decided_by=None)

    def test_undo_leaves_a_rating_that_was_changed_since(self, group: list[Image]) -> None:
        tagged(group[1], rating=4)
        group_resolve(number=group[0].pk, keep=group[0], actor=None)
        Image.objects.filter(pk=group[0].pk).update(rating=1)
        group_undo(number=group[0].pk, actor=None)
        assert fresh(group[0]).rating == 1

    def test_undo_waits_for_a_later_decision_that_builds_on_it(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, keep=group[1], actor=None)
        newer = bare()
        paired(group[1], newer)
        group_resolve(number=group[1].pk, keep=newer, actor=None)
        with pytest.raises(Problem, match="undo that first"):
            group_undo(number=group[0].pk, actor=None)
        group_undo(number=group[1].pk, actor=None)
        group_undo(number=group[0].pk, actor=None)
        assert shown() == {*numbers(group), newer.pk}

    def test_undo_connects_what_came_since(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, keep=group[2], actor=None)
        newer = bare()
        paired(group[2], newer)
        group_undo(number=group[0].pk, actor=None)
        (open_group,) = groups_open(limit=9)
        assert open_group.number == group[0].pk
        assert {image.pk for image in open_group.images} == {*numbers(group), newer.pk}

    def test_an_image_of_another_group_is_not_kept(self, group: list[Image]) -> None:
        with pytest.raises(Problem, match="not in the group"):
            group_resolve(number=group[0].pk, keep=bare(), actor=None)
        assert shown() >= set(numbers(group))

    def test_a_group_that_was_decided_is_not_decided_again(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, keep=group[0], actor=None)
        for decide in (group_dismiss, lambda **who: group_resolve(keep=group[1], **who)):
            with pytest.raises(Problem, match="decided this group meanwhile"):
                decide(number=group[0].pk, actor=None)

    def test_many_groups_keep_the_best_of_each_but_those_decided_meanwhile(self) -> None:
        groups = [[bare(), bare()] for _ in range(3)]
        for images in groups:
            images[1].width = 99
            images[1].save()
            paired(*images)
        group_dismiss(number=groups[0][0].pk, actor=None)
        assert groups_resolve(numbers=[images[0].pk for images in groups], actor=None) == 2
        assert shown() == {*numbers(groups[0]), groups[1][1].pk, groups[2][1].pk}


class TestDismissing:
    """Images are no duplicates."""

    def test_all_of_a_group(self, group: list[Image], moderator: User) -> None:
        group_dismiss(number=group[0].pk, actor=moderator)
        assert set(DuplicatePair.objects.values_list("state", "decided_by")) == {(State.DISMISSED, moderator.pk)}
        assert shown() == set(numbers(group))

    def test_some_of_a_group_leave_it(self, group: list[Image]) -> None:
        group_dismiss(number=group[0].pk, images=[group[2]], actor=None)
        (left,) = groups_open(limit=9)
        assert numbers(left.images) == numbers(group[:2])

    def test_what_falls_apart_makes_groups_of_its_own(self) -> None:
        a, b, c, d, e = images = [bare() for _ in range(5)]
        for first, second in ((a, c), (c, d), (d, e), (a, b)):
            DuplicatePair.objects.create(first=first, second=second, distance=1, similarity=1, group=a.pk)
        group_dismiss(number=a.pk, images=[c], actor=None)
        assert [(found.number, numbers(found.images)) for found in groups_open(limit=9)] == [
            (a.pk, [a.pk, b.pk]),
            (d.pk, [d.pk, e.pk]),
        ]
        group_undo(number=a.pk, actor=None)
        (whole,) = groups_open(limit=9)
        assert numbers(whole.images) == numbers(images)

    def test_none_or_others_cannot_be_dismissed(self, group: list[Image]) -> None:
        for images in ([], [bare()]):
            with pytest.raises(Problem, match="not in the group"):
                group_dismiss(number=group[0].pk, images=images, actor=None)

    def test_undo_lets_them_wait_again(self, group: list[Image]) -> None:
        group_dismiss(number=group[0].pk, actor=None)
        group_undo(number=group[0].pk, actor=None)
        assert len(groups_open(limit=9)) == 1
        with pytest.raises(Problem, match="can be undone"):
            group_undo(number=group[0].pk, actor=None)
