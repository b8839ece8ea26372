"""Whatever is decided, undone and consolidated in whatever order: what decisions say holds, and the rows are right."""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from faces.models import Decision, Face, Person
from faces.services.consolidation import event_consolidate
from faces.tests.ledger_laws import assert_lawful, assert_settles, assert_undo_restores, state
from faces.tests.ledger_world import LIKENESSES, SCORES, Step, World

# Other stories each time. A failure prints how to tell the same one again; a search for what is still wrong:
# LEDGER_EXAMPLES=1000 make test ARGS="-k ledger_properties --hypothesis-seed=7"
_EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES") or 40)

number = st.integers(0, 25)  # from 24 on also people who are somebody else today
bits = st.integers(0, 255)
stale = st.sampled_from([False, False, False, True])
name = st.sampled_from(["Ann", "Bob", "", " Ann  Lee "])
face = st.tuples(st.integers(0, 2), st.integers(0, len(LIKENESSES) - 1), st.integers(0, len(SCORES) - 1))
photo = st.tuples(st.just("photo"), st.integers(0, 1), st.lists(face, min_size=1, max_size=3), st.booleans())
several = st.lists(number, min_size=1, max_size=3)
undo = st.tuples(st.just("undo"), st.integers(0, 60))
decision = st.one_of(
    st.tuples(st.just("merge"), number, several, st.none() | name, st.none() | number),
    st.tuples(st.just("merge"), number, several, st.none(), st.none()),
    st.tuples(st.just("split"), number, bits, stale),
    st.tuples(st.just("move"), number, bits, number, stale),
    st.tuples(st.just("adopt"), bits, number),
    st.tuples(st.just("confirm"), number, bits, stale),
    st.tuples(st.just("reject"), number, bits, stale),
    st.tuples(st.just("dismiss"), number, bits, stale),
    st.tuples(st.just("hide"), several, st.booleans()),
    st.tuples(st.just("name"), number, name),
    st.tuples(st.just("cover"), number, number, stale),
    st.tuples(st.just("differ"), number, number),
    st.tuples(st.just("answer"), number, st.booleans()),
    st.tuples(st.just("postpone"), number),
    undo,
    undo,
)
later = st.one_of(photo, decision, decision, decision, st.tuples(st.just("consolidate"), st.integers(0, 1)))
story = st.tuples(st.lists(photo, min_size=2, max_size=4), st.lists(later, min_size=3, max_size=14))


@pytest.mark.usefixtures("fake_engine")
class TestLedger(TestCase):
    """Stories: some photos, and then whatever may happen."""

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,  # which it would be by itself where CI is set
        print_blob=True,
        phases=[Phase.generate],  # to shrink a story of twenty steps takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(story)
    def test_decisions_hold_and_rows_are_right_after_every_step(self, story: tuple[list[Step], list[Step]]) -> None:
        """And at the end everything can be taken back, the last decision first."""
        world = World()
        for step in story[0] + story[1]:
            before, known = state(), set(world.said)
            if world.take(step):
                assert state() == before, "a refused decision leaves everything as it was"
            assert_lawful(world)
            for made in Decision.objects.filter(pk__in=world.said.keys() - known).exclude(kind="undo"):
                assert_undo_restores(made, before)
        _consolidate_twice(world)
        _take_everything_back(world)


def _consolidate_twice(world: World) -> None:
    for event in world.events:
        event_consolidate(event=event)
        assert_lawful(world)
        assert_settles(event, event_consolidate)


def _take_everything_back(world: World) -> None:
    """The last decision first: each can be undone then, and nothing is left of what was said."""
    for row in Decision.objects.active().exclude(kind="undo").order_by("-pk"):
        world.take_back(row)
        assert_lawful(world)
    assert not Person.objects.exclude(name="").exists()
    assert not Person.objects.filter(hidden=True).exists()
    assert not Face.objects.filter(assigned_by="moderator").exists()
    _consolidate_twice(world)
