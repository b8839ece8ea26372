"""People decide groups of duplicates, singly and many at once, and take it back."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from media_index.models import DuplicateDecision, DuplicatePair, Image, Tag
from media_index.services import duplicate_decisions
from media_index.services.duplicate_decisions import (
    decisions_undo,
    duplicates_leave,
    group_dismiss,
    group_resolve,
    group_undo,
    groups_resolve,
)
from media_index.services.duplicate_groups import groups_open
from media_index.tests.indexed import bare, numbers, paired, seen
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


class TestKeeping:
    """One image of a group is kept."""

    def test_the_index_shows_it_instead_of_the_others(self, group: list[Image], moderator: User) -> None:
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[1], actor=moderator)
        assert shown() == {group[1].pk}
        assert [fresh(image).superseded_by for image in group] == [group[1], None, group[1]]
        pair = DuplicatePair.objects.first()
        assert pair is not None
        assert (pair.state, pair.decided_by) == (State.RESOLVED, moderator)
        assert pair.decided_at

    def test_it_gets_tags_and_the_best_rating_and_new_words(self, group: list[Image], sent: list[list[int]]) -> None:
        tagged(group[0], "sea", rating=2)
        tagged(group[1], "sea", "boat", rating=4)
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        assert tags(group[0]) == {"sea", "boat"}
        assert fresh(group[0]).rating == 4
        assert sent == [[group[0].pk]]

    def test_who_was_hidden_behind_one_of_the_others_is_hidden_behind_it(self, group: list[Image]) -> None:
        old = bare()
        Image.objects.filter(pk=old.pk).update(superseded_by=group[1])
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        assert fresh(old).superseded_by == group[0]
        group_undo(number=group[0].pk, actor=None)
        assert fresh(old).superseded_by == group[1]

    def test_undo_brings_everything_back(self, group: list[Image], moderator: User) -> None:
        tagged(group[0], "sea", rating=2)
        tagged(group[1], "boat", rating=4)
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=moderator)
        decision = group_undo(number=group[0].pk, actor=moderator)
        assert shown() == set(numbers(group))
        assert (tags(group[0]), fresh(group[0]).rating) == ({"sea"}, 2)
        assert [open_group.number for open_group in groups_open(limit=9)] == [group[0].pk]
        assert decision.undone_by == moderator
        assert not DuplicatePair.objects.exclude(decided_by=None)

    def test_undo_leaves_a_rating_that_was_changed_since(self, group: list[Image]) -> None:
        tagged(group[1], rating=4)
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        Image.objects.filter(pk=group[0].pk).update(rating=1)
        group_undo(number=group[0].pk, actor=None)
        assert fresh(group[0]).rating == 1

    def test_undo_waits_for_a_later_decision_that_builds_on_it(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[1], actor=None)
        newer = bare()
        paired(group[1], newer)
        group_resolve(number=group[1].pk, seen=seen(group[1], newer), keep=newer, actor=None)
        with pytest.raises(Problem, match="undo that first"):
            group_undo(number=group[0].pk, actor=None)
        group_undo(number=group[1].pk, actor=None)
        group_undo(number=group[0].pk, actor=None)
        assert shown() == {*numbers(group), newer.pk}

    def test_undo_connects_what_came_since(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[2], actor=None)
        newer = bare()
        paired(group[2], newer)
        group_undo(number=group[0].pk, actor=None)
        (open_group,) = groups_open(limit=9)
        assert open_group.number == group[0].pk
        assert {image.pk for image in open_group.images} == {*numbers(group), newer.pk}

    def test_an_image_of_another_group_is_not_kept(self, group: list[Image]) -> None:
        with pytest.raises(Problem, match="not in the group"):
            group_resolve(number=group[0].pk, seen=seen(*group), keep=bare(), actor=None)
        assert shown() >= set(numbers(group))

    def test_a_group_that_was_decided_is_not_decided_again(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        for decide in (group_dismiss, lambda **who: group_resolve(keep=group[1], **who)):
            with pytest.raises(Problem, match="decided this group meanwhile"):
                decide(number=group[0].pk, seen=seen(*group), actor=None)

    def test_many_groups_keep_the_best_of_each_but_those_decided_meanwhile(self) -> None:
        groups = [[bare(), bare()] for _ in range(3)]
        for images in groups:
            images[1].width = 99
            images[1].save()
            paired(*images)
        group_dismiss(number=groups[0][0].pk, seen=seen(*groups[0]), actor=None)
        assert len(groups_resolve(seen={images[0].pk: seen(*images) for images in groups}, actor=None)) == 2
        assert shown() == {*numbers(groups[0]), groups[1][1].pk, groups[2][1].pk}


class TestDismissing:
    """Images are no duplicates."""

    def test_all_of_a_group(self, group: list[Image], moderator: User) -> None:
        group_dismiss(number=group[0].pk, seen=seen(*group), actor=moderator)
        assert set(DuplicatePair.objects.values_list("state", "decided_by")) == {(State.DISMISSED, moderator.pk)}
        assert shown() == set(numbers(group))

    def test_some_of_a_group_leave_it(self, group: list[Image]) -> None:
        group_dismiss(number=group[0].pk, seen=seen(*group), images=[group[2]], actor=None)
        (left,) = groups_open(limit=9)
        assert numbers(left.images) == numbers(group[:2])

    def test_what_falls_apart_makes_groups_of_its_own(self) -> None:
        a, b, c, d, e = images = [bare() for _ in range(5)]
        for first, second in ((a, c), (c, d), (d, e), (a, b)):
            DuplicatePair.objects.create(first=first, second=second, distance=1, similarity=1, group=a.pk)
        group_dismiss(number=a.pk, seen=seen(*images), images=[c], actor=None)
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
                group_dismiss(number=group[0].pk, seen=seen(*group), images=images, actor=None)

    def test_undo_lets_them_wait_again(self, group: list[Image]) -> None:
        group_dismiss(number=group[0].pk, seen=seen(*group), actor=None)
        group_undo(number=group[0].pk, actor=None)
        assert len(groups_open(limit=9)) == 1
        with pytest.raises(Problem, match="can be undone"):
            group_undo(number=group[0].pk, actor=None)

    def test_undo_waits_until_no_image_of_it_is_hidden(self, group: list[Image]) -> None:
        a, b, c = group
        DuplicatePair.objects.create(first=b, second=c, distance=2, similarity=0.9, group=a.pk)
        group_dismiss(number=a.pk, seen=seen(*group), images=[a], actor=None)
        group_resolve(number=b.pk, seen=seen(b, c), keep=c, actor=None)
        with pytest.raises(Problem, match="undo that first"):
            group_undo(number=a.pk, actor=None)
        group_undo(number=b.pk, actor=None)
        group_undo(number=a.pk, actor=None)
        assert shown() == set(numbers(group))


class TestSeen:
    """Decisions are about what was shown."""

    @pytest.mark.parametrize("decide", [group_resolve, group_dismiss])
    def test_a_group_that_an_image_came_to_is_not_decided(self, group: list[Image], decide: Any) -> None:
        before = seen(*group)
        DuplicatePair.objects.create(first=group[2], second=bare(), distance=7, similarity=0.7, group=group[0].pk)
        with pytest.raises(Problem, match="Images have come") as refused:
            decide(number=group[0].pk, seen=before, actor=None)
        assert refused.value.code == "changed_since"
        assert not groups_resolve(seen={group[0].pk: before}, actor=None)
        assert not DuplicateDecision.objects.exists()

    def test_of_many_groups_those_that_changed_wait(self, group: list[Image]) -> None:
        others = [bare(), bare()]
        paired(*others)
        made = groups_resolve(seen={group[0].pk: "another", others[0].pk: seen(*others)}, actor=None)
        assert [decision.group for decision in made] == [others[0].pk]
        assert shown() == {*numbers(group), others[0].pk}


class TestHidden:
    """Nobody is hidden behind one that is hidden, and what is hidden can come back."""

    def test_a_hidden_image_that_is_kept_is_shown(self, group: list[Image]) -> None:
        other = bare()
        Image.objects.filter(pk=group[1].pk).update(superseded_by=other)
        Image.objects.filter(pk=group[0].pk).update(superseded_by=group[1])
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[1], actor=None)
        assert [fresh(image).superseded_by for image in group] == [group[1], None, group[1]]
        group_undo(number=group[0].pk, actor=None)
        assert [fresh(image).superseded_by for image in group] == [group[1], other, None]

    def test_two_that_hide_behind_each_other_are_put_right(self, group: list[Image]) -> None:
        Image.objects.filter(pk=group[0].pk).update(superseded_by=group[1])
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        assert [fresh(image).superseded_by for image in group] == [None, group[0], group[0]]

    def test_undo_shows_what_was_behind_an_image_that_is_gone(self) -> None:
        a, b, c = bare(), bare(), bare()
        paired(a, b)
        group_resolve(number=a.pk, seen=seen(a, b), keep=b, actor=None)
        paired(b, c)
        group_resolve(number=b.pk, seen=seen(b, c), keep=c, actor=None)
        number = b.pk
        b.delete()
        group_undo(number=number, actor=None)
        connection.check_constraints()
        assert shown() == {a.pk, c.pk}

    def test_undo_looks_for_copies_that_came_meanwhile(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        group_undo(number=group[0].pk, actor=None)
        assert set(Image.objects.waiting()) == set(group[1:])

    def test_many_decisions_are_taken_back_together_or_not_at_all(self, group: list[Image]) -> None:
        others = [bare(), bare()]
        paired(*others)
        made = groups_resolve(seen={group[0].pk: seen(*group), others[0].pk: seen(*others)}, actor=None)
        ids = [decision.pk for decision in made]
        group_undo(number=others[0].pk, actor=None)
        with pytest.raises(Problem, match="can be undone"):
            decisions_undo(ids=ids, actor=None)
        assert shown() == {group[0].pk, *numbers(others)}


class TestLeaving:
    """Images are deleted."""

    def test_copies_of_a_deleted_image_wait_again(self, group: list[Image]) -> None:
        a, b, c = group
        DuplicatePair.objects.create(first=b, second=c, distance=2, similarity=0.9, group=a.pk)
        group_resolve(number=a.pk, seen=seen(*group), keep=a, actor=None)
        duplicates_leave(image_ids=[a.pk])
        a.delete()
        (left,) = groups_open(limit=9)
        assert (left.number, {image.pk for image in left.images}) == (b.pk, {b.pk, c.pk})
        assert shown() == set(Image.objects.waiting().values_list("pk", flat=True)) == {b.pk, c.pk}

    def test_so_do_those_of_earlier_decisions(self, group: list[Image]) -> None:
        group_resolve(number=group[0].pk, seen=seen(*group), keep=group[0], actor=None)
        newer = bare()
        paired(group[0], newer)
        group_resolve(number=group[0].pk, seen=seen(group[0], newer), keep=newer, actor=None)
        duplicates_leave(image_ids=[newer.pk])
        newer.delete()
        (left,) = groups_open(limit=9)
        assert {image.pk for image in left.images} == set(numbers(group))
        group_resolve(number=left.number, seen=left.revision, keep=group[1], actor=None)
        group_undo(number=left.number, actor=None)
        assert shown() == set(numbers(group))

    def test_a_group_that_only_the_deleted_image_held_together_falls_apart(self) -> None:
        hub, a, b, c, d = (bare() for _ in range(5))
        for first, second in ((hub, a), (hub, c), (a, b), (c, d)):
            DuplicatePair.objects.create(first=first, second=second, distance=1, similarity=0.9, group=hub.pk)
        duplicates_leave(image_ids=[hub.pk])
        hub.delete()
        assert [numbers(found.images) for found in groups_open(limit=9)] == [[a.pk, b.pk], [c.pk, d.pk]]
