"""Looks that show the same are one event."""

import numpy as np
import pytest

from videos.engines.base import Detection, Frame
from videos.grouping import FACE, GAP_S, LONGEST_S, Group, Grouping, Seen

STEP = 1.5
_PIXELS = np.zeros((36, 64, 3), np.uint8)


def seen(at: float, *labels: str, score: float = 0.9, size: float = 0.2) -> Seen:
    found = tuple(Detection(label, score, (0.1 * n, 0.1, size, size)) for n, label in enumerate(labels))
    return Seen(Frame(at, _PIXELS, 0.1), found, STEP)


def grouped(*looks: Seen) -> list[Group]:
    grouping = Grouping({}, default_least=0.5)
    groups = [group for look in looks for group in grouping.add(look)]
    return groups + list(grouping.end())


def test_neighbours_are_one_event_from_the_first_to_after_the_last() -> None:
    (group,) = grouped(*[seen(at, "person") for at in (3, 4.5, 6)])
    assert (group.start_s, group.end_s, group.counts()) == (3, 7.5, {"person": 1})


def test_after_a_gap_it_is_another_event() -> None:
    first, second = grouped(seen(0, "person"), seen(1.5, "person"), seen(3.1 + GAP_S, "person"))
    assert (first.end_s, second.start_s) == (3.0, 3.1 + GAP_S)


def test_a_change_that_lasts_is_another_event() -> None:
    looks = [seen(at * STEP, "person") for at in range(4)] + [
        seen(6 + at * STEP, "person", "person") for at in range(4)
    ]
    assert [group.counts() for group in grouped(*looks)] == [{"person": 1}, {"person": 2}]


def test_one_look_that_stands_alone_changes_nothing() -> None:
    looks = [seen(at * STEP, *["person"] * (2 if at == 2 else 1)) for at in range(6)]
    (group,) = grouped(*looks)
    assert group.counts() == {"person": 1}


def test_what_was_never_certain_is_no_event() -> None:
    assert grouped(*[seen(at, "person", score=0.2) for at in (0, 1.5, 3)]) == []


def test_once_certain_it_is_an_event_with_what_is_doubtful_beside_it() -> None:
    looks = [seen(at * STEP, "person", score=0.8 if at == 2 else 0.2) for at in range(5)]
    (group,) = grouped(*looks)
    assert (group.start_s, group.end_s) == (0, 5 * STEP)


def test_the_best_look_is_the_one_with_a_face() -> None:
    (group,) = grouped(seen(0, "person"), seen(1.5, "person", FACE), seen(3, "person"))
    assert group.best.frame.timestamp_s == 1.5
    assert group.counts() == {"person": 1}
    assert [frame.timestamp_s for _score, frame in group.stills.values()] == [1.5]


def test_an_event_is_never_too_long() -> None:
    groups = grouped(*[seen(at * STEP, "person") for at in range(100)])
    assert len(groups) == 3
    assert all(group.end_s - group.start_s <= LONGEST_S + STEP for group in groups)


@pytest.mark.parametrize(("later", "ended"), [(GAP_S - 1, 0), (GAP_S + 2, 1)])
def test_time_that_passes_ends_what_nothing_continues(later: float, ended: int) -> None:
    grouping = Grouping({}, default_least=0.5)
    assert list(grouping.add(seen(0, "person"))) == []
    assert len(list(grouping.pass_time(STEP + later))) == ended
    assert (grouping.open_since() is None) == bool(ended)
