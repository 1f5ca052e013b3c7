"""The invariants, and what FIX says always holds, over random days with the finished in a file."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from random_day import SHORT_DAYS, UNTIMED
from told_day import ToldDay

from engine.runtime.recovery.finished_file import DiskStore

LONG_PARTS = 4  # Of the longer days, so that several processes can share them.


class DayOnDisk(ToldDay):
    """A random day that is stepped again with a store on disk."""

    other_store = DiskStore


def test_the_invariants_and_what_clients_are_told_hold_over_random_days() -> None:
    run_state_machine_as_test(DayOnDisk, settings=SHORT_DAYS)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_the_invariants_and_what_clients_are_told_hold_over_longer_days(part: int) -> None:
    # A derandomized seed comes from the class name, so each part tries other days.
    own_seed = type(f"LongDay{part}", (DayOnDisk,), {})
    run_state_machine_as_test(
        own_seed,
        settings=settings(UNTIMED, max_examples=300 // LONG_PARTS, stateful_step_count=60),
    )
