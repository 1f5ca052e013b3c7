"""The invariants (design, section 3) hold over random days of a shard in memory."""

import pytest
from hypothesis.stateful import run_state_machine_as_test
from random_day import SHORT_DAYS, RandomDay, watched

from engine.core.state.state import State


def test_the_invariants_hold_over_random_days() -> None:
    run_state_machine_as_test(RandomDay, settings=SHORT_DAYS)


def test_a_decide_that_changes_the_state_is_found() -> None:
    def meddles(state: State, *_: object) -> tuple[()]:
        state.next_seq += 1
        return ()

    with pytest.raises(AssertionError, match="changed the state"):
        watched(meddles)(State(shard=0))
